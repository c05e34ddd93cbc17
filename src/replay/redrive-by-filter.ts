/**
 * Redrives of the dead letters that a filter chooses: counted in the history, then one job for the engine. The call
 * costs the same for a million as for one.
 */

import { rangeOf } from '../analytics/read/ranges.ts'
import type { Reads } from '../analytics/read/reads.ts'
import type { DeadLetterCount } from '../analytics/read/redelivery-reads.ts'
import type { Clock } from '../clock.ts'
import type { Redrives } from '../control-plane/replays/redrives.ts'
import type { Caller } from '../control-plane/store/announce.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Owner } from '../model/environments.ts'
import { eventId } from '../model/ids.ts'
import type { Replay } from '../model/replays.ts'
import type { Preview } from './preview.ts'

/** Dead letters that are redriven per second, by default. */
const RATE = 50
/** The retention of events, in the log and in the history. */
const RETENTION_MS = 30 * 86_400_000
const GROUPS_MAX = 100

export interface RedriveFilter {
  webhookId?: string
  /** A selector. */
  type?: string
  errorKind?: string
  responseStatus?: number
  /** ISO 8601: created at or after, created before. */
  from?: string
  to?: string
  ratePerSecond?: number
}

type SkipReason = 'webhook_inactive' | 'payload_expired'

export interface RedriveStarted {
  replay: Replay
  /** As many as the history has now. */
  count: number
  /** Those that are left out, by webhook. */
  skipped: Array<{ webhookId: string; count: number; reason: SkipReason }>
}

export interface RedriveByFilter {
  /** Exact: nothing is sent. */
  preview(owner: Owner, filter: RedriveFilter): Promise<Preview>
  /** Errors: those of `Redrives`. */
  start(caller: Caller, owner: Owner, filter: RedriveFilter): Promise<RedriveStarted>
}

export function createRedriveByFilter(deps: {
  reads: Pick<Reads, 'countDeadLetters'>
  redrives: Redrives
  view: Pick<ControlView, 'find'>
  clock: Clock
}): RedriveByFilter {
  const { reads, view, clock } = deps

  async function count(owner: Owner, { ratePerSecond = RATE, ...filter }: RedriveFilter) {
    const oldestEvent = oldestEventSince(clock.machineMs() - RETENTION_MS)
    const found = await reads.countDeadLetters({ ...owner, ...filter, oldestEvent })
    const isActive = ({ webhookId }: DeadLetterCount) =>
      view.find('webhook', owner.organizationId, webhookId)?.active === true
    const kept = found.filter(each => each.count > 0)
    return {
      oldestEvent,
      ratePerSecond,
      found,
      taken: kept.filter(isActive),
      off: kept.filter(each => !isActive(each)),
    }
  }

  return {
    async preview(owner, filter) {
      const { ratePerSecond, found, taken, off } = await count(owner, filter)
      const total = sumOf(taken, each => each.count)
      return {
        ...{ count: total, countIsExact: true },
        byType: groupsOf(taken, ({ eventType }) => eventType),
        byWebhook: groupsOf(taken, ({ webhookId }) => webhookId),
        oldestAt: taken.map(each => each.oldestAt!).sort()[0] ?? null,
        newestAt:
          taken
            .map(each => each.newestAt!)
            .sort()
            .at(-1) ?? null,
        estimatedSeconds: total === 0 ? 0 : Math.max(1, Math.ceil(total / ratePerSecond)),
        skipped: [
          { reason: 'webhook_inactive', count: sumOf(off, each => each.count) },
          { reason: 'payload_expired', count: sumOf(found, ({ gone }) => gone) },
        ].filter(each => each.count > 0),
      }
    },
    async start(caller, owner, filter) {
      const { oldestEvent, ratePerSecond, found, taken, off } = await count(owner, filter)
      const { type = null, errorKind = null, responseStatus = null } = filter
      const total = sumOf(taken, each => each.count)
      const replay = await deps.redrives.start(caller, owner, {
        deadLetters: { ...{ type, errorKind, responseStatus }, ...rangeOf(filter), oldestEvent, count: total },
        webhookIds: [...new Set(taken.map(({ webhookId }) => webhookId))],
        ratePerSecond,
      })
      const skipped = [
        ...byWebhook(found, 'payload_expired', ({ gone }) => gone),
        ...byWebhook(off, 'webhook_inactive', each => each.count),
      ]
      return { replay, count: total, skipped }
    },
  }
}

const sumOf = (counts: readonly DeadLetterCount[], of: (each: DeadLetterCount) => number): number =>
  counts.reduce((sum, each) => sum + of(each), 0)

function byWebhook(
  counts: readonly DeadLetterCount[],
  reason: SkipReason,
  of: (each: DeadLetterCount) => number,
): RedriveStarted['skipped'] {
  return [...Map.groupBy(counts, ({ webhookId }) => webhookId)]
    .map(([webhookId, own]) => ({ webhookId, count: sumOf(own, of), reason }))
    .filter(({ count }) => count > 0)
}

function groupsOf(counts: readonly DeadLetterCount[], keyOf: (each: DeadLetterCount) => string): Preview['byType'] {
  return [...Map.groupBy(counts, keyOf)]
    .map(([key, own]) => ({ key, count: sumOf(own, each => each.count) }))
    .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
    .slice(0, GROUPS_MAX)
}

/** The prefix of event ids of this age; ids of younger events sort behind it. */
const oldestEventSince = (timestampMs: number): string =>
  eventId({ timestampMs, partition: 0, offset: 0, organizationId: '', environment: 'live', kind: 'emits' }).slice(
    0,
    'evt_'.length + TIME_DIGITS,
  )

/** 45 of the 48 bits of time at the start of an id. */
const TIME_DIGITS = 9
