/**
 * Writes the batches of one transaction, or of one append, to their partitions. A batch that may not have arrived is sent again unchanged,
 * until it is acknowledged or its topic's retry time is over. Partitions are independent: one that waits for its leader
 * delays no other.
 */
import type { Timer } from '../../clock.ts'
import type { OutRecord } from '../ports.ts'
import { KafkaError } from '../protocol/wire.ts'
import { BUSY, HELD_UP_MS, MARKERS_PAUSE_MS, MARKERS_TRIES, type Retrying } from './repeat.ts'
import {
  type BatchAnswer,
  backOffMs,
  loadLeaders,
  MARKERS_TO_COME,
  type ProduceWire,
  sendBatches,
} from './send-batches.ts'
import type { EncodedBatch, SequencedProducer } from './sequences.ts'
import { REQUEST_BYTES_MAX, type Slice, slicesOf } from './slices.ts'

/** Retry time of shared topics, which no shard can do without. */
export const SHARED_RETRY_TIME_MS = 20_000
/** Retry time of a topic that belongs to one organization, which can be paused instead. */
export const PAUSABLE_RETRY_TIME_MS = 1_000
const LOOK_MS = 250
/** The transaction cannot begin yet, or another partition kept this one out of it. */
const NOT_OF_THE_TOPIC: ReadonlySet<string> = new Set([BUSY, 'OPERATION_NOT_ATTEMPTED'])
/** The error of batches that were given up because another one of the transaction failed. */
export const INTERRUPTED = 'INTERRUPTED'

export interface ProducedBatch {
  records: OutRecord[]
  /** Undefined: appended at `baseOffset`. */
  error: KafkaError | undefined
  baseOffset: number
  logAppendTimeMs: number
}

/** Writes all records, in order per partition. Never rejects: each batch carries its result. */
export type Produce = (records: readonly OutRecord[]) => Promise<ProducedBatch[]>

export interface ProduceDeps extends Retrying {
  wire: ProduceWire
  /** Null: outside of transactions. */
  transactionalId: string | null
  version: 11 | 12
  /** Topics of single organizations, which get less retry time. */
  isPausable(topic: string): boolean
}

/** One partition's share of the transaction: one batch at a time. */
interface Stream {
  slices: Slice[]
  open: EncodedBatch | undefined
  node: number
  sentAtMs: number
  tries: number
  /** When the first attempt that failed on its partition was sent; undefined while none has. */
  troubledSinceMs: number | undefined
  lastError: KafkaError | undefined
}

export function createProduce(deps: ProduceDeps, producer: SequencedProducer): Produce {
  return records => new Promise(resolve => createRun(deps, producer, slicesOf(records), resolve).start())
}

