/** The retry schedule of a webhook as callers write and read it. See docs/specification/webhooks.md#retry-schedule. */

import { DEFAULT_RETRY_DELAYS_MS, RETRY_PRESETS } from '../../delivery/retry-schedule.ts'
import { ClarionError } from '../../model/codes.ts'

/**
 * A preset (`four`, `six`), or `delays`: the wait before each attempt, the first 0, as milliseconds or as text with a
 * unit (`30s`, `5m`, `2h`). `maxAttempts` limits either to its first attempts.
 */
export interface RetryPolicy {
  preset?: string
  delays?: Array<number | string>
  maxAttempts?: number
}

export interface PresentedRetryPolicy {
  preset: string | null
  /** Milliseconds. */
  delays: number[]
  maxAttempts: number
}

const ATTEMPTS_MAX = 8
const DELAY_MS_MAX = 24 * 3_600_000
const UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** The delay before each attempt, ms. Throws `invalid_retry_policy`. */
export function retryDelaysMs(policy: RetryPolicy = {}): number[] {
  if (policy.preset !== undefined && policy.delays !== undefined)
    throw invalid('/retry', 'preset and delays exclude each other')
  const delays = policy.delays === undefined ? presetDelays(policy.preset) : policy.delays.map(delayMs)
  if (delays.length < 1 || delays.length > ATTEMPTS_MAX) throw invalid('/retry/delays', `1 to ${ATTEMPTS_MAX} delays`)
  if (delays[0] !== 0) throw invalid('/retry/delays/0', 'the first attempt is made at once: its delay is 0')
  const attempts = policy.maxAttempts ?? delays.length
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > delays.length) {
    throw invalid('/retry/maxAttempts', `a whole number from 1 to the number of delays, which is ${delays.length}`)
  }
  return delays.slice(0, attempts)
}

export function presentRetryPolicy(delays: number[]): PresentedRetryPolicy {
  const preset = Object.entries(RETRY_PRESETS).find(
    ([, own]) => own.length === delays.length && own.every((each, at) => each === delays[at]),
  )
  return { preset: preset?.[0] ?? null, delays, maxAttempts: delays.length }
}

function presetDelays(preset: string | undefined): number[] {
  if (preset === undefined) return [...DEFAULT_RETRY_DELAYS_MS]
  if (!Object.hasOwn(RETRY_PRESETS, preset))
    throw invalid('/retry/preset', `one of ${Object.keys(RETRY_PRESETS).join(', ')}`)
  return [...RETRY_PRESETS[preset as keyof typeof RETRY_PRESETS]]
}

function delayMs(delay: number | string, index: number): number {
  const text = /^(\d{1,9})(ms|s|m|h)$/.exec(String(delay))
  const ms = typeof delay === 'number' ? delay : text === null ? Number.NaN : Number(text[1]) * UNITS_MS[text[2]!]!
  if (Number.isInteger(ms) && ms >= 0 && ms <= DELAY_MS_MAX) return ms
  throw invalid(`/retry/delays/${index}`, 'milliseconds, or text such as 30s, 5m, 2h; at most 24h')
}

const invalid = (path: string, message: string) =>
  new ClarionError('invalid_retry_policy', `The retry policy is wrong at ${path}: ${message}.`, {
    details: [{ path, rule: 'retry', message }],
  })
