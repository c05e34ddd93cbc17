/** Produce version 7, to bytes and back (Kafka protocol guide). */
import { ByteReader } from './byte-reader.ts'
import type { WireRequest } from './wire.ts'

const PRODUCE = 0

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
