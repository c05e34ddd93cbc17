/**
 * Encodes and decodes Fetch 17 (Kafka protocol guide): topics by id (KIP-516), the reader's leader epoch (KIP-320), the
 * epoch of its last record (KIP-595), and in the answer the current leader (KIP-951). Record sets are views of the
 * answer, never copies.
 */
import { ByteReader } from './byte-reader.ts'
import type { AbortedTransaction } from './record-batch.ts'
import type { WireRequest } from './wire.ts'

const FETCH = 1
const VERSION = 17
const READ_COMMITTED = 1
/** A broker answers within `maxWaitMs`; one that takes this long beyond it is in trouble. */
const GRACE_MS = 3_000
/** The first batch of an answer is complete, however large, and errors take space too. */
const ANSWER_MARGIN_BYTES = 8 * 1024 * 1024

export interface FetchPartition {
  /** 32 hex digits. */
  topicId: string
  partition: number
  /** The reader's leader epoch; the broker refuses when it knows a newer one, or not yet this one. -1: not checked. */
  leaderEpoch: number
  offset: number
  /** Leader epoch of the record before `offset`; -1: unknown, and the broker does not compare logs. */
  lastEpoch: number
}

export interface FetchSettings {
  maxWaitMs: number
  /** The broker holds the answer until it has this many bytes, or until the wait is over. */
  bytesMin: number
  bytesMax: number
  partitionBytesMax: number
  /** 0 and epoch 0: a new session. 0 and epoch -1: none. */
  sessionId: number
  sessionEpoch: number
}

export interface FetchedPartition {
  topicId: string
  partition: number
  errorCode: number
  /** Committed records end here: at an open transaction, or at the end of the log. -1 with most errors. */
  stableEnd: number
  abortedTransactions: AbortedTransaction[]
  recordSet: Buffer
  /**
   * The leader's log has no record of `lastEpoch` before `offset`: its newest epoch not above it, and the end of that
   * epoch.
   */
  diverging: { epoch: number; endOffset: number } | undefined
  /** The current leader, if another broker answered. */
  leader: { node: number; epoch: number } | undefined
}

/** The address of a leader named in the same answer. */
export interface NodeEndpoint {
  node: number
  host: string
  port: number
}

export interface Fetched {
  errorCode: number
  sessionId: number
  partitions: FetchedPartition[]
  endpoints: NodeEndpoint[]
}

export interface ForgottenPartition {
  topicId: string
  partition: number
}

/** Bytes of one partition: its number, leader epoch, offset, last epoch, log start, limit and tags. */
const PARTITION_BYTES = 33
const TOPIC_ID_BYTES = 16
const VARINT_BYTES_MAX = 5

/**
 * A fetch session (KIP-227) names only changes: partitions with a new position or leader epoch, and those to forget.
 */
export function fetchRequest(
  settings: FetchSettings,
  changed: readonly FetchPartition[],
  forgotten: readonly ForgottenPartition[],
): WireRequest<Fetched> {
  const writer = new FetchWriter(changed.length, forgotten.length)
  writer.int8(0) // tags of the header
  writer.int32(settings.maxWaitMs)
  writer.int32(settings.bytesMin)
  writer.int32(settings.bytesMax)
  writer.int8(READ_COMMITTED)
  writer.int32(settings.sessionId)
  writer.int32(settings.sessionEpoch)
  writer.topics(changed, each => {
    writer.int32(each.partition)
    writer.int32(each.leaderEpoch)
    writer.int64(each.offset)
    writer.int32(each.lastEpoch)
    writer.int64(-1) // log start, of followers only
    writer.int32(settings.partitionBytesMax)
    writer.int8(0)
  })
  writer.topics(forgotten, each => writer.int32(each.partition))
  writer.varint(1) // rack: the empty string
  writer.int8(0)
  return {
    apiKey: FETCH,
    apiVersion: VERSION,
    apiName: 'Fetch',
    body: writer.done(),
    decode: decodeFetch,
    timeoutMs: settings.maxWaitMs + GRACE_MS,
    answerBytesMax: settings.bytesMax + ANSWER_MARGIN_BYTES,
  }
}

/** The maximum size of the request is computed beforehand, so that nothing is joined or moved afterwards. */
class FetchWriter {
  private readonly buffer: Buffer
  private at = 0

