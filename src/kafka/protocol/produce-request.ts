/**
 * Encodes and decodes Produce versions 11 and 12. They have the same fields; with 12 the partitions join the
 * transaction by being written to (KIP-890). An answer "not the leader" names the current leader and its address
 * (KIP-951).
 */
import { CompactReader, NO_TAGS } from './flexible.ts'
import type { WireRequest } from './types.ts'

const PRODUCE = 0
const ACKS_ALL = -1
const CURRENT_LEADER = 0
const NODE_ENDPOINTS = 0

export interface PartitionBatch {
  topic: string
  partition: number
  batch: Buffer
}

/** The current leader of a partition, from a broker that is not. Host and port where the broker sent them. */
export interface LeaderHint {
  node: number
  epoch: number
  host?: string
  port?: number
}

export interface ProduceResult {
  topic: string
  partition: number
  errorCode: number
  /** The broker's message about the error; empty if there is none. */
  message: string
  baseOffset: number
  /** -1 for a topic with CreateTime timestamps. */
  logAppendTimeMs: number
  leader: LeaderHint | undefined
}

export interface ProduceOptions {
  transactionalId: string | null
  /**
   * 11: partitions were announced to the coordinator, or there is no transaction. 12: they join by being written to.
   */
  version: 11 | 12
  /** How long the broker waits for its followers before it answers `REQUEST_TIMED_OUT`. */
  brokerTimeoutMs: number
  /** Deadline of the whole request; longer than the broker's. */
  timeoutMs: number
}

/** At most one batch per partition; `acks=all`. The batches are copied once, into a buffer of the right size. */
export function produceRequest(
  batches: readonly PartitionBatch[],
  options: ProduceOptions,
): WireRequest<ProduceResult[]> {
  return {
    apiKey: PRODUCE,
    apiVersion: options.version,
    apiName: 'Produce',
    body: encode(batches, options),
    decode: decodeProduce,
    timeoutMs: options.timeoutMs,
  }
}

function encode(batches: readonly PartitionBatch[], { transactionalId, brokerTimeoutMs }: ProduceOptions): Buffer {
  const topics = byTopic(batches)
  let bytes = 32 + Buffer.byteLength(transactionalId ?? '')
  for (const [topic, list] of topics) {
    bytes += 16 + Buffer.byteLength(topic)
    for (const { batch } of list) bytes += 10 + batch.length
  }
  const writer = new FlexibleWriter(bytes)
  writer.noTags() // of the header
  writer.text(transactionalId)
  writer.int16(ACKS_ALL)
  writer.int32(brokerTimeoutMs)
  writer.varint(topics.size + 1)
  for (const [topic, list] of topics) {
    writer.text(topic)
    writer.varint(list.length + 1)
    for (const { partition, batch } of list) {
      writer.int32(partition)
      writer.bytes(batch)
      writer.noTags()
    }
    writer.noTags()
  }
  writer.noTags()
  return writer.written()
}

/** Topics in the order of their first batch. */
function byTopic(batches: readonly PartitionBatch[]): Map<string, PartitionBatch[]> {
  const topics = new Map<string, PartitionBatch[]>()
  for (const each of batches) {
    const known = topics.get(each.topic)
    if (known) known.push(each)
    else topics.set(each.topic, [each])
  }
  return topics
}

/** Into a buffer that is large enough from the beginning. */
class FlexibleWriter {
  private readonly buffer: Buffer
  private at = 0

  constructor(bytesMax: number) {
    this.buffer = Buffer.allocUnsafe(bytesMax)
  }
  int16(value: number): void {
    this.at = this.buffer.writeInt16BE(value, this.at)
  }
  int32(value: number): void {
    this.at = this.buffer.writeInt32BE(value, this.at)
  }
  varint(value: number): void {
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) this.buffer[this.at++] = (rest & 0x7f) | 0x80
    this.buffer[this.at++] = rest
  }
  text(value: string | null): void {
    this.varint(value === null ? 0 : Buffer.byteLength(value) + 1)
    if (value !== null) this.at += this.buffer.write(value, this.at)
  }
  bytes(value: Buffer): void {
    this.varint(value.length + 1)
    this.at += value.copy(this.buffer, this.at)
  }
  noTags(): void {
    this.at += NO_TAGS.copy(this.buffer, this.at)
  }
  written(): Buffer {
    return this.buffer.subarray(0, this.at)
  }
}

function decodeProduce(payload: Buffer): ProduceResult[] {
  const reader = new CompactReader(payload)
  reader.tags() // of the header
  const results = reader.array(() => readTopic(reader)).flat()
  reader.int32() // throttle time
  reader.tags(tag => {
    if (tag !== NODE_ENDPOINTS) return
    const addresses = new Map(reader.array(() => readEndpoint(reader)))
    for (const { leader } of results) if (leader) Object.assign(leader, addresses.get(leader.node))
  })
  return results
}

function readTopic(reader: CompactReader): ProduceResult[] {
  const topic = reader.string()
  const partitions = reader.array(() => readPartition(reader, topic))
  reader.tags()
  return partitions
}

function readPartition(reader: CompactReader, topic: string): ProduceResult {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const baseOffset = reader.int64()
  const logAppendTimeMs = reader.int64()
  reader.int64() // log start offset
  const faults = reader.array(() => {
    reader.int32() // index of the record
    const fault = reader.string()
    reader.tags()
    return fault
  })
  const message = reader.string() || (faults[0] ?? '')
  let leader: LeaderHint | undefined
  reader.tags(tag => {
    if (tag !== CURRENT_LEADER) return
    const node = reader.int32()
    const epoch = reader.int32()
    reader.tags()
    if (node >= 0) leader = { node, epoch }
  })
  return { topic, partition, errorCode, message, baseOffset, logAppendTimeMs, leader }
}

function readEndpoint(reader: CompactReader): [number, { host: string; port: number }] {
  const node = reader.int32()
  const host = reader.string()
  const port = reader.int32()
  reader.string() // rack
  reader.tags()
  return [node, { host, port }]
}
