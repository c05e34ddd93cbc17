/** The two requests of the hot path, to bytes and back: Produce version 7 and Fetch version 11 (Kafka protocol guide). */
import { ByteReader } from './byte-reader.ts'
import type { AbortedTransaction } from './record-batch.ts'
import type { WireRequest } from './wire.ts'

const PRODUCE = 0
const FETCH = 1

/** Grows as it is written to; big-endian, as all of Kafka. */
class Writer {
  private buffer: Buffer
  private at = 0

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes)
  }

  private room(bytes: number): number {
    const start = this.at
    this.at += bytes
    if (this.at > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at))
      this.buffer.copy(larger, 0, 0, start)
      this.buffer = larger
    }
    return start
  }

  int8(value: number): this {
    const at = this.room(1)
    this.buffer.writeInt8(value, at)
    return this
  }
  int16(value: number): this {
    const at = this.room(2)
    this.buffer.writeInt16BE(value, at)
    return this
  }
  int32(value: number): this {
    const at = this.room(4)
    this.buffer.writeInt32BE(value, at)
    return this
  }
  int64(value: number): this {
    const at = this.room(8)
    this.buffer.writeBigInt64BE(BigInt(value), at)
    return this
  }
  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const bytes = Buffer.byteLength(value)
    this.int16(bytes)
    const at = this.room(bytes)
    this.buffer.write(value, at)
    return this
  }
  bytes(value: Buffer): this {
    this.int32(value.length)
    const at = this.room(value.length)
    value.copy(this.buffer, at)
    return this
  }
  done(): Buffer {
    return this.buffer.subarray(0, this.at)
  }
}

class Reader extends ByteReader {
  string(): string {
    const length = this.int16()
    this.at += length
    return this.buffer.toString('utf8', this.at - length, this.at)
  }
  bytes(): Buffer {
    const length = this.int32()
    if (length <= 0) return this.buffer.subarray(this.at, this.at)
    this.at += length
    return this.buffer.subarray(this.at - length, this.at)
  }
}

export interface PartitionBatch {
  topic: string
  partition: number
  batch: Buffer
}

export interface ProduceResult {
  topic: string
  partition: number
  errorCode: number
  baseOffset: number
  /** -1 where the producer's time stands. */
  logAppendTimeMs: number
}

/** At most one batch per partition; `acks=all`. */
export function produceRequest(
  transactionalId: string | null,
  batches: readonly PartitionBatch[],
  timeoutMs: number,
): WireRequest<ProduceResult[]> {
  const total = batches.reduce((sum, each) => sum + each.batch.length + each.topic.length + 18, 64 + (transactionalId?.length ?? 0))
  const writer = new Writer(total).string(transactionalId).int16(-1).int32(timeoutMs)
  const topics = group(batches)
  writer.int32(topics.size)
  for (const [topic, list] of topics) {
    writer.string(topic).int32(list.length)
    for (const each of list) writer.int32(each.partition).bytes(each.batch)
  }
  return { apiKey: PRODUCE, apiVersion: 7, apiName: 'Produce', body: writer.done(), decode: decodeProduce, timeoutMs }
}

function decodeProduce(payload: Buffer): ProduceResult[] {
  const reader = new Reader(payload)
  const results: ProduceResult[] = []
  const topics = reader.int32()
  for (let t = 0; t < topics; t++) {
    const topic = reader.string()
    const partitions = reader.int32()
    for (let p = 0; p < partitions; p++) {
      const partition = reader.int32()
      const errorCode = reader.int16()
      const baseOffset = reader.int64()
      const logAppendTimeMs = reader.int64()
      reader.int64() // log start offset
      results.push({ topic, partition, errorCode, baseOffset, logAppendTimeMs })
    }
  }
  return results
}

export interface FetchPartition {
  topic: string
  partition: number
  offset: number
}

export interface FetchSettings {
  maxWaitMs: number
  /** The broker holds the answer until it has so many bytes, or until the wait is over. */
  bytesMin: number
  bytesMax: number
  partitionBytesMax: number
  sessionId: number
  sessionEpoch: number
}

export interface FetchedPartition {
  topic: string
  partition: number
  errorCode: number
  /** Committed records end here: an open transaction begins, or the log does end. */
  stableEnd: number
  abortedTransactions: AbortedTransaction[]
  recordSet: Buffer
}

export interface Fetched {
  errorCode: number
  sessionId: number
  partitions: FetchedPartition[]
}

/** In a fetch session (KIP-227) only what changed is named: partitions with a new position, and those to forget. */
export function fetchRequest(
  settings: FetchSettings,
  changed: readonly FetchPartition[],
  forgotten: ReadonlyArray<{ topic: string; partition: number }>,
): WireRequest<Fetched> {
  const writer = new Writer(64 + (changed.length + forgotten.length) * 80)
    .int32(-1)
    .int32(settings.maxWaitMs)
    .int32(settings.bytesMin)
    .int32(settings.bytesMax)
    .int8(1) // read committed
    .int32(settings.sessionId)
    .int32(settings.sessionEpoch)
  const topics = group(changed)
  writer.int32(topics.size)
  for (const [topic, list] of topics) {
    writer.string(topic).int32(list.length)
    for (const each of list) writer.int32(each.partition).int32(-1).int64(each.offset).int64(-1).int32(settings.partitionBytesMax)
  }
  const gone = group(forgotten)
  writer.int32(gone.size)
  for (const [topic, list] of gone) {
    writer.string(topic).int32(list.length)
    for (const each of list) writer.int32(each.partition)
  }
  writer.string('') // rack
  return {
    apiKey: FETCH,
    apiVersion: 11,
    apiName: 'Fetch',
    body: writer.done(),
    decode: decodeFetch,
    timeoutMs: settings.maxWaitMs + 30_000,
  }
}

/** By topic, in the order in which topics come. */
export function group<T extends { topic: string }>(list: readonly T[]): Map<string, T[]> {
  const byTopic = new Map<string, T[]>()
  for (const each of list) {
    const known = byTopic.get(each.topic)
    if (known) known.push(each)
    else byTopic.set(each.topic, [each])
  }
  return byTopic
}

function decodeFetch(payload: Buffer): Fetched {
  const reader = new Reader(payload)
  reader.int32() // throttle time
  const errorCode = reader.int16()
  const sessionId = reader.int32()
  const partitions: FetchedPartition[] = []
  const topics = reader.int32()
  for (let t = 0; t < topics; t++) {
    const topic = reader.string()
    const count = reader.int32()
    for (let p = 0; p < count; p++) {
      const partition = reader.int32()
      const partitionError = reader.int16()
      reader.int64() // high watermark
      const stableEnd = reader.int64()
      reader.int64() // log start offset
      const abortedTransactions: AbortedTransaction[] = []
      const aborted = reader.int32()
      for (let a = 0; a < aborted; a++) abortedTransactions.push({ producerId: reader.bigint64(), firstOffset: reader.int64() })
      reader.int32() // preferred read replica
      partitions.push({ topic, partition, errorCode: partitionError, stableEnd, abortedTransactions, recordSet: reader.bytes() })
    }
  }
  return { errorCode, sessionId, partitions }
}
