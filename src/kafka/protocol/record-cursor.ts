/** Reads the records of one batch. Organizations write them, so each length is checked against the remaining bytes. */
import type { Headers } from '../ports.ts'
import { headerName } from './header-names.ts'

/** Length, attributes, two deltas, the lengths of key and value, and the number of headers: a byte each at least. */
export const RECORD_BYTES_MIN = 7
/**
 * Limit for all records of one batch: five for each of 100,000. A header costs some hundred bytes of memory and three
 * of the batch.
 */
const HEADERS_MAX = 500_000
const VARINT_BYTES_MAX = 5
const VARLONG_BYTES_MAX = 10

/** The batch does not match Kafka's format (Kafka protocol guide, "Record"). */
export class MalformedBatch extends Error {}

const NO_HEADERS: Headers = Object.freeze({}) as Headers

/** Without a prototype, so that a header may have any name; unlike `Object.create(null)` its properties have a shape. */
const OwnHeaders = function OwnHeaders() {} as unknown as { new (): Headers; prototype: object }
OwnHeaders.prototype = Object.create(null)

/** The fields belong to the record read last: this is the hot path, so no object is created. */
export class RecordCursor {
  timestampDelta = 0
  offsetDelta = 0
  key: Buffer | null = null
  value: Buffer | null = null
  headers: Headers = NO_HEADERS
  sizeBytes = 0
  private readonly buffer: Buffer
  private at = 0
  /** No field of the current record reaches beyond. */
  private end = 0
  private headersLeft = HEADERS_MAX
  private readonly wanted: ReadonlySet<string> | undefined
  /** A bit for each length that a wanted name has: most names are passed over by theirs. */
  private readonly wantedLengths: number

  /** `wanted`: only these headers are read, and no keys and values. */
  constructor(buffer: Buffer, wanted?: ReadonlySet<string>) {
    this.buffer = buffer
    this.wanted = wanted
    this.wantedLengths = [...(wanted ?? [])].reduce((bits, name) => bits | (1 << (name.length & 31)), 0)
  }

  get isAtEnd(): boolean {
    return this.at === this.buffer.length
  }

  next(): void {
    this.end = this.buffer.length
    const sizeBytes = this.varint()
    if (sizeBytes < RECORD_BYTES_MIN - 1 || this.at + sizeBytes > this.buffer.length)
      throw new MalformedBatch('a record ends too early')
    this.sizeBytes = sizeBytes
    this.end = this.at + sizeBytes
    this.at++ // attributes
    this.timestampDelta = this.varlong()
    this.offsetDelta = this.varint()
    if (this.wanted === undefined) {
      this.key = this.bytes()
      this.value = this.bytes()
    } else {
      this.skip()
      this.skip()
    }
    this.headers = this.readHeaders()
    if (this.at !== this.end) throw new MalformedBatch('a record is not as long as it says')
  }

  private readHeaders(): Headers {
    const count = this.varint()
    if (count === 0) return NO_HEADERS
    // A name and a value take a byte each at least.
    if (count < 0 || count * 2 > this.end - this.at) throw new MalformedBatch('a record has other headers than it says')
    this.headersLeft -= count
    if (this.headersLeft < 0) throw new MalformedBatch(`its records have more than ${HEADERS_MAX} headers together`)
    const headers: Headers = new OwnHeaders()
    for (let index = 0; index < count; index++) {
      const name = this.wantedName()
      if (name === undefined) {
        this.skip()
        continue
      }
      const value = this.bytes()
      if (value) headers[name] = value
    }
    return headers
  }

  private wantedName(): string | undefined {
    const length = this.length()
    if (length < 0) return undefined
    if (this.wanted === undefined) return headerName(this.buffer, this.at - length, this.at)
    if ((this.wantedLengths & (1 << (length & 31))) === 0) return undefined
    const name = headerName(this.buffer, this.at - length, this.at)
    return this.wanted.has(name) ? name : undefined
  }

  private skip(): void {
    this.length()
  }

  private varint(): number {
    // Most are one byte.
    const first = this.at < this.end ? this.buffer[this.at]! : 0x80
    if (first < 0x80) {
      this.at++
      return (first >>> 1) ^ -(first & 1)
    }
    const start = this.at
    let shift = 0
    let result = 0
    for (;;) {
      const byte = this.byte(start, VARINT_BYTES_MAX)
      result |= (byte & 0x7f) << shift
      if ((byte & 0x80) === 0) return (result >>> 1) ^ -(result & 1)
      shift += 7
    }
  }

  private varlong(): number {
    const start = this.at
    let factor = 1
    let result = 0
    for (;;) {
      const byte = this.byte(start, VARLONG_BYTES_MAX)
      result += (byte & 0x7f) * factor
      if ((byte & 0x80) === 0) return result % 2 === 0 ? result / 2 : -(result + 1) / 2
      factor *= 128
    }
  }

  /** The next byte of a number that began at `start`. */
  private byte(start: number, bytesMax: number): number {
    if (this.at >= this.end) throw new MalformedBatch('a record ends too early')
    if (this.at - start >= bytesMax) throw new MalformedBatch('a number in a record is too long')
    return this.buffer[this.at++]!
  }

  /** Null for any negative length, as in Kafka. */
  private bytes(): Buffer | null {
    const length = this.length()
    return length < 0 ? null : this.buffer.subarray(this.at - length, this.at)
  }

  /** Of the next bytes, which are passed. */
  private length(): number {
    const length = this.varint()
    if (length <= 0) return length
    if (length > this.end - this.at) throw new MalformedBatch('a record ends too early')
    this.at += length
    return length
  }
}
