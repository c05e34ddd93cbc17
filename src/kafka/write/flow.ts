/**
 * The queue of appends to one partition: at most one batch in flight, and the appends that wait behind it. Callers are
 * answered here; each function returns how many were.
 */
import type { LogPosition, OutRecord } from '../ports.ts'
import { encodedBytesMax } from '../protocol/encode-batch.ts'
import { KafkaError } from '../protocol/wire.ts'
import { AppendFailed } from './append-failed.ts'
import type { EncodedBatch, SequencedProducer } from './sequences.ts'
import { SLICE_BYTES_MAX } from './slices.ts'

export interface Append {
  record: OutRecord
  /** Deadline at which its caller gets an error if it is not acknowledged. */
  dueAtMs: number
  resolve(position: LogPosition): void
  reject(error: Error): void
}

export interface Flow {
  topic: string
  partition: number
  /** Not sent yet. */
  waiting: Append[]
  /** Sent at least once, not acknowledged. */
  open: OpenBatch | undefined
  isInFlight: boolean
  /** It is retried after a pause. */
  isPausing: boolean
  tries: number
  isSlow: boolean
  lastError: KafkaError | undefined
}

export interface OpenBatch extends EncodedBatch {
  /** Callers by the index of their record; undefined: answered already. */
  appends: Array<Append | undefined>
  producer: LaneProducer
  attempts: number
}

/** `isSpoiled`: some of its sequence numbers may be ahead of the log, so no further batch gets one. */
export interface LaneProducer extends SequencedProducer {
  isSpoiled: boolean
}

export const createFlow = (topic: string, partition: number): Flow => ({
  topic,
  partition,
  waiting: [],
  open: undefined,
  isInFlight: false,
  isPausing: false,
  tries: 0,
  isSlow: false,
  lastError: undefined,
})

export const isEmpty = ({ open, waiting }: Flow): boolean => open === undefined && waiting.length === 0

/** Nothing is left to send, nor to remember. */
export const isIdle = (flow: Flow): boolean => isEmpty(flow) && !flow.isInFlight && !flow.isPausing && !flow.isSlow

export const isAnswered = ({ appends }: OpenBatch): boolean => appends.every(each => each === undefined)

/** As many waiting appends as fit into a batch. */
export function nextBatch(flow: Flow, producer: LaneProducer, recordsMax: number, timestampMs: number): OpenBatch {
  const { topic, partition, waiting } = flow
  let count = 0
  let bytesMax = 0
  for (; count < waiting.length && count < recordsMax; count++) {
    const more = encodedBytesMax(waiting[count]!.record)
    if (count > 0 && bytesMax + more > SLICE_BYTES_MAX) break
    bytesMax += more
  }
  const appends = count === waiting.length ? waiting : waiting.slice(0, count)
  flow.waiting = count === waiting.length ? [] : waiting.slice(count)
  const records = appends.map(each => each.record)
  return { ...producer.encode({ topic, partition, records, bytesMax }, timestampMs), appends, producer, attempts: 0 }
}

export function acknowledgeBatch({ appends }: OpenBatch, baseOffset: number, timestampMs: number): number {
  let answered = 0
  appends.forEach((each, index) => {
    if (each === undefined) return
    answered++
    each.resolve({ offset: baseOffset + index, timestampMs })
  })
  return answered
}

/** `isDue`: only those. */
export function rejectBatch(
  { appends }: OpenBatch,
  error: KafkaError,
  mayBeThere: boolean,
  isDue: (append: Append) => boolean = () => true,
): number {
  let answered = 0
  appends.forEach((each, index) => {
    if (each === undefined || !isDue(each)) return
    appends[index] = undefined
    answered++
    each.reject(new AppendFailed(error, mayBeThere))
  })
  return answered
}

/** The first `count` of the appends that were never sent. */
export function rejectWaiting(flow: Flow, count: number, error: KafkaError): number {
  const rejected = flow.waiting.splice(0, count)
  for (const each of rejected) each.reject(new AppendFailed(error, false))
  return rejected.length
}

export interface Expired {
  answered: number
  /** The next deadline of its appends. */
  nextAtMs: number
  /** No caller waits for the batch any more. */
  isBatchOver: boolean
  error: KafkaError
}

/** Rejects the appends whose deadline has passed. */
export function expireFlow(flow: Flow, nowMs: number): Expired {
  const { open, topic, partition } = flow
  const error =
    flow.lastError ?? new KafkaError('REQUEST_TIMEOUT', `no broker has acknowledged ${topic}/${partition} in time`)
  let answered = open ? rejectBatch(open, error, true, ({ dueAtMs }) => dueAtMs <= nowMs) : 0
  const isBatchOver = open !== undefined && isAnswered(open)
  // A batch in flight keeps its partition until its request is answered, which preserves the order.
  if (isBatchOver && !flow.isInFlight) flow.open = undefined
  const due = flow.waiting.findIndex(each => each.dueAtMs > nowMs)
  answered += rejectWaiting(flow, due < 0 ? flow.waiting.length : due, error)
  const left = [...(open?.appends ?? []), flow.waiting[0]].map(each => each?.dueAtMs ?? Number.POSITIVE_INFINITY)
  return {
    answered,
    nextAtMs: left.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY),
    isBatchOver,
    error,
  }
}
