/** Owed events that the log no longer holds: the history identifies them, and they end as failed. */

import { subscriberKey } from '../../../src/events/subscribers.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import { OUTSIDE_RETENTION } from '../outcome/bulk-ended.ts'
import type { EndInBulk } from '../outcome/end-in-bulk.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { CatchUpSources } from './catch-ups.ts'

/** Numbers in one query of the history. */
const GONE_NUMBERS = 5_000

export interface LostEvents {
  /** An early entry whose event is neither in its topic nor in the log any more. */
  earlyEntry(range: OwedRange, entry: EarlyEntry): Promise<void>
  /** Numbers of a range, both bounds included. */
  numbers(range: OwedRange, from: number, through: number): Promise<void>
}

export function createLostEvents(deps: {
  handle: ShardHandle
  view: Pick<ControlView, 'find'>
  logger: Logger
  sources: Pick<CatchUpSources, 'eventsOf' | 'watch'>
  end: EndInBulk
  guarded(work: () => void): void
}): LostEvents {
  const { handle, view, logger, end, guarded } = deps

  async function earlyEntry(range: OwedRange, entry: EarlyEntry): Promise<void> {
    logger.warn({ webhook: range.webhookId, number: entry.number }, 'an event that was owed is in the log no longer')
    const found = await deps.sources.eventsOf?.(range, { from: entry.number, through: entry.number })
    const webhook = view.find('webhook', range.organizationId, range.webhookId)
    guarded(() => {
      if (!range.early.isWaiting(entry)) return
      const event = found?.[0]?.event
      if (event) end([{ ...OUTSIDE_RETENTION, range, webhook, event, keys: undefined, entry }])
      range.early.remove(entry)
      range.count = Math.max(0, range.count - 1)
      range.touch()
      handle.write([])
    })
  }

  async function numbers(range: OwedRange, from: number, through: number): Promise<void> {
    logger.warn({ webhook: range.webhookId, from, through }, 'events that were owed are in the log no longer')
    for (let first = from; first <= through; first += GONE_NUMBERS) {
      await someNumbers(range, first, Math.min(through, first + GONE_NUMBERS - 1))
    }
  }

  async function someNumbers(range: OwedRange, from: number, through: number): Promise<void> {
    const found = (await deps.sources.eventsOf?.(range, { from, through })) ?? []
    deps.sources.watch?.holes(through - from + 1 - new Set(found.map(({ event }) => event.sequence)).size)
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
