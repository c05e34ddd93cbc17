/**
 * Rows in ClickHouse's format, copied from Avro without values in between: RowBinaryWithNamesAndTypes
 * (https://clickhouse.com/docs/interfaces/formats/RowBinaryWithNamesAndTypes) and Avro 1.12 both write a text as its
 * length and its bytes, so most of a row is copied. The names and types in front let ClickHouse refuse rows for another
 * table.
 *
 * Each item is traversed twice: once to find where its fields begin, then table by table, column by column.
 */

/** Bytes in Avro, and the position in them. */
export interface Source {
  bytes: Buffer
  at: number
}

/**
 * Bytes in RowBinary. Space is reserved for each row before it is written (`makeRoom`), so the writers below need no
 * check.
 */
export interface Sink {
  bytes: Buffer
  at: number
}

/** The Avro type of a field. Texts are strings and bytes. */
export type Kind =
  | { is: 'text' }
  | { is: 'number' }
  | { is: 'enum'; symbols: string[] }
  | { is: 'optional'; of: Kind }
  | { is: 'list'; of: Kind }
  | { is: 'record'; fields: Field[] }

export interface Field {
  name: string
  kind: Kind
}

export type Copy = (from: Source, to: Sink) => void
type Skip = (from: Source) => void

/** Most bytes that a column needs beyond those in Avro: a 64-bit number, a symbol. */
const COLUMN_BYTES_MORE = 40

/** Parses an Avro schema in JSON, as far as the history's topics use Avro. Throws for anything else. */
export function kindOf(schema: unknown, named = new Map<string, Kind>()): Kind {
  if (Array.isArray(schema) && schema.length === 2 && schema[0] === 'null')
    return { is: 'optional', of: kindOf(schema[1], named) }
  if (typeof schema === 'string') {
    if (schema === 'string' || schema === 'bytes') return { is: 'text' }
    if (schema === 'int' || schema === 'long') return { is: 'number' }
    const known = named.get(schema)
    if (known) return known
  } else {
    const { type, name, symbols, items, fields } = schema as NamedSchema
    if (type === 'array') return { is: 'list', of: kindOf(items, named) }
    if (type === 'enum') return remembered(named, name, { is: 'enum', symbols })
    if (type === 'record') {
      const kinds = fields.map(field => ({ name: field.name, kind: kindOf(field.type, named) }))
      return remembered(named, name, { is: 'record', fields: kinds })
    }
  }
  throw new Error(`no rows are made of ${JSON.stringify(schema)}`)
}

interface NamedSchema {
  type: string
  name: string
  symbols: string[]
  items: unknown
  fields: Array<{ name: string; type: unknown }>
}

function remembered(named: Map<string, Kind>, name: string, kind: Kind): Kind {
  named.set(name, kind)
  return kind
}

export function skipOf(kind: Kind): Skip {
  switch (kind.is) {
    case 'text':
      return from => {
        const length = lengthAt(from)
        from.at += length
      }
    case 'number':
    case 'enum':
      return from => void readLong(from)
    case 'optional': {
      const skip = skipOf(kind.of)
      return from => void (isNull(from) || skip(from))
    }
    case 'list': {
      const skip = skipOf(kind.of)
      return from => void eachItem(from, () => skip(from))
    }
    case 'record': {
      const skips = kind.fields.map(field => skipOf(field.kind))
      return from => {
        for (const skip of skips) skip(from)
      }
    }
  }
}

/** The copy function from a field to a column of a ClickHouse type. Throws for a pair that does not fit. */
export function copyOf(kind: Kind, type: string): Copy {
  const [outer, inner] = splitType(type)
  if (outer === 'LowCardinality') return copyOf(kind, inner)
  if (kind.is === 'optional' && outer === 'Nullable') return copyOptional(copyOf(kind.of, inner))
  if (kind.is === 'text' && outer === 'String') return copyText
  if (kind.is === 'enum' && outer === 'String') return copySymbol(kind.symbols)
  if (kind.is === 'number') {
    const bytes = outer === 'DateTime64' ? 8 : Number(/^UInt(8|16|32|64)$/.exec(type)?.[1]) / 8
    if (bytes > 0) return copyNumber(bytes)
  }
  if (kind.is === 'list' && outer === 'Array' && (kind.of.is === 'text' || kind.of.is === 'record'))
    return copyList(copyOf(kind.of, inner), skipOf(kind.of))
  if (kind.is === 'record' && outer === 'Tuple') {
    const types = inner.split(', ').map(member => member.slice(member.indexOf(' ') + 1))
    const copies = kind.fields.map((field, at) => copyOf(field.kind, types[at]!))
    return (from, to) => {
      for (const copy of copies) copy(from, to)
    }
  }
  throw new Error(`a field that is ${JSON.stringify(kind)} does not fit a column of ${type}`)
}

/** `Array(String)` → `Array`, `String`. */
function splitType(type: string): [outer: string, inner: string] {
  const at = type.indexOf('(')
  return at < 0 ? [type, ''] : [type.slice(0, at), type.slice(at + 1, -1)]
}

