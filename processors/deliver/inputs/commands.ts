/** The reader of `deliveries.commands`: manual retries, redrives and cancellations, and messages of workflows. */
import type { Clock } from '../../../src/clock.ts'
import type { LogRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { deliveriesCommands, deliveryCommandCodec } from '../../../topics/deliveries-commands.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { Redrives } from '../catch-up/redrives.ts'
import type { MemoryBudget } from '../dispatch/memory-budget.ts'
import type { DeliveryShard } from '../shard.ts'
import type { ManualRetries } from '../state/manual-retries.ts'
import type { OpenRecord, Progress } from '../state/progress.ts'
import type { Cancellation } from './cancellation.ts'

export interface CommandReader {
  receive(records: LogRecord[], nextOffset: number): void
  /** Reads on, if it had paused for lack of memory and there is some again. */
  goOn(): void
}

export function createCommandReader(deps: {
  handle: ShardHandle
  progress: Progress
  shard: DeliveryShard
  manualRetries: ManualRetries
  cancellation: Cancellation
  redrives: Pick<Redrives, 'begin'>
  budget: MemoryBudget
  clock: Clock
}): CommandReader {
  const { handle, progress, shard, manualRetries, cancellation, budget, clock } = deps
  let paused = false

  function retry(record: RetryRecord, commandId: string, openRecord: OpenRecord): void {
    const nowMs = Math.round(clock.nowMs())
    // A second call for the same attempt: it has been made, or is under way.
    if (manualRetries.accept(record.deliveryId, record.attempts, commandId, nowMs))
      shard.takeManualRetry(
        { ...record, dueAtMs: nowMs },
        { source: { progress, record: openRecord, part: 0 }, countedAs: 'nothing' },
      )
    else progress.end(openRecord, 0)
  }

  /** A message of a workflow, which counts for no emit. */
  function send(record: RetryRecord, openRecord: OpenRecord): void {
    const dueAtMs = Math.min(record.dueAtMs, Math.round(clock.nowMs()))
    shard.take({ ...record, dueAtMs }, { source: { progress, record: openRecord, part: 0 }, countedAs: 'nothing' })
  }

  function open(log: LogRecord): void {
    const openRecord = progress.begin(log, 1)
    if (!openRecord) return
    const command = deliveryCommandCodec.decode(log.value!)
    if (command.range) deps.redrives.begin(command, command.range, () => progress.end(openRecord, 0))
    else if (command.kind === 'cancel') {
      const onEnd = () => progress.end(openRecord, 0)
      const number = command.sequence ?? command.event?.sequence
      cancellation.delivery(command.deliveryId, command.webhookId, onEnd, number)
    } else if (command.record?.trigger === 'test') send(command.record, openRecord)
    else if (command.record) retry(command.record, command.commandId, openRecord)
    else progress.end(openRecord, 0)
  }

  return {
    receive(records, nextOffset) {
      for (const log of records) open(log)
      progress.advance(nextOffset)
      handle.write([])
      if (!budget.full() || paused) return
      paused = true
      handle.pause(deliveriesCommands.name, handle.shard)
    },
    goOn() {
      if (!paused || budget.full()) return
      paused = false
      handle.resume(deliveriesCommands.name, handle.shard)
    },
  }
}
