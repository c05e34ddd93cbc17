/**
 * One transactional id, written by whoever holds its lease. Opening it fences and settles the previous holder. After any failure the
 * writer is of no more use: what it wrote last either committed or did not, and only reopening settles it.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../observability/logger.ts'
import type { OutRecord } from '../ports.ts'
import { FENCED, RECORD_REFUSED } from '../protocol/error-codes.ts'
import { createLeaders } from '../protocol/leaders.ts'
import { patiently } from '../protocol/retry-transient.ts'
import { endTransactionRequest, transactionVersionRequest } from '../protocol/transaction-requests.ts'
import { KafkaError, type KafkaSettings, openWire, type ProducerIdentity, type Wire } from '../protocol/wire.ts'
import { createProduce, type Produce, type ProducedBatch } from './produce.ts'

/** An open transaction of a dead holder holds up readers of what it wrote for this long at most. */
const TRANSACTION_TIMEOUT_MS = 10_000

/**
 * `aborted`: nothing of it is visible, nor will be. `fenced`: the same, and another process holds the id. `unknown`: the commit was sent
 * and not answered. `refused`: aborted because the broker does not take these very records.
 */
export type CommitOutcome = 'aborted' | 'refused' | 'fenced' | 'unknown'

export class CommitFailed extends Error {
  readonly outcome: CommitOutcome
  constructor(outcome: CommitOutcome, cause: KafkaError) {
    super(`transaction ${outcome}: ${cause.message}`, { cause })
    this.name = 'CommitFailed'
    this.outcome = outcome
  }
}

export interface TransactionalWriter {
  /** Writes all records in one transaction, after those asked for before; answers where they are. Rejects with `CommitFailed`; the writer is closed then. */
  commit(records: readonly OutRecord[]): Promise<ProducedBatch[]>
  close(): Promise<void>
}

export async function openTransactionalWriter(deps: {
  kafka: KafkaSettings
  transactionalId: string
  clock: Clock
  logger: Logger
  /** Which of the two protocols; by default what the cluster has agreed on. */
  protocol?: 'announced' | 'joining'
}): Promise<TransactionalWriter> {
  const { clock, transactionalId } = deps
  const wire = await openWire(deps.kafka, deps.logger)
  try {
    const identity = await patiently(clock, () => wire.initProducerId(transactionalId, TRANSACTION_TIMEOUT_MS))
    const protocol = deps.protocol ?? ((await wire.sendToAny(transactionVersionRequest())).version >= 2 ? 'joining' : 'announced')
    const transactions = protocol === 'joining' ? createJoiningTransactions : createAnnouncedTransactions
    return writerOver(wire, transactions({ wire, transactionalId, identity, clock }))
  } catch (error) {
    await wire.close()
    throw error
  }
}

function writerOver(wire: Wire, transactions: Transactions): TransactionalWriter {
  let usable = true

  async function fail(outcome: CommitOutcome, error: unknown): Promise<never> {
    usable = false
    await wire.close().catch(() => undefined)
    const cause = error instanceof KafkaError ? error : new KafkaError('UNKNOWN', String(error), { cause: error })
    throw new CommitFailed(FENCED.has(cause.type) ? 'fenced' : outcome, cause)
  }

  async function commitNow(records: readonly OutRecord[]): Promise<ProducedBatch[]> {
    if (!usable) throw new CommitFailed('aborted', new KafkaError('CLOSED', 'the writer is closed'))
    if (records.length === 0) return []
    let batches: ProducedBatch[]
    try {
      batches = await transactions.write(records)
    } catch (error) {
      return fail('aborted', error)
    }
    const failed = batches.find(batch => batch.error)?.error
    if (failed) return fail(RECORD_REFUSED.has(failed.type) ? 'refused' : 'aborted', failed)
    try {
      await transactions.end()
    } catch (error) {
      return fail('unknown', error)
    }
    return batches
  }

  /** Settles with the last commit that was asked for. */
  let last: Promise<unknown> = Promise.resolve()

  return {
    commit(records) {
      const committed = last.then(() => commitNow(records))
      last = committed.catch(() => undefined)
      return committed
    },
    async close() {
      usable = false
      await wire.close()
    },
  }
}

/** One transaction after the other: `write` begins one, `end` commits it. */
interface Transactions {
  write: Produce
  end(): Promise<void>
}

interface TransactionsDeps {
  wire: Wire
  transactionalId: string
  identity: ProducerIdentity
  clock: Clock
}

const PERSIST_MS = 5_000

/** As Kafka has had them since 0.11: the coordinator is told of partitions before they are written to. */
function createAnnouncedTransactions({ wire, transactionalId, identity, clock }: TransactionsDeps): Transactions {
  const produce = createProduce({ wire, leaders: createLeaders(wire), clock, identity, transactionalId, persistMs: PERSIST_MS })
  return {
    async write(records) {
      await patiently(clock, () => wire.addPartitionsToTransaction(transactionalId, identity, partitionsOf(records)))
      return produce(records)
    },
    end: () => patiently(clock, () => wire.endTransaction(transactionalId, identity, true)),
  }
}

/** KIP-890, with brokers from 4.0: a round trip less for each, and an epoch of its own, so that nothing late counts for the next one. */
function createJoiningTransactions({ wire, transactionalId, identity: first, clock }: TransactionsDeps): Transactions {
  const leaders = createLeaders(wire)
  let identity = first
  return {
    // Sequences begin anew with each epoch, and so does what counts them.
    write: records => createProduce({ wire, leaders, clock, identity, transactionalId, joining: true, persistMs: PERSIST_MS })(records),
    async end() {
      identity = await patiently(clock, () =>
        wire.sendToCoordinator(transactionalId, endTransactionRequest(transactionalId, identity, true)),
      )
    },
  }
}

function partitionsOf(records: readonly OutRecord[]): Map<string, number[]> {
  const topics = new Map<string, Set<number>>()
  for (const { topic, partition } of records) {
    const known = topics.get(topic)
    if (known) known.add(partition)
    else topics.set(topic, new Set([partition]))
  }
  return new Map([...topics].map(([topic, partitions]) => [topic, [...partitions]]))
}