  constructor(changed: number, forgotten: number) {
    const topicBytesMax = TOPIC_ID_BYTES + VARINT_BYTES_MAX + 1
    this.buffer = Buffer.allocUnsafe(64 + changed * (topicBytesMax + PARTITION_BYTES) + forgotten * (topicBytesMax + 4))
  }
  int8(value: number): void {
    this.at = this.buffer.writeInt8(value, this.at)
  }
  int32(value: number): void {
    this.at = this.buffer.writeInt32BE(value, this.at)
  }
  /** Up to 2^53, or -1. */
  int64(value: number): void {
    this.int32(Math.floor(value / 0x1_0000_0000))
    this.at = this.buffer.writeUInt32BE(value < 0 ? value + 0x1_0000_0000 : value % 0x1_0000_0000, this.at)
  }
  varint(value: number): void {
    let rest = value
    for (; rest > 0x7f; rest >>>= 7) this.buffer[this.at++] = (rest & 0x7f) | 0x80
    this.buffer[this.at++] = rest
  }
  /** An array of topics, each with an array of its partitions. */
  topics<T extends { topicId: string }>(list: readonly T[], write: (each: T) => void): void {
    const byId = new Map<string, T[]>()
    for (const each of list) {
      const known = byId.get(each.topicId)
      if (known) known.push(each)
      else byId.set(each.topicId, [each])
    }
    this.varint(byId.size + 1)
    for (const [topicId, partitions] of byId) {
      this.at += this.buffer.write(topicId, this.at, TOPIC_ID_BYTES, 'hex')
      this.varint(partitions.length + 1)
      for (const each of partitions) write(each)
      this.int8(0)
    }
  }
  done(): Buffer {
    return this.buffer.subarray(0, this.at)
  }
}

class FetchReader extends ByteReader {
  varint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.buffer[this.at++]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }
  /** The length of an array; 0 for null. */
  length(): number {
    return Math.max(0, this.varint() - 1)
  }
  topicId(): string {
    this.at += TOPIC_ID_BYTES
    return this.buffer.toString('hex', this.at - TOPIC_ID_BYTES, this.at)
  }
  bytes(): Buffer {
    const length = this.length()
    this.at += length
    return this.buffer.subarray(this.at - length, this.at)
  }
  /** Tagged fields; those that `take` does not read are skipped. */
  tags(take?: (tag: number) => void): void {
    for (let count = this.varint(); count > 0; count--) {
      const tag = this.varint()
      const length = this.varint()
      const end = this.at + length
      take?.(tag)
      this.at = end
    }
  }
}

const DIVERGING_EPOCH = 0
const CURRENT_LEADER = 1
const NODE_ENDPOINTS = 0

function decodeFetch(payload: Buffer): Fetched {
  const reader = new FetchReader(payload)
  reader.tags() // of the header
  reader.int32() // throttle time
  const errorCode = reader.int16()
  const sessionId = reader.int32()
  const partitions: FetchedPartition[] = []
  for (let topics = reader.length(); topics > 0; topics--) {
    const topicId = reader.topicId()
    for (let count = reader.length(); count > 0; count--) partitions.push(readPartition(reader, topicId))
    reader.tags()
  }
  const endpoints: NodeEndpoint[] = []
  reader.tags(tag => {
    if (tag === NODE_ENDPOINTS)
      for (let count = reader.length(); count > 0; count--) endpoints.push(readEndpoint(reader))
  })
  return { errorCode, sessionId, partitions, endpoints }
}

function readPartition(reader: FetchReader, topicId: string): FetchedPartition {
  const partition = reader.int32()
  const errorCode = reader.int16()
  reader.int64() // high watermark
  const stableEnd = reader.int64()
  reader.int64() // log start
  const abortedTransactions: AbortedTransaction[] = []
  for (let count = reader.length(); count > 0; count--) {
    abortedTransactions.push({ producerId: reader.bigint64(), firstOffset: reader.int64() })
    reader.tags()
  }
  reader.int32() // preferred read replica
  const fetched: FetchedPartition = {
    topicId,
    partition,
    errorCode,
    stableEnd,
    abortedTransactions,
    recordSet: reader.bytes(),
    diverging: undefined,
    leader: undefined,
  }
  reader.tags(tag => {
    if (tag === DIVERGING_EPOCH) fetched.diverging = { epoch: reader.int32(), endOffset: reader.int64() }
    else if (tag === CURRENT_LEADER) fetched.leader = leaderOf(reader.int32(), reader.int32())
  })
  return fetched
}

/** The broker sends -1 where it is unknown. */
const leaderOf = (node: number, epoch: number) => (node < 0 ? undefined : { node, epoch })

function readEndpoint(reader: FetchReader): NodeEndpoint {
  const node = reader.int32()
  const host = reader.bytes().toString('utf8')
  const port = reader.int32()
  reader.bytes() // rack
  reader.tags()
  return { node, host, port }
}
