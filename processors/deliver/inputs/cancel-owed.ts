/**
 * Cancels one delivery that a webhook is owed: an early entry, which has a record of its own, or an event in the owed
 * range of the log. Its record is read first, so that its end can be written; the call rejects while it cannot be read.
 */
import type { Clock } from '../../../src/clock.ts'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId as deliveryIdOf } from '../../../src/model/ids.ts'
import { closeWhenWaiting, createLogMerge, type LogSource } from '../../../src/replay/ways/log-merge.ts'
import { events as eventsTopic } from '../../../topics/events.ts'
import type { EarlyRecords } from '../catch-up/early-records.ts'
import { type ListedRecord, listedRecords, type SubscribersOf } from '../catch-up/listed-records.ts'
import type { Owing } from '../catch-up/owing.ts'
import type { EndInBulk } from '../outcome/end-in-bulk.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { Cancellation, OwedDelivery } from './cancellation.ts'

export type CancelOwed = (delivery: OwedDelivery, reason: string) => Promise<void>

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

  const endOf = (range: OwedRange, reason: string) => {
    const webhook = view.find('webhook', range.organizationId, range.webhookId)
    return { state: 'cancelled', reason, range, webhook } as const
  }

  /** False if the delivery is no early entry. */
  async function cancelEarly(range: OwedRange, { deliveryId, number }: OwedDelivery, reason: string): Promise<boolean> {
    const entries = range.early.withNumber(number)
    if (entries.length === 0) return false
    const found = [...(await deps.early.read(range, entries))].find(([, record]) => record?.deliveryId === deliveryId)
    if (!found) return false
    const [entry, record] = found
    guarded(() => {
      if (!range.early.isWaiting(entry) || !deps.reasonFor(record!)) return
      deps.end([{ ...endOf(range, reason), event: record!.event, deliveryId, keys: undefined, entry }])
      range.early.remove(entry)
      range.count = Math.max(0, range.count - 1)
      range.touch()
    })
    return true
  }

  /** The record of the event with this number. Undefined: the log has lost it, or the webhook does not subscribe. */
  async function recordOf(range: OwedRange, number: number): Promise<ListedRecord | undefined> {
    const topic = eventsTopic.nameFor(range.organizationId, range.environment)
    const merge = createLogMerge({ ...{ log, clock, logger, topic }, from: number, through: () => number })
    const closing = closeWhenWaiting(merge, clock)
    const read = await merge.read().finally(() => {
      closing.cancel()
      merge.close()
    })
    if (!read) throw new Error(`${topic} does not show event ${number} now`)
    const [listed] = await listedRecords(range, 'records' in read ? read.records.slice(0, 1) : [], deps.subscribersOf)
    return listed
  }

  async function cancelInRange(range: OwedRange, delivery: OwedDelivery, reason: string): Promise<void> {
    const { deliveryId, webhookId, number } = delivery
    deps.owing.flush()
    if (!range.isOwed(number)) return
    const listed = await recordOf(range, number)
    if (!listed) return
    const event = readEventHeaders(listed.record.headers, range.organizationId)
    // A replay's delivery of the event is no part of the range.
    if (deliveryIdOf(event.eventId, webhookId) !== deliveryId) return
    guarded(() => {
      if (!range.isOwed(number) || !deps.reasonFor(delivery)) return
      deps.end([{ ...endOf(range, reason), event, deliveryId, keys: listed.keys, entry: undefined }])
      range.leave(number)
    })
  }

  return async (delivery, reason) => {
    const range = deps.owing.find(delivery.webhookId)
    if (range && !(await cancelEarly(range, delivery, reason))) await cancelInRange(range, delivery, reason)
  }
}
