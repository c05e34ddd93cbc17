/**
 * Events that webhooks are owed from their organization's log, read from the engine's changelog: shown with the
 * webhook, and added up for metrics. A few seconds old at most, and equally cheap for one event and for a million.
 */
import { catchUpKeys, parkedWebhookCodec } from '../../../topics/delivery-catch-ups.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { Logger } from '../../logger.ts'
import { WAITING_REASONS } from '../shared/waiting-schema.ts'

export type WaitingReason = (typeof WAITING_REASONS)[number]

export interface Waiting {
  /** Events. */
  count: number
  /** When the oldest was recorded, ISO 8601; null if unknown. */
  oldestAt: string | null
  /** Since when events wait. */
  since: string | null
  reason: WaitingReason
  /** Events delivered per second, over the last minute; above 0 during a catch-up. */
  ratePerSecond: number
}

export interface WaitingWebhooks {
  /** A record of `delivery.catch-ups`. */
  apply(record: Pick<LogRecord, 'key' | 'value'>): void
  /** Null: nothing waits, or it is unknown. */
  of(webhookId: string): Waiting | null
  /** Over all webhooks, one entry per reason. `oldestAtMs`: null when nothing waits for it. */
  totals(): Array<{ reason: WaitingReason; webhooks: number; events: number; oldestAtMs: number | null }>
}

/** Fields that older releases did not write are absent. */
interface Stored {
  fromSequence: number
  throughSequence: number
  cause?: string
  sinceMs?: number
  count?: number
  oldestAtMs?: number | null
  ratePerSecond?: number
}

export function createWaitingWebhooks({ logger }: { logger: Logger }): WaitingWebhooks {
  const waiting = new Map<string, Waiting>()
  let isBehind = false

  function read(value: Buffer): Waiting | null {
    try {
      return toWaiting(parkedWebhookCodec.decode(value) as Stored)
    } catch (error) {
      // A newer `deliver` may write values that this process cannot read: it skips them.
      if (!isBehind)
        logger.warn(
          { error: String(error) },
          'the waiting events of webhooks cannot be read; webhooks are shown without them',
        )
      isBehind = true
      return null
    }
  }

  return {
    apply({ key: bytes, value }) {
      const key = bytes ? catchUpKeys.parse(bytes.toString()) : undefined
      if (key === undefined || !('parked' in key)) return
      const stored = value === null ? null : read(value)
      if (stored === null) waiting.delete(key.parked)
      else waiting.set(key.parked, stored)
    },
    of: webhookId => waiting.get(webhookId) ?? null,
    totals() {
      const totals = new Map(
        WAITING_REASONS.map(reason => [reason, { reason, webhooks: 0, events: 0, oldestAtMs: null as number | null }]),
      )
      for (const { reason, count, oldestAt } of waiting.values()) {
        const total = totals.get(reason)!
        total.webhooks++
        total.events += count
        const atMs = oldestAt === null ? null : Date.parse(oldestAt)
        if (atMs !== null && (total.oldestAtMs === null || atMs < total.oldestAtMs)) total.oldestAtMs = atMs
      }
      return [...totals.values()]
    },
  }
}

/** An older release wrote only the bounds: at most so many events, of a webhook that was off. */
function toWaiting({
  fromSequence,
  throughSequence,
  cause,
  sinceMs,
  count,
  oldestAtMs,
  ratePerSecond,
}: Stored): Waiting | null {
  const events = Number(count ?? throughSequence - fromSequence + 1)
  if (!(events > 0)) return null
  return {
    count: events,
    oldestAt: timeOf(oldestAtMs),
    since: timeOf(sinceMs),
    reason: cause === undefined ? 'paused' : (WAITING_REASONS.find(reason => reason === cause) ?? 'held'),
    ratePerSecond: ratePerSecond ?? 0,
  }
}

const timeOf = (ms: number | null | undefined): string | null =>
  ms === undefined || ms === null || ms <= 0 ? null : new Date(ms).toISOString()
