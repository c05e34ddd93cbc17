/**
 * Sends one Produce request to one broker and interprets its answers: a leader that moved is noted in the cluster map,
 * and each batch learns whether the same bytes may succeed later. Sequences make that safe: the broker recognizes a
 * batch that it has already.
 */
import type { ClusterMap } from '../protocol/cluster.ts'
import { errorName, LEADER_MOVED, PRODUCE_AGAIN } from '../protocol/error-codes.ts'
import { type PartitionBatch, type ProduceResult, produceRequest } from '../protocol/produce-request.ts'
import { KafkaError, type Wire } from '../protocol/wire.ts'

const DUPLICATE_SEQUENCE_NUMBER = 46
/** Of an append: the markers of the producer's last transaction are still being written to the partition. */
export const MARKERS_TO_COME = 'INVALID_TXN_STATE'
/** The broker's own timeout is shorter than ours, so only a silent broker loses its connection. */
const DEADLINE_MS = { request: 4_000, broker: 3_000 }
/**
 * A suspect broker gets less time: a batch must not wait for it while its partition may have another leader already.
 */
const SUSPECT_DEADLINE_MS = { request: 1_500, broker: 1_000 }
const BACK_OFF_MS = { first: 50, longest: 1_000 }

/** The operations of the wire that a producer uses. */
export type ProduceWire = Pick<Wire, 'send' | 'cluster'>

export interface BatchAnswer<Batch> {
  batch: Batch
  /** Undefined: appended at `baseOffset`, which is -1 if the broker recognizes the batch but not its offset. */
  error: KafkaError | undefined
  baseOffset: number
  logAppendTimeMs: number
  /** The same bytes may succeed later. */
  again: boolean
  /** The answer named a newer leader: no pause before the next attempt. */
  moved: boolean
}

export interface SendOptions {
  transactionalId: string | null
  version: 11 | 12
  /** Connection to use; see `Wire.send`. */
  lane?: string
}

/** Sends at most one batch per partition to that broker. Never rejects: each batch has its answer. */
export async function sendBatches<Batch extends PartitionBatch>(
  wire: ProduceWire,
  node: number,
  batches: readonly Batch[],
  options: SendOptions,
): Promise<Array<BatchAnswer<Batch>>> {
  const { cluster } = wire
  const deadline = cluster.isSuspect(node) ? SUSPECT_DEADLINE_MS : DEADLINE_MS
  const { transactionalId, version, lane } = options
  try {
    const request = produceRequest(batches, {
      transactionalId,
      version,
      brokerTimeoutMs: deadline.broker,
      timeoutMs: deadline.request,
    })
    const results = await (lane === undefined ? wire.send(node, request) : wire.send(node, request, lane))
    const byPartition = new Map(results.map(result => [`${result.topic}/${result.partition}`, result]))
    return batches.map(batch =>
      answerTo(cluster, batch, byPartition.get(`${batch.topic}/${batch.partition}`), transactionalId === null),
    )
  } catch (thrown) {
    const error = asKafkaError(thrown)
    const again = isUnanswered(error)
    if (again) for (const { topic } of batches) cluster.stale(topic)
    return batches.map(batch => failure(batch, error, again))
  }
}

function answerTo<Batch extends PartitionBatch>(
  cluster: ClusterMap,
  batch: Batch,
  result: ProduceResult | undefined,
  isAppend: boolean,
): BatchAnswer<Batch> {
  const { topic, partition } = batch
  if (result === undefined)
    return failure(batch, new KafkaError('CONNECTION', `no answer about ${topic}/${partition}`), true)
  const { errorCode, baseOffset, logAppendTimeMs, leader } = result
  if (errorCode === 0 || errorCode === DUPLICATE_SEQUENCE_NUMBER)
    return { batch, error: undefined, baseOffset, logAppendTimeMs, again: false, moved: false }
  const type = errorName(errorCode)
  const error = new KafkaError(type, `${topic}/${partition} refused the batch: ${result.message || type}`)
  const moved = leader !== undefined && cluster.moved(topic, partition, leader)
  if (!moved && LEADER_MOVED.has(type)) cluster.stale(topic)
  return { ...failure(batch, error, PRODUCE_AGAIN.has(type) || (isAppend && type === MARKERS_TO_COME)), moved }
}

function failure<Batch>(batch: Batch, error: KafkaError, again: boolean): BatchAnswer<Batch> {
  return { batch, error, baseOffset: -1, logAppendTimeMs: -1, again, moved: false }
}

/** The request may or may not have arrived. */
export const isUnanswered = ({ type }: KafkaError): boolean => type === 'CONNECTION' || type === 'REQUEST_TIMEOUT'

export const asKafkaError = (thrown: unknown): KafkaError =>
  thrown instanceof KafkaError ? thrown : new KafkaError('UNKNOWN', String(thrown), { cause: thrown })

/** Pause before the attempt after `tries` failed ones. */
export const backOffMs = (tries: number): number => Math.min(BACK_OFF_MS.first * 2 ** (tries - 1), BACK_OFF_MS.longest)

/**
 * Loads the leaders of these topics, those without one again. Always resolves; a leader that is still unknown then does
 * not exist now.
 */
export async function loadLeaders(
  cluster: ClusterMap,
  partitions: Iterable<{ topic: string; partition: number }>,
): Promise<void> {
  const topics = new Set<string>()
  for (const { topic, partition } of partitions) {
    topics.add(topic)
    if (cluster.known(topic) !== undefined && cluster.leader(topic, partition) === undefined) cluster.stale(topic)
  }
  await cluster.load(topics).catch(() => undefined)
}
