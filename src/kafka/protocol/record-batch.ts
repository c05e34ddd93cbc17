/**
 * Decodes Kafka's record batch, format 2 (Kafka protocol guide, "Record Batch"); `encode-batch.ts` encodes it. It is on
 * the hot path of every role, hence our own code: one pass, no object per field.
 */
import { crc32c } from '@node-rs/crc32'
import type { LogRecord } from '../ports.ts'
import {
  ATTRIBUTES_AT,
  CHECKSUM_AT,
  CODEC_MASK,
  CONTROL,
  HEADER_BYTES,
  LEADER_EPOCH_AT,
  LOG_APPEND_TIME,
  TRANSACTIONAL,
} from './batch-layout.ts'
import { decompress } from './compression.ts'
import { MalformedBatch, RECORD_BYTES_MIN, RecordCursor } from './record-cursor.ts'

/** The result of one fetch of one partition for a read-committed reader. */
export interface Decoded {
  records: LogRecord[]
  /** The next offset to read, beyond markers and aborted records too. */
  nextOffset: number
  /** Decompressed bytes decoded. */
  unpackedBytes: number
  /**
   * The leader epochs of the records read, with the offset at which each begins, ascending; the first entry is that of
   * the first batch.
   */
  epochs: EpochStart[]
}

/** The records from `from` on, up to the next entry, were written under this leader epoch. */
export interface EpochStart {
  epoch: number
  from: number
}

export interface AbortedTransaction {
  producerId: bigint
  firstOffset: number
}

/**
 * Limits for partitions that other producers than the platform write to. The broker checks an uncompressed batch only
 * as a whole: its records may claim any offsets, those of other batches too. And a small compressed batch may hold
 * millions of records.
 */
export interface ForeignBatches {
  /** Maximum records in a batch. */
  recordsMax: number
}

/** Batches that decompress to more than this together are left for the next fetch, except for the first. */
const UNPACKED_BYTES_MAX = 16 * 1024 * 1024

/**
 * The records of `bytes` (the record set of a fetch answer) that a read-committed reader may see, from `fromOffset` on.
 * kafkajs's own filter leaks when aborts of two producers overlap: it expects a sorted list and takes one entry per
 * record. `wanted`: the records have these headers alone, and neither keys nor values.
 */
export function decodeRecordSet(
  bytes: Buffer,
  topic: string,
  partition: number,
  fromOffset: number,
  abortedList: AbortedTransaction[],
  foreign?: ForeignBatches,
  wanted?: ReadonlySet<string>,
): Decoded {
  const aborted = new Set<bigint>()
  const starts = abortedList.length > 1 ? [...abortedList].sort((a, b) => a.firstOffset - b.firstOffset) : abortedList
  let nextStart = 0
  const records: LogRecord[] = []
  const epochs: EpochStart[] = []
  let epoch = -1
  let nextOffset = fromOffset
  let unpackedBytes = 0
  let at = 0
  while (at + HEADER_BYTES <= bytes.length && unpackedBytes < UNPACKED_BYTES_MAX) {
    const end = at + 12 + bytes.readInt32BE(at + 8)
    if (end > bytes.length) break // cut off by the fetch's byte limit
    if (end < at + HEADER_BYTES) throw new MalformedBatch(`a record batch of no length in ${topic}/${partition}`)
    if (bytes[at + 16] !== 2)
      throw new MalformedBatch(`record batch of format ${bytes[at + 16]} in ${topic}/${partition}`)
    const baseOffset = Number(bytes.readBigInt64BE(at))
    const lastOffset = baseOffset + Math.max(0, bytes.readInt32BE(at + 23))
    const attributes = bytes.readInt16BE(at + ATTRIBUTES_AT)
    const transactional = (attributes & TRANSACTIONAL) !== 0
    let hidden = lastOffset < fromOffset
    if (transactional) {
      const producerId = bytes.readBigInt64BE(at + 43)
      while (nextStart < starts.length && starts[nextStart]!.firstOffset <= lastOffset)
        aborted.add(starts[nextStart++]!.producerId)
      if (attributes & CONTROL) aborted.delete(producerId) // the producer's marker ends its aborted range
      hidden ||= aborted.has(producerId)
    }
    if (!hidden && !(attributes & CONTROL)) {
      const batch = { bytes, start: at, end, topic, partition, baseOffset, lastOffset, attributes, fromOffset, wanted }
      unpackedBytes += readBatch(batch, foreign, records)
    }
    if (lastOffset >= nextOffset) {
      nextOffset = lastOffset + 1
      const batchEpoch = bytes.readInt32BE(at + LEADER_EPOCH_AT)
      if (batchEpoch > epoch) {
        epoch = batchEpoch
        epochs.push({ epoch, from: Math.max(baseOffset, fromOffset) })
      }
    }
    at = end
  }
  return { records, nextOffset, unpackedBytes, epochs }
}

interface Batch {
  /** From `start` to `end`. */
  bytes: Buffer
  start: number
  end: number
  topic: string
  partition: number
  baseOffset: number
  lastOffset: number
  attributes: number
  fromOffset: number
  wanted: ReadonlySet<string> | undefined
}

