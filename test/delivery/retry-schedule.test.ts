import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { DEFAULT_RETRY_DELAYS_MS, judge, nextAttempt, RETRY_PRESETS, retryAfterMs, tierFor } from '../../src/delivery/retry-schedule.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const chance = (value: number) => ({ bytes: (length: number) => Buffer.alloc(length), uniform: () => value })
const base = { delaysMs: DEFAULT_RETRY_DELAYS_MS, endedAtMs: 0, timeScale: 1, random: chance(0) }
const answered = (status: number | null, headers: Record<string, string> = {}) => ({
  status,
  headers,
  errorKind: status !== null && status < 300 ? null : ('status' as const),
})

describe('the retry schedule', () => {
  it('is 0, 1 m, 5 m, 30 m, 2 h, 5 h by default, from the end of each failed attempt; then exhausted', () => {
    const due = [0, 1, 2, 3, 4, 5].map(attemptsMade => nextAttempt({ ...base, attemptsMade, endedAtMs: 1000 }))
    const delays = [0, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR]
    expect(due).toEqual(delays.map(delay => ({ dueAtMs: 1000 + delay })))
    expect(nextAttempt({ ...base, attemptsMade: 6 })).toBe('exhausted')
  })

  it('has four attempts in the preset four, which begins like six', () => {
    expect(RETRY_PRESETS.four).toEqual(RETRY_PRESETS.six.slice(0, 4))
    expect(nextAttempt({ ...base, delaysMs: RETRY_PRESETS.four, attemptsMade: 4 })).toBe('exhausted')
  })

  it('is only ever shortened by jitter, and by at most a tenth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.double({ min: 0, max: 0.999999, noNaN: true }), (attemptsMade, value) => {
        const next = nextAttempt({ ...base, attemptsMade, random: chance(value) })
        const delay = DEFAULT_RETRY_DELAYS_MS[attemptsMade]!
        expect(next).toMatchObject({ dueAtMs: expect.any(Number) })
        const { dueAtMs } = next as { dueAtMs: number }
        expect(dueAtMs <= delay && dueAtMs >= delay * 0.9).toBe(true)
      }),
    )
  })

  it('is scaled as a whole', () => {
    expect(nextAttempt({ ...base, attemptsMade: 1, timeScale: 0.001 })).toEqual({ dueAtMs: 60 })
  })

  it('gives way to Retry-After when that is later, up to one hour', () => {
    const asking = (ms: number, attemptsMade = 1) => nextAttempt({ ...base, attemptsMade, retryAfterMs: ms })
    expect(asking(30_000)).toEqual({ dueAtMs: MINUTE })
    expect(asking(90_000)).toEqual({ dueAtMs: 90_000 })
    expect(asking(24 * HOUR)).toEqual({ dueAtMs: HOUR })
    expect(asking(HOUR, 4)).toEqual({ dueAtMs: 2 * HOUR })
  })
})

describe('Retry-After', () => {
  const nowMs = Date.parse('2026-10-21T07:28:00Z')

  it('is read from 429 and 503 as seconds or as an HTTP date, and from nothing else', () => {
    expect(retryAfterMs(answered(429, { 'retry-after': '120' }), nowMs)).toBe(120_000)
    expect(retryAfterMs(answered(503, { 'retry-after': 'Wed, 21 Oct 2026 07:30:00 GMT' }), nowMs)).toBe(120_000)
    expect(retryAfterMs(answered(503, { 'retry-after': 'Wed, 21 Oct 2026 07:00:00 GMT' }), nowMs)).toBe(0)
    expect(retryAfterMs(answered(500, { 'retry-after': '120' }), nowMs)).toBeUndefined()
    for (const value of ['', '-5', '1.5', 'soon', '2026-10-22', 'Wed, nonsense']) {
      expect(retryAfterMs(answered(429, { 'retry-after': value }), nowMs)).toBeUndefined()
    }
    expect(retryAfterMs(answered(429), nowMs)).toBeUndefined()
  })
})

describe('the result of an attempt', () => {
  it('is success for an attempt without error, and tried again otherwise', () => {
    expect([200, 201, 204, 299].map(status => judge(answered(status)))).toEqual(['success', 'success', 'success', 'success'])
    expect([400, 404, 429, 500].map(status => judge(answered(status)))).toEqual(['retry', 'retry', 'retry', 'retry'])
    expect(judge({ status: 200, errorKind: 'timeout', headers: {} })).toBe('retry')
    expect(judge({ status: null, errorKind: 'connect', headers: {} })).toBe('retry')
  })

  it('ends the retries for 410 and for webhook-retry: no, but does not undo a success', () => {
    expect(judge(answered(410))).toBe('gone')
    expect(judge(answered(500, { 'webhook-retry': 'No ' }))).toBe('declined')
    expect(judge(answered(500, { 'webhook-retry': 'yes' }))).toBe('retry')
    expect(judge(answered(200, { 'webhook-retry': 'no' }))).toBe('success')
  })
})

describe('the tier of a waiting delivery', () => {
  const name = (remainingMs: number, timeScale = 1) => tierFor(remainingMs, timeScale).topic.name

  it('is the longest that lets it go in time, and the shortest when none does', () => {
    expect(name(MINUTE)).toBe('deliveries.retry-1m')
    expect(name(0.9 * MINUTE)).toBe('deliveries.retry-1m')
    expect(name(0.9 * MINUTE - 1)).toBe('deliveries.retry-30s')
    expect(name(20 * HOUR)).toBe('deliveries.retry-12h')
    expect([name(1), name(0), name(-5)]).toEqual(Array(3).fill('deliveries.retry-1s'))
    expect(name(60, 0.001)).toBe('deliveries.retry-1m')
  })
})
