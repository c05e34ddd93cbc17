/**
 * One transactional id, written by the owner of its lease. Opening it fences the previous owner and ends its
 * transaction. Before EndTxn a failed transaction is aborted; once the coordinator has confirmed that, the writer goes
 * on. From the first byte of EndTxn on, only the log shows the outcome.
 *
 * With a `home`, records that fit into one batch of that partition are appended outside of a transaction: a batch is
 * atomic, and once the next owner has written to the partition the broker refuses this one there (decision 0141).
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import type { OutRecord } from '../ports.ts'
import { encodedBytesMax } from '../protocol/encode-batch.ts'
import { RECORD_REFUSED } from '../protocol/error-codes.ts'
import { transactionVersionRequest } from '../protocol/transaction-requests.ts'
import { KafkaError, type KafkaSettings, openWire } from '../protocol/wire.ts'
import { CommitFailed, type FailedTopic } from './commit-failed.ts'
import { createMarkerAccess } from './marker-access.ts'
import { INTERRUPTED, type ProducedBatch } from './produce.ts'
import { repeat } from './repeat.ts'
import { asKafkaError } from './send-batches.ts'
import { SLICE_BYTES_MAX } from './slices.ts'
import {
  createAnnouncedTransactions,
  createJoiningTransactions,
  TRANSACTION_TIMEOUT_MS,
  type Transactions,
} from './transactions.ts'

export { CommitFailed, type CommitOutcome, type FailedTopic } from './commit-failed.ts'

const OPEN_RETRY_TIME_MS = 20_000

/** Another process holds the id, or its producer was replaced since 32,767 epochs have run out. */
const FENCED: ReadonlySet<string> = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
])

/** The partition had joined the transaction, and has too few in-sync replicas to take its end marker. */
const REFUSES_MARKERS: ReadonlySet<string> = new Set([
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
])

export interface Home {
  topic: string
  partition: number
}

export interface TransactionalWriter {
  /**
   * Writes all records in one transaction, after those requested before; returns their positions. Rejects with
   * `CommitFailed`, and so do commits that were requested before the failure was known. After a confirmed abort the
   * writer accepts further commits, otherwise it is closed.
   */
  commit(records: readonly OutRecord[]): Promise<ProducedBatch[]>
  /** Of the next records; another id than that of the owner before does not fence its appends. */
  producerId(): bigint
  close(): Promise<void>
}

export async function openTransactionalWriter(deps: {
  kafka: KafkaSettings
  transactionalId: string
  clock: Clock
  logger: Logger
  /** One of the two protocols; by default the one that the cluster has agreed on. */
  protocol?: 'announced' | 'joining'
  /**
   * Whether a topic belongs to one organization, which can be paused: it is retried for a second, others for 20. None
   * by default.
   */
  isPausable?: (topic: string) => boolean
  /** Where one batch is appended outside of a transaction; absent: nowhere. */
  home?: Home | undefined
  /** Aborts the opening, which may wait long for a coordinator: it rejects then. */
  signal?: AbortSignal
}): Promise<TransactionalWriter> {
  const { clock, transactionalId, isPausable = () => false } = deps
  const wire = await openWire(deps.kafka, deps.logger)
  const access = createMarkerAccess({ wire, transactionalId, logger: deps.logger, isPausable })
  const state = { isClosed: false }
  const retrying = { clock, isClosed: () => state.isClosed, onHeldUp: access.open }
  const close = async () => {
    state.isClosed = true
    await access.close()
    await wire.close()
  }
  const stop = () => void close().catch(() => undefined)
  deps.signal?.addEventListener('abort', stop)
  try {
    deps.signal?.throwIfAborted()
    const identity = await repeat(retrying, OPEN_RETRY_TIME_MS, () =>
      wire.initProducerId(transactionalId, TRANSACTION_TIMEOUT_MS),
    )
    await access.close()
    const protocol =
      deps.protocol ?? ((await wire.sendToAny(transactionVersionRequest())).version >= 2 ? 'joining' : 'announced')
    const transactions = protocol === 'joining' ? createJoiningTransactions : createAnnouncedTransactions
    return writerOver(transactions({ ...retrying, wire, transactionalId, identity, isPausable }), {
      close,
      settled: access.close,
      unknown: deps.kafka.observer?.commitUnknown,
      home: deps.home,
    })
  } catch (error) {
    await close()
    throw error
  } finally {
    deps.signal?.removeEventListener('abort', stop)
  }
}

