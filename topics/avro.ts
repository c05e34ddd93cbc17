/**
 * Avro for records that only the platform reads. A topic's file writes each field once, by `record`; the schema and the TypeScript type
 * both come from it.
 *
 * A record is in Avro's single-object encoding (Avro 1.12, "Single-object encoding"): two bytes of marker, eight of the schema's fingerprint
 * (CRC-64-AVRO, little-endian), the value. So a process recognizes its own schema and those of earlier releases, which it resolves. It
 * refuses records of a newer release; `docs/operations.md` says in which order to roll out releases so that it never reads one.
 */
import { readFileSync } from 'node:fs'
import avro from 'avsc'

export interface Codec<T> {
  encode(value: T): Buffer
  /** Throws when the bytes are not of this schema, nor of a released version of it. */
  decode(bytes: Buffer): T
  /** The value alone, in Avro of this schema, whichever version it was written with. Throws as `decode`. */
  body(bytes: Buffer): Buffer
  /** The schema as JSON. */
  schema: unknown
}

const MARKER = Buffer.from([0xc3, 0x01])
const HEADER_BYTES = 10

/** By full name: every version that a release wrote with, the newest last. */
const RELEASED = JSON.parse(readFileSync(new URL('released-schemas.json', import.meta.url), 'utf8')) as Record<
  string,
  unknown[]
>

let scratch = Buffer.allocUnsafe(256 * 1024)

/** @param released versions of the schema that earlier releases wrote with; those in `released-schemas.json` by default. */
export function avroCodec<T>(schema: unknown, released?: unknown[]): Codec<T> {
  const type = avro.Type.forSchema(schema as avro.Schema)
  const header = headerOf(type)
  const earlier = new Map(
    (released ?? RELEASED[type.name ?? ''] ?? []).map(version => {
      const written = avro.Type.forSchema(version as avro.Schema)
      return [headerOf(written).toString('hex'), type.createResolver(written)] as const
    }),
  )

  function encode(value: T): Buffer {
    header.copy(scratch)
    const end = type.encode(value, scratch, HEADER_BYTES)
    if (end >= 0) return Buffer.from(scratch.subarray(0, end))
    scratch = Buffer.allocUnsafe(scratch.length - end) // so many bytes were missing
    return encode(value)
  }

  const isOwn = (bytes: Buffer) => bytes.length >= HEADER_BYTES && header.compare(bytes, 0, HEADER_BYTES) === 0

  function decode(bytes: Buffer): T {
    const own = isOwn(bytes)
    const resolver = own ? undefined : earlier.get(bytes.toString('hex', 0, HEADER_BYTES))
    if (!own && !resolver)
      throw new Error(
        `not a record of ${type.name}, or one of a newer release: ${bytes.toString('hex', 0, HEADER_BYTES)}`,
      )
    const { value, offset } = type.decode(bytes, HEADER_BYTES, resolver)
    if (offset !== bytes.length)
      throw new Error(`a record of ${type.name} has ${bytes.length} bytes, of which ${offset} were read`)
    return value as T
  }

  return {
    encode,
    decode,
    body: bytes => (isOwn(bytes) ? bytes : encode(decode(bytes))).subarray(HEADER_BYTES),
    schema,
  }
}

/** The codec of a record whose fields are written by `record`. */
export const codecOf = <T>(type: Field<T>): Codec<T> => avroCodec<T>(namedOnce(type.schema))

/** Avro defines a named type once and refers to it by name afterwards. */
function namedOnce(schema: unknown, defined = new Set<string>()): unknown {
  if (Array.isArray(schema)) return schema.map(each => namedOnce(each, defined))
  if (typeof schema !== 'object' || schema === null) return schema
  const { name, type, items, fields } = schema as Record<string, unknown>
  if (typeof name === 'string' && NAMED.has(type)) {
    if (defined.has(name)) return name
    defined.add(name)
  }
  if (type === 'array') return { ...schema, items: namedOnce(items, defined) }
  if (type !== 'record') return schema
  const once = (fields as Array<{ type: unknown }>).map(field => ({ ...field, type: namedOnce(field.type, defined) }))
  return { ...schema, fields: once }
}

