/** A wire whose Produce requests wait for the test to answer them, in Kafka's own bytes, over a cluster map that the test moves by hand. */
import type { ClusterMap } from '../../src/kafka/protocol/cluster.ts'
import {
  CompactReader,
  compact,
  compactArray,
  flat,
  int16,
  int32,
  int64,
  NO_TAGS,
} from '../../src/kafka/protocol/flexible.ts'
import type { LeaderHint } from '../../src/kafka/protocol/produce-request.ts'
import { KafkaError, type ProducerIdentity, type WireRequest } from '../../src/kafka/protocol/wire.ts'

export interface SentBatch {
  topic: string
  partition: number
  producerId: number
  sequence: number
  records: number
}

export interface PartitionAnswer {
  errorCode?: number
  baseOffset?: number
  leader?: LeaderHint
}

export interface SentRequest {
  node: number
  lane: string
  timeoutMs: number | undefined
  transactionalId: string
  batches: SentBatch[]
  /** By `<topic>/<partition>`; those not named are appended at offset 0. */
  answer(partitions?: Record<string, PartitionAnswer>): Promise<void>
  fail(type: string): Promise<void>
}

export interface ScriptedWire {
  wire: {
    cluster: ClusterMap
    send<T>(nodeId: number, request: WireRequest<T>, lane?: string): Promise<T>
    initProducerId(): Promise<ProducerIdentity>
  }
  /** Requests that are not answered yet, oldest first. */
  open: SentRequest[]
  /** Every request ever sent. */
  sent: SentRequest[]
  /** The leader of `<topic>/<partition>` by the cluster; -1: none. The map learns it by its next load. */
  lead(place: string, node: number): void
  suspects: Set<number>
  /** Loads of topics so far. */
  loads: string[][]
}

/** Lets everything that waits for an answer, and nothing else, go on. */
export const settle = (): Promise<void> => new Promise(resolve => setImmediate(() => setImmediate(resolve)))

export function createScriptedWire(): ScriptedWire {
  const leaders = new Map<string, number>()
  const known = new Map<string, number>()
  const topics = new Set<string>()
  const stale = new Set<string>()
  const suspects = new Set<number>()
  const open: SentRequest[] = []
  const sent: SentRequest[] = []
  const loads: string[][] = []
  let producers = 0

  const cluster: ClusterMap = {
    known: topic => (topics.has(topic) ? { topic, id: '', errorCode: 0, partitions: [] } : undefined),
    leader(topic, partition) {
      const node = known.get(`${topic}/${partition}`)
      return node === undefined || node < 0 ? undefined : { node, epoch: -1 }
    },
    async load(asked) {
      const wanted = [...asked].filter(topic => stale.has(topic) || !topics.has(topic))
      if (wanted.length === 0) return
      loads.push(wanted)
      for (const topic of wanted) {
        stale.delete(topic)
        topics.add(topic)
        for (const [place, node] of leaders) if (place.startsWith(`${topic}/`)) known.set(place, node)
      }
    },
    stale: topic => void stale.add(topic),
    moved(topic, partition, to) {
      known.set(`${topic}/${partition}`, to.node)
      return true
    },
    suspect: node => void suspects.add(node),
    isSuspect: node => suspects.has(node),
    ailing: () => [],
    addresses: () => [],
  }

  function send<T>(node: number, request: WireRequest<T>, lane = ''): Promise<T> {
    return new Promise((resolve, reject) => {
      const { transactionalId, batches } = readProduce(request.body)
      const close = () => void open.splice(open.indexOf(each), 1)
      const each: SentRequest = {
        node,
        lane,
        timeoutMs: request.timeoutMs,
        transactionalId,
        batches,
        answer(partitions = {}) {
          close()
          resolve(request.decode(produceAnswer(batches, partitions)))
          return settle()
        },
        fail(type) {
          close()
          reject(new KafkaError(type, type))
          return settle()
        },
      }
      open.push(each)
      sent.push(each)
    })
  }

  return {
    wire: { cluster, send, initProducerId: async () => ({ producerId: BigInt(++producers), producerEpoch: 0 }) },
    open,
    sent,
    lead: (place, node) => void leaders.set(place, node),
    suspects,
    loads,
  }
}

/** Produce version 11 or 12. */
function readProduce(body: Buffer): { transactionalId: string; batches: SentBatch[] } {
  const reader = new CompactReader(body)
  reader.tags()
  const transactionalId = reader.string()
  reader.int16() // acks
  reader.int32() // timeout
  const batches = reader.array(() => {
    const topic = reader.string()
    const partitions = reader.array(() => {
      const partition = reader.int32()
      const batch = reader.bytes()
      reader.tags()
      return {
        topic,
        partition,
        producerId: Number(batch.readBigInt64BE(43)),
        sequence: batch.readInt32BE(53),
        records: batch.readInt32BE(57),
      }
    })
    reader.tags()
    return partitions
  })
  return { transactionalId, batches: batches.flat() }
}

export function produceAnswer(
  batches: ReadonlyArray<{ topic: string; partition: number }>,
  answers: Record<string, PartitionAnswer>,
): Buffer {
  const hints = Object.values(answers).flatMap(({ leader }) => (leader?.host === undefined ? [] : [leader]))
  const endpoints = compactArray(
    hints.map(({ node, host, port }) => [int32(node), compact(host!), int32(port!), Buffer.of(0), NO_TAGS]),
  )
  const topics = batches.map(({ topic, partition }) => {
    const { errorCode = 0, baseOffset = errorCode === 0 ? 0 : -1, leader } = answers[`${topic}/${partition}`] ?? {}
    const current =
      leader === undefined
        ? NO_TAGS
        : Buffer.concat([Buffer.of(1), tag(0, [int32(leader.node), int32(leader.epoch), NO_TAGS])])
    const fields = [
      int32(partition),
      int16(errorCode),
      int64(BigInt(baseOffset)),
      int64(-1n),
      int64(0n),
      compactArray([]),
      Buffer.of(0),
      current,
    ]
    return [compact(topic), compactArray([fields]), NO_TAGS]
  })
  const tags = hints.length === 0 ? NO_TAGS : Buffer.concat([Buffer.of(1), tag(0, [endpoints])])
  return Buffer.concat(flat([NO_TAGS, compactArray(topics), int32(0), tags]))
}

/** Number and length fit in a byte each. */
function tag(number: number, parts: Parameters<typeof flat>[0]): Buffer {
  const bytes = Buffer.concat(flat(parts))
  return Buffer.concat([Buffer.of(number, bytes.length), bytes])
}
