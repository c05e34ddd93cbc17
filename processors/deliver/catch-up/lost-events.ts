/** Owed events that the log no longer holds: the history identifies them, and they end as failed. */

import type { Clock } from '../../../src/clock.ts'
import { subscriberKey } from '../../../src/events/subscribers.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import { OUTSIDE_RETENTION } from '../outcome/bulk-ended.ts'
import type { EndInBulk } from '../outcome/end-in-bulk.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { CatchUpSources } from './catch-ups.ts'
import { deliveryIdOf } from './early-records.ts'

/** Numbers in one query of the history. */
const GONE_NUMBERS = 5_000
/** Longer than the history ever lags. */
const BEHIND_MS_MAX = 3_600_000
const NOTICED_MAX = 16

interface Gone {
  from: number
  through: number
  sinceMs: number
}

/** Rejects while the history may not have all of them yet: what waits for them goes on later. */
export interface LostEvents {
  /** An early entry whose event is neither in its topic nor in the log any more. */
  earlyEntry(range: OwedRange, entry: EarlyEntry): Promise<void>
  /** Numbers of a range, both bounds included. */
  numbers(range: OwedRange, from: number, through: number): Promise<void>
}

export function createLostEvents(deps: {
  handle: ShardHandle
  view: Pick<ControlView, 'find'>
  clock: Pick<Clock, 'nowMs'>
  logger: Logger
  sources: Pick<CatchUpSources, 'eventsOf' | 'watch'>
  end: EndInBulk
  guarded(work: () => void): void
}): LostEvents {
  const { handle, view, clock, logger, end, guarded } = deps
  /** When numbers of a range were first found to be gone; the newest of them. */
  const noticed = new WeakMap<OwedRange, Gone[]>()

  function noticedAtMs(range: OwedRange, from: number, through: number): number {
    const before = noticed.get(range) ?? []
    const known = before.find(each => each.from <= from && each.through >= through)
    if (known) return known.sinceMs
    const sinceMs = clock.nowMs()
    noticed.set(range, [...before, { from, through, sinceMs }].slice(-NOTICED_MAX))
    return sinceMs
  }

  /** After an hour a number that the history does not have is one without an event. */
  function waitForHistory(range: OwedRange, number: number, sinceMs: number): void {
    if (deps.sources.eventsOf === undefined || clock.nowMs() - sinceMs >= BEHIND_MS_MAX) return
    throw new Error(`The history does not have event ${number} of ${range.organizationId} yet, which its log has lost`)
  }

  async function earlyEntry(range: OwedRange, entry: EarlyEntry): Promise<void> {
    logger.warn({ webhook: range.webhookId, number: entry.number }, 'an event that was owed is in the log no longer')
    const found = await deps.sources.eventsOf?.(range, { from: entry.number, through: entry.number })
    const event = found?.[0]?.event
    if (!event) waitForHistory(range, entry.number, entry.createdAtMs)
    const webhook = view.find('webhook', range.organizationId, range.webhookId)
    guarded(() => {
      if (!range.early.isWaiting(entry)) return
      if (event) {
        const deliveryId = deliveryIdOf(range, entry, event)
        end([{ ...OUTSIDE_RETENTION, range, webhook, event, deliveryId, keys: undefined, entry }])
      }
      range.early.remove(entry)
      range.count = Math.max(0, range.count - 1)
      range.touch()
      handle.write([])
    })
  }

  async function numbers(range: OwedRange, from: number, through: number): Promise<void> {
    logger.warn({ webhook: range.webhookId, from, through }, 'events that were owed are in the log no longer')
    const sinceMs = noticedAtMs(range, from, through)
    for (let first = from; first <= through; first += GONE_NUMBERS) {
      await someNumbers(range, { from: first, through: Math.min(through, first + GONE_NUMBERS - 1), sinceMs })
    }
  }

  async function someNumbers(range: OwedRange, { from, through, sinceMs }: Gone): Promise<void> {
    const found = (await deps.sources.eventsOf?.(range, { from, through })) ?? []
    const known = new Set(found.map(({ event }) => event.sequence))
    for (let number = from; number <= through; number++) if (!known.has(number)) waitForHistory(range, number, sinceMs)
    deps.sources.watch?.holes(through - from + 1 - known.size)
    const mine = found.filter(
      ({ event, webhookIds }) => webhookIds.includes(range.webhookId) && range.isOwed(event.sequence),
    )
    const webhook = view.find('webhook', range.organizationId, range.webhookId)
    guarded(() => {
      end(
        mine.map(({ event, webhookIds }) => ({
          ...OUTSIDE_RETENTION,
          range,
          webhook,
          event,
          deliveryId: deliveryId(event.eventId, range.webhookId),
          keys: webhookIds.map(subscriberKey),
          entry: undefined,
        })),
      )
      for (const { event } of mine) range.leave(event.sequence)
      for (const segment of range.segments)
        if (segment.passed >= from - 1 && segment.fromNumber <= through) range.pass(segment, through)
      handle.write([])
    })
  }

  return { earlyEntry, numbers }
}
