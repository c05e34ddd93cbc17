/**
 * One transactional id, written by whoever holds its lease. Opening it fences and settles the previous holder. After any failure the
 * writer is of no more use: what it wrote last either committed or did not, and only reopening settles it.
 */
import type { Clock } from '../clock.ts'
import type { Logger } from '../observability/logger.ts'
import { FENCED, RECORD_REFUSED } from './error-codes.ts'
import { createLeaders } from './leaders.ts'
import { patiently } from './patience.ts'
import type { OutRecord } from './ports.ts'
import { createProduce, type ProducedBatch } from './produce.ts'
import { KafkaError, type KafkaSettings, openWire, type ProducerIdentity, type Wire } from './wire.ts'

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
  readonly identity: ProducerIdentity
  /** Writes all records in one transaction; answers where they are. Rejects with `CommitFailed`; the writer is closed then. */
  commit(records: readonly OutRecord[]): Promise<ProducedBatch[]>
  close(): Promise<void>
}

export async function openTransactionalWriter(deps: {
  kafka: KafkaSettings
  transactionalId: string
  clock: Clock
  logger: Logger
}): Promise<TransactionalWriter> {
  const { clock, transactionalId } = deps
  const wire = await openWire(deps.kafka, deps.logger)
  try {
    const identity = await patiently(clock, () => wire.initProducerId(transactionalId, TRANSACTION_TIMEOUT_MS))
    return writerOver(wire, transactionalId, identity, clock)
  } catch (error) {
    await wire.close()
    throw error
  }
}

function writerOver(wire: Wire, transactionalId: string, identity: ProducerIdentity, clock: Clock): TransactionalWriter {
  const leaders = createLeaders(wire)
  const produce = createProduce({ wire, leaders, clock, identity, transactionalId, persistMs: 5_000 })
  let usable = true

  async function fail(outcome: CommitOutcome, error: unknown): Promise<never> {
    usable = false
    await wire.close().catch(() => undefined)
    const cause = error instanceof KafkaError ? error : new KafkaError('UNKNOWN', String(error), { cause: error })
    throw new CommitFailed(FENCED.has(cause.type) ? 'fenced' : outcome, cause)
  }

  return {
    identity,
    async commit(records) {
      if (!usable) throw new CommitFailed('aborted', new KafkaError('CLOSED', 'the writer is closed'))
      if (records.length === 0) return []
      try {
        await patiently(clock, () => wire.addPartitionsToTransaction(transactionalId, identity, partitionsOf(records)))
      } catch (error) {
        return fail('aborted', error)
      }
      const batches = await produce(records)
      const failed = batches.find(batch => batch.error)?.error
      if (failed) return fail(RECORD_REFUSED.has(failed.type) ? 'refused' : 'aborted', failed)
      try {
        await patiently(clock, () => wire.endTransaction(transactionalId, identity, true))
      } catch (error) {
        return fail('unknown', error)
      }
      return batches
    },
    async close() {
      usable = false
      await wire.close()
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
