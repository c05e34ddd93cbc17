/**
 * The outcome of a transaction whose commit had no answer, or one that says nothing, read from the log. Each batch was acknowledged with its offset,
 * and a reader of committed records passes an offset only once the transaction there has ended: it either sees our record or knows that it was aborted.
 */
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../observability/logger.ts'
import type { LogReader, LogReaderEvents } from '../ports.ts'
import type { KafkaSettings } from '../protocol/wire.ts'
import { createLogReader } from '../read/log-reader.ts'
import type { ProducedBatch } from './produce.ts'

export const SETTLE_TIMEOUT_MS = 20_000

/** `unknown`: the log did not say in time; the transaction may have happened. */
export type SettledOutcome = 'committed' | 'aborted' | 'unknown'

/**
 * Reads at the offset of one of the batches, by default for 20 s. A transaction that is still open is settled by whoever opens its id next, so the
 * caller does that first. The partition must not be compacted meanwhile, which Kafka leaves alone while its segment is the newest one.
 */
export async function settleOutcome(deps: {
  kafka: KafkaSettings
  clock: Clock
  logger: Logger
  /** `CommitFailed.batches`. */
  batches: readonly ProducedBatch[]
  timeoutMs?: number
}): Promise<SettledOutcome> {
  return settleWith(deps, events => createLogReader({ ...deps, events }))
}

export async function settleWith(
  deps: { clock: Clock; batches: readonly ProducedBatch[]; timeoutMs?: number },
  open: (events: LogReaderEvents) => LogReader,
): Promise<SettledOutcome> {
  const { clock, timeoutMs = SETTLE_TIMEOUT_MS } = deps
  const batch = deps.batches.find(({ error, baseOffset }) => error === undefined && baseOffset >= 0)
  if (!batch) return 'unknown'
  const { topic, partition } = batch.records[0]!
  let settle: (outcome: SettledOutcome) => void = () => undefined
  const settled = new Promise<SettledOutcome>(resolve => {
    settle = resolve
  })
  const reader = open({
    onRecords(_topic, _partition, records, nextOffset) {
      if (records.some(({ offset }) => offset === batch.baseOffset)) settle('committed')
      else if (nextOffset > batch.baseOffset) settle('aborted')
    },
    // The log is not the one that was written to.
    onReplaced: () => settle('unknown'),
    onGap: () => settle('unknown'),
    onFatal: () => settle('unknown'),
  })
  const timer = clock.after(timeoutMs, () => settle('unknown'))
  reader.assign(topic, partition, batch.baseOffset)
  const outcome = await settled
  timer.cancel()
  await reader.close()
  return outcome
}
