/**
 * "Flexible" requests (KIP-482), the format of Kafka's newer versions: lengths are varints counted from one, and each
 * structure ends with its tagged fields, of which we send none.
 */
import { ByteReader } from './byte-reader.ts'
import { errorName } from './error-codes.ts'
import { KafkaError, type WireRequest } from './types.ts'

export const NO_TAGS = Buffer.of(0)

/** Bytes of a request, in order. They are joined once, at the end: a batch of records may be a megabyte. */
export type Part = Buffer | Part[]

/** `body`: the fields in order, without the final tags. `decode` begins after the header of the answer. */
export function flexibleRequest<T>(request: {
  apiKey: number
  apiVersion: number
  apiName: string
  body: Part[]
  decode: (reader: CompactReader) => T
  timeoutMs?: number
  answerBytesMax?: number
}): WireRequest<T> {
  return {
    ...request,
    // The header of a request ends with tagged fields, and so does that of its answer.
    body: Buffer.concat([NO_TAGS, ...flat(request.body), NO_TAGS]),
    decode(payload) {
      const reader = new CompactReader(payload)
      reader.tags()
      return request.decode(reader)
    },
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  return Buffer.from([...bytes, value])
}

export function flat(parts: Part[]): Buffer[] {
  return parts.flatMap(part => (Array.isArray(part) ? flat(part) : [part]))
}

/** Bytes or text, preceded by their length. */
export function compact(value: string | Buffer): Part {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return [varint(bytes.length + 1), bytes]
}

/** Text or bytes that may be absent. */
export const compactNullable = (value: string | Buffer | null): Part => (value === null ? Buffer.of(0) : compact(value))

/** Of structures, each given as its fields. */
export const compactArray = (items: Part[][]): Part => [varint(items.length + 1), ...items]

export const int8 = (value: number): Buffer => Buffer.of(value & 0xff)

export const boolean = (value: boolean): Buffer => Buffer.of(value ? 1 : 0)

/** `id`: 32 hex digits; empty for none. */
export const uuid = (id: string): Buffer => Buffer.from(id || NO_ID, 'hex')

const NO_ID = '00000000000000000000000000000000'

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export function float64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

export class CompactReader extends ByteReader {
  private varint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.buffer.readUInt8(this.at++)
      value |= (byte & 0x7f) << shift
      if ((byte & 0x80) === 0) return value >>> 0
    }
  }
  /** Empty for null. */
  string(): string {
    const length = Math.max(0, this.varint() - 1)
    this.at += length
    return this.buffer.toString('utf8', this.at - length, this.at)
  }
  /** Null stays null. */
  nullableString(): string | null {
    const length = this.varint() - 1
    if (length < 0) return null
    this.at += length
    return this.buffer.toString('utf8', this.at - length, this.at)
  }
  /** A view into the answer; empty for null. */
  bytes(): Buffer {
    const length = Math.max(0, this.varint() - 1)
    this.at += length
    return this.buffer.subarray(this.at - length, this.at)
  }
  boolean(): boolean {
    return this.int8() !== 0
  }
  /** 32 hex digits; empty for the id that means none. */
  uuid(): string {
    this.at += 16
    const id = this.buffer.toString('hex', this.at - 16, this.at)
    return id === NO_ID ? '' : id
  }
  array<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(0, this.varint() - 1) }, item)
  }
  /** Tagged fields; those that `take` does not read are skipped. */
  tags(take: (tag: number) => void = () => undefined): void {
    for (let count = this.varint(); count > 0; count--) {
      const tag = this.varint()
      const end = this.varint() + this.at
      take(tag)
      this.at = end
    }
  }
  /** Error code and message; throws unless it is 0 or a code that counts as success here. */
  error(of: string, but = 0): void {
    const code = this.int16()
    const message = this.string()
    if (code !== 0 && code !== but) throw new KafkaError(errorName(code), `${of}: ${message || errorName(code)}`)
  }
}
