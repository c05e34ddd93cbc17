/** Avro for what only the platform reads. The schema stands in the topic's file; this gives it a type. */
import avro from 'avsc'

export interface Codec<T> {
  encode(value: T): Buffer
  /** Throws when the bytes are not of this schema. */
  decode(bytes: Buffer): T
  /** The schema as JSON, for the test that resolves it against the last released one. */
  schema: unknown
}

export function avroCodec<T>(schema: unknown): Codec<T> {
  const type = avro.Type.forSchema(schema as avro.Schema)
  return { encode: value => type.toBuffer(value), decode: bytes => type.fromBuffer(bytes) as T, schema }
}

/** A field that may be null, and is when absent. */
export const nullable = (type: string) => ({ type: ['null', type], default: null })
