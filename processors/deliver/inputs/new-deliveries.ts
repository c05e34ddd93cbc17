/** The reader of `deliveries`: one record per event, one delivery per webhook in it. */
import type { Clock } from '../../../src/clock.ts'
import type { LogRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import { deliveries, deliveryRecordCodec, type EventFacts } from '../../../topics/deliveries.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { Owing } from '../catch-up/owing.ts'
import type { MemoryBudget } from '../dispatch/memory-budget.ts'
import type { DeliveryShard } from '../shard.ts'
import type { OpenEvents } from '../state/open-events.ts'
import type { Progress } from '../state/progress.ts'

export interface NewDeliveries {
  receive(records: LogRecord[], nextOffset: number): void
  /** Reads on, if it had paused for lack of memory and there is some again. */
  goOn(): void
}

export function createNewDeliveries(deps: {
  handle: ShardHandle
  progress: Progress
  events: OpenEvents
  shard: Pick<DeliveryShard, 'take'>
  owing: Pick<Owing, 'absorbs' | 'passed' | 'areAny'>
  budget: MemoryBudget
  clock: Clock
  clockOffsetMs: number
  isCancelled(record: Pick<RetryRecord, 'deliveryId' | 'webhookId'>): boolean
}): NewDeliveries {
  const { handle, progress, events, shard, budget } = deps
  let paused = false

  function open(log: LogRecord): void {
    const { event, payload, webhookIds } = deliveryRecordCodec.decode(log.value!)
    const openRecord = progress.begin(log, webhookIds.length)
    const areAny = deps.owing.areAny()
    if (areAny) notePassed(event, webhookIds, openRecord?.ended)
    if (!openRecord) return
    events.begin(event, webhookIds, openRecord.ended)
    const createdAtMs = log.timestampMs + deps.clockOffsetMs
    // Due at once, also when the broker's clock is ahead of this one.
    const dueAtMs = Math.min(createdAtMs, Math.round(deps.clock.nowMs()))
    // A copy: parts that end during the loop go into the same list.
    const ended = openRecord.ended.length > 0 ? [...openRecord.ended] : openRecord.ended
    for (let part = 0; part < webhookIds.length; part++) {
      if (ended.length > 0 && ended.includes(part)) continue
      const webhookId = webhookIds[part]!
      const source = { progress, record: openRecord, part, webhookIds }
      const id = deliveryId(event.eventId, webhookId)
      if (areAny) {
        // Cancelled before it was read: it ends below, and no range may owe its number.
        if (deps.isCancelled({ deliveryId: id, webhookId })) deps.owing.passed(event, webhookId)
        else if (deps.owing.absorbs({ event, payload, webhookId, source, createdAtMs })) continue
      }
      const delivery = { event, payload, webhookId, deliveryId: id, attempts: 0, dueAtMs, createdAtMs }
      shard.take(
        { ...delivery, trigger: 'live', replayId: null, once: false },
        { source, countedAs: 'hand', isNew: true },
      )
    }
  }

  /** Parts that had ended before this reading; `ended` undefined: all of them. */
  function notePassed(event: EventFacts, webhookIds: string[], ended: readonly number[] | undefined): void {
    for (const [part, webhookId] of webhookIds.entries()) {
      if (ended === undefined || ended.includes(part)) deps.owing.passed(event, webhookId)
    }
  }

  return {
    receive(records, nextOffset) {
      for (const log of records) open(log)
      progress.advance(nextOffset)
      if (!budget.full() || paused) return
      paused = true
      handle.pause(deliveries.name, handle.shard)
    },
    goOn() {
      if (!paused || budget.full()) return
      paused = false
      handle.resume(deliveries.name, handle.shard)
    },
  }
}
