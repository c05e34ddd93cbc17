/** Cancels one owed delivery: an early entry, or a number of a range of the log. Rejects while it cannot be read. */
import type { Clock } from '../../../src/clock.ts'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { events as eventsTopic } from '../../../topics/events.ts'
import type { EarlyRecords } from '../catch-up/early-records.ts'
import { listedRecords, type SubscribersOf } from '../catch-up/listed-records.ts'
import { closeWhenWaiting, createLogMerge, type LogSource } from '../catch-up/log-merge.ts'
import type { Owing } from '../catch-up/owing.ts'
import type { EndInBulk } from '../outcome/end-in-bulk.ts'
import type { Cancellation } from './cancellation.ts'

export type CancelOwed = (webhookId: string, event: EventFacts, reason: string) => Promise<void>

export function createCancelOwed(deps: {
  log: LogSource
  view: Pick<ControlView, 'find'>
  clock: Clock
  logger: Logger
  owing: Pick<Owing, 'find' | 'flush'>
  early: EarlyRecords
  subscribersOf: SubscribersOf
  end: EndInBulk
  reasonFor: Cancellation['reasonFor']
  guarded(work: () => void): void
}): CancelOwed {
  const { log, view, clock, logger, guarded } = deps

  return async (webhookId, { sequence: number }, reason) => {
    const range = deps.owing.find(webhookId)
    if (!range) return
    const end = { state: 'cancelled', reason } as const
    const webhook = view.find('webhook', range.organizationId, webhookId)
    const entry = range.early.find(number)
    if (entry) {
      const record = (await deps.early.read(range, [entry])).get(entry)
      guarded(() => {
        if (!range.early.isWaiting(entry) || !record || !deps.reasonFor(record)) return
        deps.end([{ ...end, range, webhook, event: record.event, keys: undefined, entry }])
        range.early.remove(entry)
        range.count = Math.max(0, range.count - 1)
        range.touch()
      })
      return
    }
    deps.owing.flush()
    if (!range.isOwed(number)) return
    const topic = eventsTopic.nameFor(range.organizationId, range.environment)
    const merge = createLogMerge({ ...{ log, clock, logger, topic }, from: number, through: () => number })
    const closing = closeWhenWaiting(merge, clock)
    const read = await merge.read().finally(() => {
      closing.cancel()
      merge.close()
    })
    if (!read) throw new Error(`${topic} does not show event ${number} now`)
    const [listed] = await listedRecords(range, 'records' in read ? read.records.slice(0, 1) : [], deps.subscribersOf)
    if (!listed) return
    const event = readEventHeaders(listed.record.headers, range.organizationId)
    guarded(() => {
      if (!range.isOwed(number) || !deps.reasonFor({ deliveryId: deliveryId(event.eventId, webhookId), webhookId }))
        return
      deps.end([{ ...end, range, webhook, event, keys: listed.keys, entry: undefined }])
      range.leave(number)
    })
  }
}