function createRun(
  deps: ProduceDeps,
  producer: SequencedProducer,
  partitions: Slice[][],
  done: (results: ProducedBatch[]) => void,
) {
  const { wire, clock, transactionalId, version, isPausable } = deps
  const { cluster } = wire
  const startedAtMs = clock.monotonicMs()
  const results: ProducedBatch[] = []
  const streams = new Set<Stream>(
    partitions.map(slices => ({
      slices,
      open: undefined,
      node: -1,
      sentAtMs: 0,
      tries: 0,
      troubledSinceMs: undefined,
      lastError: undefined,
    })),
  )
  let isOver = false
  let timer: Timer | undefined
  /** A topic of one organization is given up only when it has failed for a while after everything else succeeded. */
  let lastAcknowledgedMs = startedAtMs

  /** Batches whose leader is not known wait for the cluster map. */
  async function send(list: Stream[]): Promise<void> {
    for (const stream of list) stream.open ??= producer.encode(stream.slices.shift()!, clock.machineMs())
    const unled = sendToLeaders(list)
    if (unled.length === 0) return
    await loadLeaders(cluster, unled.map(placeOf))
    if (isOver) return
    for (const stream of sendToLeaders(unled)) {
      const { topic, partition } = placeOf(stream)
      later(stream, new KafkaError(missingType(topic), `${topic}/${partition} has no leader now`))
    }
    look()
  }

  const missingType = (topic: string) =>
    cluster.known(topic)?.errorCode ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'LEADER_NOT_AVAILABLE'

  /** Returns those that have no leader now. */
  function sendToLeaders(list: Stream[]): Stream[] {
    const byNode = new Map<number, Stream[]>()
    const unled: Stream[] = []
    for (const stream of list) {
      const { topic, partition } = placeOf(stream)
      const leader = cluster.leader(topic, partition)
      if (leader === undefined) unled.push(stream)
      else if (byNode.has(leader.node)) byNode.get(leader.node)!.push(stream)
      else byNode.set(leader.node, [stream])
    }
    for (const [node, those] of byNode) for (const some of requestsOf(those)) void request(node, some)
    return unled
  }

  async function request(node: number, list: Stream[]): Promise<void> {
    const byBatch = new Map<EncodedBatch, Stream>()
    for (const stream of list) {
      stream.node = node
      stream.sentAtMs = clock.monotonicMs()
      byBatch.set(stream.open!, stream)
    }
    const answers = await sendBatches(wire, node, [...byBatch.keys()], { transactionalId, version })
    if (isOver) return
    const next: Stream[] = []
    for (const answer of answers) {
      if (isOver) return
      const stream = byBatch.get(answer.batch)!
      if (answer.again) {
        if (answer.moved) next.push(stream)
        else later(stream, answer.error!)
      } else if (settle(stream, answer)) next.push(stream)
    }
    look()
    if (!isOver && next.length > 0) void send(next)
  }

  /** True if more of this partition is to be sent. */
  function settle(stream: Stream, { batch, error, baseOffset, logAppendTimeMs }: BatchAnswer<EncodedBatch>): boolean {
    results.push({ records: batch.records, error, baseOffset, logAppendTimeMs })
    if (!error) lastAcknowledgedMs = clock.monotonicMs()
    stream.open = undefined
    stream.tries = 0
    stream.troubledSinceMs = undefined
    if (error) for (const { records } of stream.slices.splice(0)) results.push(unwritten(records, error))
    if (stream.slices.length > 0) return true
    streams.delete(stream)
    // Without a shared topic the transaction is lost. After an organization's failure the rest continues, so that all
    // failing topics are known at once.
    if (error && !isPausable(batch.topic)) giveUp()
    return false
  }

  function later(stream: Stream, error: KafkaError): void {
    stream.lastError = error
    if (!NOT_OF_THE_TOPIC.has(error.type)) stream.troubledSinceMs ??= stream.node < 0 ? startedAtMs : stream.sentAtMs
    if (error.type === BUSY && clock.monotonicMs() - startedAtMs >= HELD_UP_MS) void deps.onHeldUp?.()
    stream.tries++
    const isSoon = error.type === MARKERS_TO_COME && stream.tries <= MARKERS_TRIES
    clock.after(isSoon ? MARKERS_PAUSE_MS : backOffMs(stream.tries), () => {
      if (!isOver && streams.has(stream)) void sendAgain(stream)
    })
  }

  /**
   * The known leader may be the one that has just failed: the cluster map is refreshed before it gets the batch again.
   */
  async function sendAgain(stream: Stream): Promise<void> {
    await loadLeaders(cluster, [placeOf(stream)])
    if (!isOver && streams.has(stream)) await send([stream])
  }

  function look(): void {
    if (isOver) return
    const nowMs = clock.monotonicMs()
    if (streams.size === 0) finish()
    else if (deps.isClosed() || nowMs - startedAtMs >= SHARED_RETRY_TIME_MS) giveUp(true)
    else if ([...streams].every(stream => isLost(stream, nowMs))) giveUp()
  }

  /** A slow broker is normal; a silent one that is suspect is not. */
  function isLost(stream: Stream, nowMs: number): boolean {
    if (!isPausable(placeOf(stream).topic)) return false
    const { troubledSinceMs } = stream
    if (troubledSinceMs !== undefined)
      return nowMs - Math.max(troubledSinceMs, lastAcknowledgedMs) >= PAUSABLE_RETRY_TIME_MS
    return stream.node >= 0 && nowMs - stream.sentAtMs >= PAUSABLE_RETRY_TIME_MS && cluster.isSuspect(stream.node)
  }

  function giveUp(isTimeUp = false): void {
    if (isOver) return
    for (const { open, slices, lastError, node, troubledSinceMs } of streams) {
      const isAtFault = isTimeUp || troubledSinceMs !== undefined || cluster.isSuspect(node)
      const error = isAtFault
        ? (lastError ?? new KafkaError('REQUEST_TIMEOUT', `broker ${node} does not answer`))
        : new KafkaError(INTERRUPTED, 'another batch of the transaction failed')
      if (open) results.push(unwritten(open.records, error))
      for (const { records } of slices) results.push(unwritten(records, error))
    }
    finish()
  }

  function finish(): void {
    isOver = true
    timer?.cancel()
    done(results)
  }

  function lookLater(delayMs: number): void {
    timer = clock.after(delayMs, () => {
      look()
      if (!isOver) lookLater(LOOK_MS)
    })
  }

  return {
    start() {
      lookLater(PAUSABLE_RETRY_TIME_MS)
      void send([...streams])
      look()
    },
  }
}

const placeOf = ({ open, slices }: Stream): { topic: string; partition: number } => (open ?? slices[0])!

const unwritten = (records: OutRecord[], error: KafkaError): ProducedBatch => ({
  records,
  error,
  baseOffset: -1,
  logAppendTimeMs: -1,
})

function* requestsOf(streams: Stream[]): Generator<Stream[]> {
  let list: Stream[] = []
  let bytes = 0
  for (const stream of streams) {
    const more = stream.open!.batch.length
    if (list.length > 0 && bytes + more > REQUEST_BYTES_MAX) {
      yield list
      list = []
      bytes = 0
    }
    list.push(stream)
    bytes += more
  }
  yield list
}