/** Returns the decompressed size of the records; for records that fail to decompress, their maximum size. */
function readBatch(batch: Batch, foreign: ForeignBatches | undefined, into: LogRecord[]): number {
  const isDamaged = !hasItsChecksum(batch)
  if (isDamaged && foreign === undefined)
    throw new MalformedBatch(`${placeOf(batch)} ${DAMAGED}. Restore Kafka's log from a backup or a replica`)
  const codec = batch.attributes & CODEC_MASK
  const before = into.length
  let unpackedBytes = 0
  try {
    if (isDamaged) throw new MalformedBatch(DAMAGED)
    const count = countOf(batch, foreign)
    if (codec !== 0) unpackedBytes = UNPACKED_BYTES_MAX
    const packed = batch.bytes.subarray(batch.start + HEADER_BYTES, batch.end)
    const body = codec === 0 ? packed : decompress(codec, packed)
    unpackedBytes = body.length
    if (count * RECORD_BYTES_MIN > body.length) throw new MalformedBatch(`it has room for fewer than ${count} records`)
    readRecords(batch, body, count, foreign !== undefined, into)
  } catch (error) {
    // A fault of the platform's own batches stops the shard. Batches of organizations, and those that a broker has
    // compressed, do not.
    if (codec === 0 && foreign === undefined) throw error
    into.length = before
    addUndecodable(batch, foreign, error instanceof Error ? error.message : String(error), into)
  }
  return unpackedBytes
}

const DAMAGED = 'is damaged: its checksum is wrong'
const placeOf = ({ topic, partition, baseOffset }: Batch): string => `the batch at ${topic}/${partition}/${baseOffset}`

/** The broker checks checksums when batches come in, and not when they go out: this finds damage on its disk since. */
const hasItsChecksum = ({ bytes, start, end }: Batch): boolean =>
  crc32c(bytes.subarray(start + ATTRIBUTES_AT, end)) === bytes.readUInt32BE(start + CHECKSUM_AT)

/** The number of records that the batch claims, checked before any is decoded. */
function countOf({ bytes, start, baseOffset, lastOffset }: Batch, foreign: ForeignBatches | undefined): number {
  const count = bytes.readInt32BE(start + 57)
  const places = lastOffset - baseOffset + 1
  // In a compacted topic a batch keeps its range of offsets, and may have lost all of its records.
  if (count < 0 || count > places) throw new MalformedBatch(`it claims ${count} records in ${places} places`)
  if (foreign === undefined) return count
  if (count !== places) throw new MalformedBatch(`it claims ${count} records in ${places} places`)
  if (count > foreign.recordsMax)
    throw new MalformedBatch(
      `it holds ${count} records, at most ${foreign.recordsMax} are allowed: send smaller batches`,
    )
  return count
}

function readRecords(batch: Batch, body: Buffer, count: number, isForeign: boolean, into: LogRecord[]): void {
  const { topic, partition, baseOffset, lastOffset, fromOffset } = batch
  const baseTimestampMs = Number(batch.bytes.readBigInt64BE(batch.start + 27))
  const appendTimeMs = appendTimeOf(batch)
  const leaderEpoch = leaderEpochOf(batch)
  const cursor = new RecordCursor(body, batch.wanted)
  for (let index = 0; index < count; index++) {
    cursor.next()
    const { offsetDelta } = cursor
    if (isForeign && offsetDelta !== index)
      throw new MalformedBatch(`the offset delta of its record ${index} is ${offsetDelta}`)
    const offset = baseOffset + offsetDelta
    if (offset < baseOffset || offset > lastOffset)
      throw new MalformedBatch(`a record at ${offset} is outside of its batch`)
    if (offset < fromOffset) continue
    const { key, value, headers, sizeBytes } = cursor
    const timestampMs = appendTimeMs >= 0 ? appendTimeMs : baseTimestampMs + cursor.timestampDelta
    into.push({ topic, partition, offset, timestampMs, key, value, headers, leaderEpoch, sizeBytes })
  }
  if (!cursor.isAtEnd) throw new MalformedBatch(`it holds more than its ${count} records`)
}

const maxTimestampOf = ({ bytes, start }: Batch): number => Number(bytes.readBigInt64BE(start + 35))
const leaderEpochOf = ({ bytes, start }: Batch): number => bytes.readInt32BE(start + LEADER_EPOCH_AT)
/** -1 for producer timestamps. */
const appendTimeOf = (batch: Batch): number => (batch.attributes & LOG_APPEND_TIME ? maxTimestampOf(batch) : -1)

/**
 * The offsets of a batch that cannot be read still exist in the log: each gets a record, so that each can be judged. If
 * there are more than a batch may have, one record at the first offset represents all.
 */
function addUndecodable(batch: Batch, foreign: ForeignBatches | undefined, reason: string, into: LogRecord[]): void {
  const { topic, partition, baseOffset, lastOffset, fromOffset } = batch
  const timestampMs = maxTimestampOf(batch)
  const leaderEpoch = leaderEpochOf(batch)
  const isTooMany = foreign !== undefined && lastOffset - baseOffset >= foreign.recordsMax
  const end = isTooMany ? baseOffset : lastOffset
  for (let offset = Math.max(baseOffset, fromOffset); offset <= end; offset++) {
    into.push({
      topic,
      partition,
      offset,
      timestampMs,
      key: null,
      value: null,
      headers: {},
      leaderEpoch,
      undecodable: reason,
    })
  }
}
