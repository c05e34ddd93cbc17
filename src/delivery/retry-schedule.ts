/**
 * Whether and when a delivery is retried (docs/specification/webhooks.md#retry-schedule). All delays are milliseconds;
 * `timeScale` shortens them for tests and demos.
 */
import { RETRY_TIERS, type RetryTier } from '../../topics/deliveries-retry.ts'
import type { Random } from '../clock.ts'
import { parseHttpDate } from './http-date.ts'
import type { AttemptResult } from './send.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** The delay before each attempt. `six` is the default. */
export const RETRY_PRESETS = {
  four: [0, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS],
  six: [0, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS],
} as const satisfies Record<string, readonly number[]>
export const DEFAULT_RETRY_DELAYS_MS: readonly number[] = RETRY_PRESETS.six

const JITTER_MAX = 0.1
/** Upper limit for a wait that a receiver requests. */
export const RETRY_AFTER_MS_MAX = HOUR_MS

/**
 * A tier's reader loads a record after this share of the tier's delay, and waits for its due time in memory. Jitter
 * shortens a delay by at most the rest, so a jittered delay of exactly one tier still takes one tier.
 */
export const TIER_LOAD_FRACTION = 1 - JITTER_MAX

export interface NextAttemptOptions {
  /** Delay before each attempt; the first entry belongs to the first attempt. */
  delaysMs: readonly number[]
  attemptsMade: number
  /** When the failed attempt ended: delays count from here. */
  endedAtMs: number
  timeScale: number
  random: Random
  /**
   * The wait that the receiver requested (`retryAfterMs`): real time, not scaled. Only its limit of one hour is scaled.
   */
  retryAfterMs?: number | undefined
}

/** The time of the next attempt, or `exhausted` after the last entry. Jitter only shortens, by at most a tenth. */
export function nextAttempt(options: NextAttemptOptions): { dueAtMs: number } | 'exhausted' {
  const delayMs = options.delaysMs[options.attemptsMade]
  if (delayMs === undefined) return 'exhausted'
  const scheduledMs = delayMs * options.timeScale * (1 - JITTER_MAX * options.random.uniform())
  const requestedMs = Math.min(options.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX * options.timeScale)
  return { dueAtMs: options.endedAtMs + Math.ceil(Math.max(scheduledMs, requestedMs)) }
}

/**
 * 2xx is success; `gone` (410) and `declined` (the answer's header `webhook-retry: no`, or a broker that
 * never takes the record) end the retries of the delivery; every other result is retried (docs/specification/webhooks.md#answers).
 */
export function judge(
  result: Pick<AttemptResult, 'status' | 'errorKind' | 'headers' | 'isFinal'>,
): 'success' | 'retry' | 'gone' | 'declined' {
  if (result.errorKind === null) return 'success'
  if (result.status === 410) return 'gone'
  if (result.isFinal === true) return 'declined'
  return result.headers['webhook-retry']?.trim().toLowerCase() === 'no' ? 'declined' : 'retry'
}

/**
 * Milliseconds to wait from `nowMs`, as requested by a 429 or 503, unbounded (RFC 9110, 10.2.3). Undefined without the
 * header, and where it is repeated or is neither seconds nor a date: then the schedule applies.
 */
export function retryAfterMs(result: Pick<AttemptResult, 'status' | 'headers'>, nowMs: number): number | undefined {
  const value = result.headers['retry-after']?.trim()
  if (value === undefined || (result.status !== 429 && result.status !== 503)) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const atMs = parseHttpDate(value, nowMs)
  return atMs === undefined ? undefined : Math.max(0, atMs - nowMs)
}

/** The longest tier that releases its records in time, else the shortest. `remainingMs`: from now to the due time. */
export function tierFor(remainingMs: number, timeScale: number): RetryTier {
  const fitting = RETRY_TIERS.findLast(tier => tier.delayMs * timeScale * TIER_LOAD_FRACTION <= remainingMs)
  return fitting ?? RETRY_TIERS[0]!
}
