/** From records of an audit topic to table rows: the column of each field, and the partition of each row. */
import type { Codec } from '../../../topics/avro.ts'
import { isSampled } from '../../events/trace-context.ts'
import { INSERT_SPANS_MAX, type TracedEmit } from '../../observability/tracing/spans.ts'
import type { InsertBlock } from '../client.ts'
import {
  type Copy,
  copyOf,
  eachItem,
  type Field,
  headerOf,
  isNull,
  type Kind,
  kindOf,
  lengthAt,
  makeRoom,
  present,
  readLong,
  type Sink,
  type Source,
  skipOf,
} from './row-binary.ts'

/** Rows of one table and table partition. */
export interface RowBytes {
  table: string
  /** As in `migrations/`: a month or a day. One insert touches one partition. */
  partition: string
  format: InsertBlock['format']
  /** The prefix of an insert, before all rows. */
  header: Buffer
  rows: number
  bytes: Buffer
  /** Rows of recorded traces, in a table that records traces. */
  traced: TracedEmit[]
}

/** A table as the writer sees it. */
export interface TableRows {
  table: string
  /** The field that determines the table partition, and the partition's name. */
  partition: { by: string; name(ms: number): string }
  columns: Column[]
  /** An optional field; a row is written only if it is present. */
  where?: string
}

export interface Column {
  name: string
  type: string
  field: string
  copy: Copy
}

const TIME = "DateTime64(3, 'UTC')"
const SCRATCH_BYTES = 64 * 1024

/**
 * A column for each field. `types` lists the types that do not follow from Avro's: texts are `String`, longs that end
 * in `Ms` are times. A field named by `where` is present in every row.
 */
export function columnsOf(fields: Field[], types: Record<string, string>, where?: string): Column[] {
  return fields.map(({ name: field, kind }) => {
    const there = field === where && kind.is === 'optional' ? kind.of : undefined
    const type = types[field] ?? typeOf(field, there ?? kind)
    const name = type.includes('DateTime64') ? field.slice(0, -2) : field
    return { name, type, field, copy: there ? present(copyOf(there, type)) : copyOf(kind, type) }
  })
}

function typeOf(field: string, kind: Kind): string {
  if (kind.is === 'optional') return `Nullable(${typeOf(field, kind.of)})`
  if (kind.is === 'list') return `Array(${typeOf(field, kind.of)})`
  return kind.is === 'number' && field.endsWith('Ms') ? TIME : 'String'
}

/**
 * Converts records of a topic to rows; `tables` maps each array of the record to its tables. Throws on bytes that do
 * not match the topic's schema. Consecutive rows of one table and partition are returned together.
 */
export function rowsOf(
  codec: Pick<Codec<unknown>, 'schema' | 'body'>,
  tables: Record<string, (fields: Field[]) => TableRows[]>,
): (value: Buffer) => RowBytes[] {
  const topic = kindOf(codec.schema)
  if (topic.is !== 'record') throw new Error('an audit topic has records of arrays')
  const readers = topic.fields.map(({ name, kind }) => {
    if (kind.is !== 'list' || kind.of.is !== 'record') throw new Error(`${name} is not an array of records`)
    return itemReader(kind.of.fields, tables[name]!(kind.of.fields))
  })
  return value => {
    const from: Source = { bytes: codec.body(value), at: 0 }
    const rows = readers.flatMap(read => read(from))
    if (from.at !== from.bytes.length)
      throw new RangeError(`a record has ${from.bytes.length} bytes, of which ${from.at} were read`)
    return rows
  }
}

function itemReader(fields: Field[], tables: TableRows[]): (from: Source) => RowBytes[] {
  const skips = fields.map(({ kind }) => skipOf(kind))
  const starts = fields.map(() => 0)
  const writers = tables.map(table => tableWriter(fields, table))
  const write = (from: Source): void => {
    const begin = from.at
    for (let n = 0; n < skips.length; n++) {
      starts[n] = from.at
      skips[n]!(from)
    }
    const end = from.at
    for (const writer of writers) writer.add(starts, from, end - begin)
    from.at = end
  }
  return from => {
    for (const writer of writers) writer.take() // remains of a record that could not be read to its end
    eachItem(from, () => write(from))
    return writers.flatMap(writer => writer.take())
  }
}

/** Collects the rows of one table. `starts`: the position of each field of the item. */
function tableWriter(fields: Field[], { table, partition, columns, where }: TableRows) {
  const indexOf = (name: string) => fields.findIndex(field => field.name === name)
  const header = headerOf(columns)
  const at = columns.map(({ field }) => indexOf(field))
  const copies = columns.map(({ copy }) => copy)
  const [place, condition] = [indexOf(partition.by), where === undefined ? -1 : indexOf(where)]
  const tellsOfTraces = columns.some(({ field }) => field === 'traceparent')
  const [emitId, traceparent] = [indexOf('emitId'), indexOf('traceparent')]
  const to: Sink = { bytes: Buffer.allocUnsafe(SCRATCH_BYTES), at: 0 }
  let taken: RowBytes[] = []
  let open: { partition: string; rows: number; traced: TracedEmit[] } | undefined

  function close(): void {
    if (open)
      taken.push({
        table,
        format: 'RowBinaryWithNamesAndTypes',
        header,
        ...open,
        bytes: Buffer.from(to.bytes.subarray(0, to.at)),
      })
    open = undefined
    to.at = 0
  }

  return {
    add(starts: number[], from: Source, bytes: number): void {
      if (condition >= 0) {
        from.at = starts[condition]!
        if (isNull(from)) return
      }
      from.at = starts[place]!
      const name = partition.name(readLong(from))
      if (open?.partition !== name) close()
      open ??= { partition: name, rows: 0, traced: [] }
      open.rows++
      makeRoom(to, bytes, columns.length)
      for (let n = 0; n < copies.length; n++) {
        from.at = starts[at[n]!]!
        copies[n]!(from, to)
      }
      if (!tellsOfTraces) return
      from.at = starts[traceparent]!
      if (isNull(from) || open.traced.length === INSERT_SPANS_MAX) return
      const trace = textAt(from)
      if (!isSampled(trace)) return
      from.at = starts[emitId]!
      open.traced.push({ emitId: textAt(from), traceparent: trace })
    },
    take(): RowBytes[] {
      close()
      const rows = taken
      taken = []
      return rows
    },
  }
}

function textAt(from: Source): string {
  const length = lengthAt(from)
  return from.bytes.toString('utf8', from.at, from.at + length)
}