/** For a row with this optional field: the field itself. */
export const present =
  (copy: Copy): Copy =>
  (from, to) => {
    isNull(from)
    copy(from, to)
  }

/** A part of an optional text, for a column derived from it. */
export const copySlice =
  (start: number, end: number): Copy =>
  (from, to) => {
    const none = isNull(from)
    to.bytes[to.at++] = none ? 1 : 0
    if (none) return
    lengthAt(from)
    writeLength(to, end - start)
    copyBytes(from, to, from.at + start, from.at + end)
  }

const copyOptional =
  (copy: Copy): Copy =>
  (from, to) => {
    const none = isNull(from)
    to.bytes[to.at++] = none ? 1 : 0
    if (!none) copy(from, to)
  }

function copyText(from: Source, to: Sink): void {
  const length = lengthAt(from)
  writeLength(to, length)
  const end = from.at + length
  copyBytes(from, to, from.at, end)
  from.at = end
}

function copySymbol(symbols: string[]): Copy {
  const texts = symbols.map(symbol => Buffer.from(`${String.fromCharCode(symbol.length)}${symbol}`))
  return (from, to) => {
    const text = texts[readLong(from)]
    if (!text) throw new RangeError('a symbol that its enum does not have')
    for (let n = 0; n < text.length; n++) to.bytes[to.at++] = text[n]!
  }
}

const copyNumber =
  (bytes: number): Copy =>
  (from, to) => {
    const value = readLong(from)
    const high = Math.floor(value / 0x1_0000_0000)
    let word = value - high * 0x1_0000_0000
    for (let n = 0; n < bytes; n++) {
      if (n === 4) word = high
      to.bytes[to.at++] = word & 0xff
      word >>>= 8
    }
  }

const copyList =
  (copy: Copy, skip: Skip): Copy =>
  (from, to) => {
    const start = from.at
    let items = 0
    eachItem(from, () => {
      items++
      skip(from)
    })
    from.at = start
    writeLength(to, items)
    eachItem(from, () => copy(from, to))
  }

/**
 * Blocks of items, each with its count; a negative count is followed by the block's size in bytes (Avro 1.12,
 * "Arrays").
 */
export function eachItem(from: Source, work: () => void): void {
  for (let count = readLong(from); count !== 0; count = readLong(from)) {
    if (count < 0) readLong(from)
    for (let n = Math.abs(count); n > 0; n--) {
      if (from.at >= from.bytes.length) throw new RangeError('an array goes on beyond the end of its record')
      work()
    }
  }
}

/** A zigzag integer; exact up to 53 bits. Beyond the end zeros are read: the caller notices at the end of the item. */
export function readLong(from: Source): number {
  const { bytes } = from
  let byte = bytes[from.at++]!
  let value = byte & 0x7f
  for (let scale = 128; byte >= 0x80; scale *= 128) {
    byte = bytes[from.at++]!
    value += (byte & 0x7f) * scale
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** Whether a union of `null` and another type is null. */
export const isNull = (from: Source): boolean => readLong(from) === 0

/** The length of a text that is completely present; the position moves to the text. */
export function lengthAt(from: Source): number {
  const length = readLong(from)
  if (length < 0 || from.at + length > from.bytes.length)
    throw new RangeError('a text goes on beyond the end of its record')
  return length
}

function writeLength(to: Sink, length: number): void {
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) to.bytes[to.at++] = (rest & 0x7f) | 0x80
  to.bytes[to.at++] = rest
}

/** Shorter texts are copied faster in JavaScript than by a call. */
const COPIED_BY_HAND_MAX = 48

function copyBytes({ bytes }: Source, to: Sink, start: number, end: number): void {
  const target = to.bytes
  let at = to.at
  if (end - start <= COPIED_BY_HAND_MAX) for (let n = start; n < end; n++) target[at++] = bytes[n]!
  else at += bytes.copy(target, at, start, end)
  to.at = at
}

/** Reserves space for a row with this many columns that took `bytes` in Avro. */
export function makeRoom(to: Sink, bytes: number, columns: number): void {
  const needed = to.at + bytes + columns * COLUMN_BYTES_MORE
  if (needed <= to.bytes.length) return
  const larger = Buffer.allocUnsafe(Math.max(needed, to.bytes.length * 2))
  to.bytes.copy(larger, 0, 0, to.at)
  to.bytes = larger
}

/** The bytes before the rows: the number of columns, their names, their types. */
export function headerOf(columns: Array<{ name: string; type: string }>): Buffer {
  const to: Sink = {
    bytes: Buffer.alloc(columns.reduce((sum, { name, type }) => sum + name.length + type.length + 4, 4)),
    at: 0,
  }
  writeLength(to, columns.length)
  for (const text of [...columns.map(({ name }) => name), ...columns.map(({ type }) => type)]) {
    writeLength(to, text.length)
    to.at += to.bytes.write(text, to.at, 'latin1')
  }
  return to.bytes.subarray(0, to.at)
}
