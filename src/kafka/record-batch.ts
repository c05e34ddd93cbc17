/**
 * Kafka's record batch, format 2 (Kafka protocol guide, "Record Batch"), to bytes and back. On the hot path of every role, hence ours:
 * one pass, one scratch buffer, no object per field.
 */
import { crc32c } from '@node-rs/crc32'
import { decompress } from './compression.ts'
import type { Headers, LogRecord, OutRecord } from './ports.ts'

const HEADER_BYTES = 61
/** From the first byte of the batch to its attributes, where the checksum starts. */
const ATTRIBUTES_AT = 21
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const LOG_APPEND_TIME = 0x08
const CODEC_MASK = 0x07
/** Characters of a text that is worth writing one by one. */
const SHORT_TEXT_MAX = 96

export interface BatchIdentity {
  producerId: bigint
  producerEpoch: number
  baseSequence: number
  transactional: boolean
  timestampMs: number
}

let scratch = Buffer.allocUnsafe(1024 * 1024)

function room(bytes: number): void {
  if (bytes > scratch.length) scratch = Buffer.allocUnsafe(Math.max(scratch.length * 2, bytes))
}

/** Encodes records of one partition as one uncompressed batch. `bytesMax`: the sum of their `encodedBytesMax`, where it is known already. */
export function encodeBatch(records: readonly OutRecord[], identity: BatchIdentity, bytesMax = sumOfBytesMax(records)): Buffer {
  room(HEADER_BYTES + bytesMax)
  let at = HEADER_BYTES
  for (let index = 0; index < records.length; index++) at = writeRecord(at, records[index]!, index)
  scratch.writeBigInt64BE(0n, 0) // base offset: the broker's to give
  scratch.writeInt32BE(at - 12, 8)
  scratch.writeInt32BE(-1, 12) // partition leader epoch
  scratch[16] = 2 // magic
  scratch.writeInt16BE(identity.transactional ? TRANSACTIONAL : 0, ATTRIBUTES_AT)
  scratch.writeInt32BE(records.length - 1, 23)
  scratch.writeBigInt64BE(BigInt(identity.timestampMs), 27)
  scratch.writeBigInt64BE(BigInt(identity.timestampMs), 35)
  scratch.writeBigInt64BE(identity.producerId, 43)
  scratch.writeInt16BE(identity.producerEpoch, 51)
  scratch.writeInt32BE(identity.baseSequence, 53)
  scratch.writeInt32BE(records.length, 57)
  scratch.writeUInt32BE(crc32c(scratch.subarray(ATTRIBUTES_AT, at)), 17)
  return Buffer.from(scratch.subarray(0, at))
}

/** An upper bound of what a record takes in a batch, bytes. */
export function encodedBytesMax(record: OutRecord): number {
  let bytes = 32 + lengthMax(record.key) + lengthMax(record.value)
  if (record.headers) for (const [name, value] of record.headers) bytes += 10 + name.length * 3 + lengthMax(value)
  return bytes
}

function sumOfBytesMax(records: readonly OutRecord[]): number {
  let bytes = 0
  for (const record of records) bytes += encodedBytesMax(record)
  return bytes
}

const lengthMax = (part: Buffer | string | null) => (part === null ? 0 : typeof part === 'string' ? part.length * 3 : part.length)

function writeRecord(start: number, record: OutRecord, offsetDelta: number): number {
  // The length comes first but is known last: leave the room of a long one, close the gap afterwards.
  const bodyAt = start + 5
  let at = bodyAt
  scratch[at++] = 0 // attributes
  scratch[at++] = 0 // timestamp delta
  at = writeVarint(at, offsetDelta)
  at = writeBytes(at, record.key)
  at = writeBytes(at, record.value)
  const headers = record.headers
  at = writeVarint(at, headers ? headers.length : 0)
  if (headers) {
    for (const [name, value] of headers) {
      at = writeBytes(at, name)
      at = writeBytes(at, value)
    }
  }
  const length = at - bodyAt
  const lengthEnd = writeVarint(start, length)
  scratch.copyWithin(lengthEnd, bodyAt, at)
  return lengthEnd + length
}

function writeBytes(at: number, part: Buffer | string | null): number {
  if (part === null) return writeVarint(at, -1)
  if (typeof part === 'string') return writeText(at, part)
  const next = writeVarint(at, part.length)
  part.copy(scratch, next)
  return next + part.length
}

/** Most texts are short and ASCII: written here in a third of the time that two calls into the runtime take. */
function writeText(at: number, text: string): number {
  const characters = text.length
  if (characters <= SHORT_TEXT_MAX) {
    const start = writeVarint(at, characters)
    let index = 0
    for (let code = 0; index < characters; index++) {
      code = text.charCodeAt(index)
      if (code > 0x7f) break
      scratch[start + index] = code
    }
    if (index === characters) return start + characters
  }
  const next = writeVarint(at, Buffer.byteLength(text))
  return next + scratch.write(text, next, 'utf8')
}

