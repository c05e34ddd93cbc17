/**
 * Avro for what only the platform reads. The schema stands in the topic's file; this gives it a type.
 *
 * A record is in Avro's single-object encoding (Avro 1.12, "Single-object encoding"): two bytes of marker, eight of the schema's fingerprint
 * (CRC-64-AVRO, little-endian), the value. So a process knows what it reads: its own schema, or one that an earlier release wrote with, which
 * it resolves. What a newer release writes is not known here; how releases are rolled out so that this does not happen is told in
 * `docs/operations.md`.
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

/** A field that may be null, and is when absent. */
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
