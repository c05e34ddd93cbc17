/** The reader of `deliveries.commands`: manual retries, redrives and cancellations. */
import type { Clock } from '../../../src/clock.ts'
import type { LogRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { deliveriesCommands, deliveryCommandCodec } from '../../../topics/deliveries-commands.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { Redrives } from '../catch-up/redrives.ts'
import type { Room } from '../dispatch/memory-budget.ts'
import type { DeliveryShard } from '../shard.ts'
import type { Asked } from '../state/manual-retries.ts'
import type { Begun, Progress } from '../state/progress.ts'
import type { Cancelling } from './cancellation.ts'

export interface CommandReader {
  receive(records: LogRecord[], nextOffset: number): void
  /** Reads on, if it had paused for lack of memory and there is some again. */
  goOn(): void
}

export function createCommandReader(deps: {
  handle: ShardHandle
  progress: Progress
  shard: DeliveryShard
  asked: Asked
  cancelling: Cancelling
  redrives: Pick<Redrives, 'begin'>
  room: Room
  clock: Clock
}): CommandReader {
  const { handle, progress, shard, asked, cancelling, room, clock } = deps
  let paused = false

  function retry(record: RetryRecord, commandId: string, begun: Begun): void {
    const nowMs = Math.round(clock.nowMs())
    // A second call for the same attempt: it has been made, or is under way.
    if (asked.accept(record.deliveryId, record.attempts, commandId, nowMs))
      shard.takeAsked(
        { ...record, dueAtMs: nowMs },
        { source: { progress, record: begun, place: 0 }, countedAs: 'nothing' },
      )
    else progress.end(begun, 0)
  }

  function open(log: LogRecord): void {
    const begun = progress.begin(log, 1)
    if (!begun) return
    const command = deliveryCommandCodec.decode(log.value!)
    if (command.range) deps.redrives.begin(command, command.range, () => progress.end(begun, 0))
    else if (command.kind === 'cancel') {
      const over = () => progress.end(begun, 0)
      cancelling.delivery(command.deliveryId, command.webhookId, over, command.event ?? undefined)
    } else if (command.record) retry(command.record, command.commandId, begun)
    else progress.end(begun, 0)
  }

  return {
    receive(records, nextOffset) {
      for (const log of records) open(log)
      progress.advance(nextOffset)
      handle.write([])
      if (!room.full() || paused) return
      paused = true
      handle.pause(deliveriesCommands.name, handle.shard)
    },
    goOn() {
      if (!paused || room.full()) return
      paused = false
      handle.resume(deliveriesCommands.name, handle.shard)
    },
  }
}