function writeVarint(at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    scratch[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  scratch[at++] = rest
  return at
}

/** What a committed reader gets out of one fetch of one partition. */
export interface Decoded {
  records: LogRecord[]
  /** Where to read on: beyond markers and aborted records too. */
  nextOffset: number
}

export interface AbortedTransaction {
  producerId: bigint
  firstOffset: number
}

/**
 * The records of `bytes` (the record set of a fetch answer) that a read-committed reader may see, from `fromOffset` on.
 * kafkajs's own filter leaks when aborts of two producers overlap: it wants the list sorted and takes one entry per record.
 */
export function decodeRecordSet(
  bytes: Buffer,
  topic: string,
  partition: number,
  fromOffset: number,
  abortedList: AbortedTransaction[],
): Decoded {
  const aborted = new Set<bigint>()
  const starts = abortedList.length > 1 ? [...abortedList].sort((a, b) => a.firstOffset - b.firstOffset) : abortedList
  let nextStart = 0
  const records: LogRecord[] = []
  let nextOffset = fromOffset
  let at = 0
  while (at + HEADER_BYTES <= bytes.length) {
    const end = at + 12 + bytes.readInt32BE(at + 8)
    if (end > bytes.length) break // cut off by the fetch's byte limit
    if (bytes[at + 16] !== 2) throw new Error(`record batch of format ${bytes[at + 16]} in ${topic}/${partition}`)
    const baseOffset = Number(bytes.readBigInt64BE(at))
    const lastOffset = baseOffset + bytes.readInt32BE(at + 23)
    const attributes = bytes.readInt16BE(at + ATTRIBUTES_AT)
    const transactional = (attributes & TRANSACTIONAL) !== 0
    let hidden = false
    if (transactional) {
      const producerId = bytes.readBigInt64BE(at + 43)
      while (nextStart < starts.length && starts[nextStart]!.firstOffset <= lastOffset) aborted.add(starts[nextStart++]!.producerId)
      if (attributes & CONTROL) aborted.delete(producerId) // the producer's marker ends its aborted range
      hidden = aborted.has(producerId)
    }
    if (!hidden && !(attributes & CONTROL)) readBatch(bytes, at, end, topic, partition, baseOffset, attributes, fromOffset, records)
    nextOffset = Math.max(nextOffset, lastOffset + 1)
    at = end
  }
  return { records, nextOffset }
}

function readBatch(
  bytes: Buffer,
  start: number,
  end: number,
  topic: string,
  partition: number,
  baseOffset: number,
  attributes: number,
  fromOffset: number,
  into: LogRecord[],
): void {
  const count = bytes.readInt32BE(start + 57)
  const baseTimestampMs = Number(bytes.readBigInt64BE(start + 27))
  const appendTimeMs = attributes & LOG_APPEND_TIME ? Number(bytes.readBigInt64BE(start + 35)) : -1
  const codec = attributes & CODEC_MASK
  const body = bytes.subarray(start + HEADER_BYTES, end)
  const before = into.length
  try {
    readRecords(codec === 0 ? body : decompress(codec, body))
  } catch (error) {
    // The broker looks into every batch that it takes; where its decompressors are more lenient than ours, nobody must be stopped by it.
    if (codec === 0) throw error
    into.length = before
    undecodable(bytes, start, topic, partition, baseOffset, fromOffset, appendTimeMs, String((error as Error).message), into)
  }

  function readRecords(body: Buffer): void {
    const cursor = new Cursor(body)
    for (let index = 0; index < count; index++) readRecord(cursor)
  }

  function readRecord(cursor: Cursor): void {
    const length = cursor.varint()
    const recordEnd = cursor.at + length
    if (recordEnd > cursor.buffer.length) throw new Error('record ends too early')
    cursor.at++ // attributes
    const timestampDelta = cursor.varlong()
    const offset = baseOffset + cursor.varint()
    if (offset < fromOffset) {
      cursor.at = recordEnd
      return
    }
    const key = cursor.bytes()
    const value = cursor.bytes()
    const headers = readHeaders(cursor)
    if (cursor.at !== recordEnd) throw new Error('a record is not as long as it says')
    const timestampMs = appendTimeMs >= 0 ? appendTimeMs : baseTimestampMs + timestampDelta
    into.push({ topic, partition, offset, timestampMs, key, value, headers, sizeBytes: length })
  }
}

/** A batch whose compression cannot be undone still has a place in the log: one record stands for it, so that it can be judged. */
function undecodable(
  bytes: Buffer,
  start: number,
  topic: string,
  partition: number,
  baseOffset: number,
  fromOffset: number,
  appendTimeMs: number,
  reason: string,
  into: LogRecord[],
): void {
  const lastOffset = baseOffset + bytes.readInt32BE(start + 23)
  const timestampMs = appendTimeMs >= 0 ? appendTimeMs : Number(bytes.readBigInt64BE(start + 35))
  for (let offset = Math.max(baseOffset, fromOffset); offset <= lastOffset; offset++) {
    into.push({ topic, partition, offset, timestampMs, key: null, value: null, headers: {}, undecodable: reason })
  }
}

const NO_HEADERS: Headers = Object.freeze({}) as Headers

function readHeaders(cursor: Cursor): Headers {
  const count = cursor.varint()
  if (count <= 0) return NO_HEADERS
  const headers: Headers = Object.create(null)
  for (let index = 0; index < count; index++) {
    const name = cursor.bytes()
    const value = cursor.bytes()
    if (name && value) headers[name.toString('latin1')] = value
  }
  return headers
}

class Cursor {
  readonly buffer: Buffer
  at = 0

  constructor(buffer: Buffer) {
    this.buffer = buffer
  }

  varint(): number {
    let shift = 0
    let result = 0
    for (;;) {
      const byte = this.buffer[this.at++]
      if (byte === undefined) throw new Error('record ends too early')
      result |= (byte & 0x7f) << shift
      if ((byte & 0x80) === 0) break
      shift += 7
    }
    return (result >>> 1) ^ -(result & 1)
  }

  varlong(): number {
    let factor = 1
    let result = 0
    for (;;) {
      const byte = this.buffer[this.at++]
      if (byte === undefined) throw new Error('record ends too early')
      result += (byte & 0x7f) * factor
      if ((byte & 0x80) === 0) break
      factor *= 128
    }
    return result % 2 === 0 ? result / 2 : -(result + 1) / 2
  }

  bytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    const start = this.at
    this.at += length
    return this.buffer.subarray(start, this.at)
  }
}