const NAMED = new Set<unknown>(['record', 'enum', 'fixed'])

/** An Avro type with the TypeScript type of its values. */
export interface Field<T> {
  schema: unknown
  /** Of a field that earlier releases did not write. */
  default?: unknown
  /** For the compiler only. */
  readonly value?: T
}

/** A field that may be left out when it is written, since it has a default. */
export interface AbsentableField<T> extends Field<T> {
  mayBeAbsent: true
}

export type ValueOf<F> = F extends Field<infer T> ? T : never

type Fields = Record<string, Field<unknown>>
type RecordOf<F extends Fields> = {
  [K in keyof F as F[K] extends AbsentableField<unknown> ? never : K]: ValueOf<F[K]>
} & { [K in keyof F as F[K] extends AbsentableField<unknown> ? K : never]?: ValueOf<F[K]> }

export const record = <F extends Fields>(name: string, fields: F): Field<RecordOf<F>> => ({
  schema: {
    type: 'record',
    name,
    namespace: 'clarion',
    fields: Object.entries(fields).map(([field, type]) => ({
      name: field,
      type: type.schema,
      ...('default' in type ? { default: type.default } : {}),
    })),
  },
})

export const text: Field<string> = { schema: 'string' }
export const int: Field<number> = { schema: 'int' }
export const long: Field<number> = { schema: 'long' }
export const double: Field<number> = { schema: 'double' }
export const boolean: Field<boolean> = { schema: 'boolean' }
export const bytes: Field<Buffer> = { schema: 'bytes' }

/** Words or numbers of which Avro knows only the kind, so that a new one needs no new schema. */
export const textOf = <T extends string>(): Field<T> => ({ schema: 'string' })
export const intOf = <T extends number>(): Field<T> => ({ schema: 'int' })

export const list = <T>(items: Field<T>): Field<T[]> => ({ schema: { type: 'array', items: items.schema } })
export const fixed = (name: string, size: number): Field<Buffer> => ({ schema: { type: 'fixed', name, size } })
export const oneOf = <const S extends readonly string[]>(name: string, symbols: S): Field<S[number]> => ({
  schema: { type: 'enum', name, symbols: [...symbols] },
})

/** A field that may be null; null in records that lack it. */
export const optional = <T>(type: Field<T>): Field<T | null> => ({ schema: ['null', type.schema], default: null })

/** A field with this value in records that lack it, as Avro writes defaults. */
export const byDefault = <T>(value: unknown, type: Field<T>): Field<T> => ({ schema: type.schema, default: value })

export const absentable = <T>(type: Field<T>): AbsentableField<T> => ({ ...type, mayBeAbsent: true })

export const environment = oneOf('Environment', ['live', 'test'])
export const trigger = oneOf('Trigger', ['live', 'manual', 'replay', 'test'])

/** A field of a plain schema that may be null, and is when absent. */
export const nullable = (type: string) => ({ type: ['null', type], default: null })

const headerOf = (type: avro.Type): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES)
  MARKER.copy(header)
  header.writeBigUInt64LE(fingerprint(JSON.stringify(type.schema())), MARKER.length)
  return header
}

/** CRC-64-AVRO of a schema in parsing canonical form (Avro 1.12, "Schema Fingerprints"). */
export function fingerprint(canonicalForm: string): bigint {
  let crc = EMPTY
  for (const byte of Buffer.from(canonicalForm)) crc = (crc >> 8n) ^ TABLE[Number((crc ^ BigInt(byte)) & 0xffn)]!
  return crc
}

const EMPTY = 0xc15d213aa4d7a795n
const TABLE = Array.from({ length: 256 }, (_, index) => {
  let crc = BigInt(index)
  for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? EMPTY : 0n)
  return crc
})
