/**
 * Owed events of a range that end without an attempt, and how they end.
 *
 *     held longer than the schedule's length     failed     endpoint_unavailable
 *     about to leave the log                     failed     outside_retention
 *     left out by `resume: latest`               skipped    left_out
 *     the webhook was deleted                    cancelled  webhook_deleted
 */

import type { Clock } from '../../../src/clock.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import { type BulkEnd, OUTSIDE_RETENTION } from '../outcome/bulk-ended.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { Segment } from '../state/segments.ts'
import { recordedAt } from './listed-records.ts'

/** An event ends this long before it would leave its log, or a tenth of the log's retention if that is less. */
const BEFORE_IT_LEAVES_MS = 3_600_000

/** How an event ends in bulk. */
const UNAVAILABLE: BulkEnd = { state: 'failed', reason: 'endpoint_unavailable' }
const LEFT_OUT: BulkEnd = { state: 'skipped', reason: 'left_out' }
const DELETED: BulkEnd = { state: 'cancelled', reason: 'webhook_deleted' }

/** A segment that a pass checks. */
export interface Target {
  range: OwedRange
  segment: Segment
  webhook: Webhook | undefined
  /** `stop`: nothing of the segment ends from this record on. */
  endOf(record: LogRecord): BulkEnd | 'stop' | undefined
  /** The first position of the segment. */
  from: number
  ended: boolean
}

export interface Expiry {
  /** The segments of a range of which events may end. */
  targetsOf(range: OwedRange): Target[]
  /** Avoids reading the log while nothing can have expired: the oldest owed event is known. */
  mayEnd(target: Target): boolean
  /** How an early entry ends; undefined: not yet. */
  endOfEntry(range: OwedRange, entry: EarlyEntry): BulkEnd | undefined
}

export function createExpiry(deps: {
  view: Pick<ControlView, 'find'>
  clock: Clock
  timeScale: number
  clockOffsetMs: number
  /** Retention of an organization's log, ms. */
  retentionMs(range: OwedRange): number
}): Expiry {
  const { view, clock } = deps

  const webhookOf = (range: OwedRange) => view.find('webhook', range.organizationId, range.webhookId)

  /** Events owed longer than this while the webhook is held have expired. */
  const scheduleMs = (webhook: Webhook) => webhook.retryDelaysMs.reduce((sum, ms) => sum + ms, 0) * deps.timeScale

  function isExpired(range: OwedRange, webhook: Webhook | undefined, sinceMs: number): boolean {
    if (!webhook?.active || range.cause !== 'held' || range.window > 0) return false
    return Math.max(sinceMs, range.activatedAtMs) + scheduleMs(webhook) <= clock.nowMs()
  }

  function leavesLog(range: OwedRange, sinceMs: number): boolean {
    const keptMs = deps.retentionMs(range)
    return sinceMs + keptMs - Math.min(BEFORE_IT_LEAVES_MS, keptMs / 10) <= clock.nowMs()
  }

  const expiry =
    (range: OwedRange, webhook: Webhook | undefined) =>
    (record: LogRecord): BulkEnd | 'stop' => {
      const acceptedMs = record.timestampMs + deps.clockOffsetMs
      if (isExpired(range, webhook, acceptedMs)) return UNAVAILABLE
      return leavesLog(range, acceptedMs) ? OUTSIDE_RETENTION : 'stop'
    }

  function endOf(segment: Segment, whenOpen: ReturnType<typeof expiry>): Target['endOf'] {
    const { mode, beforeMs, sinceMs } = segment
    if (mode === 'webhook_deleted') return () => DELETED
    if (mode === 'left_out') return record => (recordedAt(record) < (beforeMs ?? 0) ? LEFT_OUT : undefined)
    if (sinceMs === null) return whenOpen
    return record => (recordedAt(record) < sinceMs ? undefined : whenOpen(record))
  }

  return {
    targetsOf(range) {
      const webhook = webhookOf(range)
      return range.segments
        .filter(({ settledNumber, throughNumber }) => settledNumber < throughNumber)
        .map(segment => ({
          ...{ range, segment, webhook, from: segment.settledNumber + 1, ended: false },
          endOf: endOf(segment, expiry(range, webhook)),
        }))
    },
    mayEnd({ range, segment, webhook }) {
      if (segment.mode !== 'open' && segment.mode !== 'draining') return true
      const oldestMs = range.oldestAtMs ?? range.sinceMs
      return isExpired(range, webhook, oldestMs) || leavesLog(range, oldestMs)
    },
    endOfEntry(range, { dueAtMs }) {
      const webhook = webhookOf(range)
      if (!webhook) return DELETED
      if (isExpired(range, webhook, dueAtMs)) return UNAVAILABLE
      return leavesLog(range, dueAtMs) ? OUTSIDE_RETENTION : undefined
    },
  }
}