/** Decides the consequence of a failure. */
export function writerOver(
  transactions: Transactions,
  /** `settled`: the id is no longer blocked. */
  connection: {
    close(): Promise<void>
    settled(): Promise<void>
    unknown?: (() => void) | undefined
    home?: Home | undefined
  },
): TransactionalWriter {
  let isUsable = true
  let failures = 0

  async function close(): Promise<void> {
    isUsable = false
    await connection.close().catch(() => undefined)
  }

  /** Before EndTxn: nothing has been committed, whether or not the abort succeeds. */
  async function abort(cause: KafkaError, batches: readonly ProducedBatch[]): Promise<never> {
    const isFenced = FENCED.has(cause.type)
    const failedTopics = failedTopicsOf(batches)
    const outcome = failedTopics.some(({ type }) => RECORD_REFUSED.has(type)) ? 'refused' : 'aborted'
    // A fenced writer has nothing to abort: the next owner has done it.
    const abortConfirmed = !isFenced && isUsable && (await isConfirmed(abortAndRenew(failedTopics)))
    if (!abortConfirmed) await close()
    throw new CommitFailed({ outcome, cause, isFenced, abortConfirmed, failedTopics })
  }

  async function abortAndRenew(failedTopics: readonly FailedTopic[]): Promise<void> {
    await transactions.abort()
    await transactions.renew(failedTopics.some(({ type }) => REFUSES_MARKERS.has(type))).finally(connection.settled)
  }

  /** There is nothing to abort: after a failure only the log shows whether it is there. */
  async function appendNow(records: readonly OutRecord[]): Promise<ProducedBatch[]> {
    const batches = await transactions.append(records)
    const cause = causeOf(batches)
    if (cause === undefined) return batches
    const isFenced = FENCED.has(cause.type)
    const outcome = RECORD_REFUSED.has(cause.type) ? 'refused' : 'unknown'
    if (outcome === 'unknown' && !isFenced) connection.unknown?.()
    await close()
    throw new CommitFailed({ outcome, cause, isFenced })
  }

  async function commitNow(records: readonly OutRecord[]): Promise<ProducedBatch[]> {
    let batches: ProducedBatch[]
    try {
      batches = await transactions.write(records)
      await connection.settled()
    } catch (error) {
      return abort(asKafkaError(error), [])
    }
    const failed = causeOf(batches)
    if (failed) return abort(failed, batches)
    try {
      await transactions.commit().finally(connection.settled)
    } catch (error) {
      connection.unknown?.()
      await close()
      const cause = asKafkaError(error)
      throw new CommitFailed({ outcome: 'unknown', cause, isFenced: FENCED.has(cause.type) })
    }
    return batches
  }

  /** Settles with the last requested commit. */
  let last: Promise<unknown> = Promise.resolve()

  return {
    commit(records) {
      const failuresBefore = failures
      const committed = last.then(async () => {
        if (!isUsable)
          throw new CommitFailed({ outcome: 'aborted', cause: new KafkaError('CLOSED', 'the writer is closed') })
        if (failures > failuresBefore) throw new CommitFailed({ outcome: 'aborted', cause: new KafkaError(INTERRUPTED, 'the commit before it failed') }) // biome-ignore format: one thought
        if (records.length === 0) return []
        return isOneBatch(records, connection.home) ? appendNow(records) : commitNow(records)
      })
      last = committed.catch(() => void failures++)
      return committed
    },
    close,
    producerId: transactions.producerId,
  }
}

function isOneBatch(records: readonly OutRecord[], home: Home | undefined): boolean {
  if (home === undefined) return false
  let bytes = 0
  for (const record of records) {
    bytes += encodedBytesMax(record)
    if (record.topic !== home.topic || record.partition !== home.partition || bytes > SLICE_BYTES_MAX) return false
  }
  return true
}

const isConfirmed = (abort: Promise<void>): Promise<boolean> =>
  abort.then(
    () => true,
    () => false,
  )

/** The most significant error: a fencing first, then a permanent refusal. */
function causeOf(batches: readonly ProducedBatch[]): KafkaError | undefined {
  const errors = batches.flatMap(({ error }) => (error === undefined ? [] : [error]))
  return (
    errors.find(({ type }) => FENCED.has(type)) ??
    errors.find(({ type }) => RECORD_REFUSED.has(type)) ??
    errors.find(({ type }) => type !== INTERRUPTED) ??
    errors[0]
  )
}

function failedTopicsOf(batches: readonly ProducedBatch[]): FailedTopic[] {
  const failed = new Map<string, FailedTopic>()
  for (const { error, records } of batches) {
    if (error === undefined || error.type === INTERRUPTED) continue
    const { topic, partition } = records[0]!
    failed.set(`${topic}/${partition}`, { topic, partition, type: error.type })
  }
  return [...failed.values()]
}
