import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseHttpDate } from '../../src/delivery/http-date.ts'
import {
  DEFAULT_RETRY_DELAYS_MS,
  judge,
  nextAttempt,
  RETRY_PRESETS,
  retryAfterMs,
  tierFor,
} from '../../src/delivery/retry-schedule.ts'

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
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (attemptsMade, value) => {
          const next = nextAttempt({ ...base, attemptsMade, random: chance(value) })
          const delay = DEFAULT_RETRY_DELAYS_MS[attemptsMade]!
          expect(next).toMatchObject({ dueAtMs: expect.any(Number) })
          const { dueAtMs } = next as { dueAtMs: number }
          expect(dueAtMs <= delay && dueAtMs >= delay * 0.9).toBe(true)
        },
      ),
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
  const waiting = (value: string, status = 503) => retryAfterMs(answered(status, { 'retry-after': value }), nowMs)

  it('is read from 429 and 503 as seconds, and from nothing else', () => {
    expect([waiting('120', 429), waiting('120'), waiting('0'), waiting(' 7 ')]).toEqual([120_000, 120_000, 0, 7_000])
    expect([200, 301, 404, 500].map(status => waiting('120', status))).toEqual(Array(4).fill(undefined))
    expect(retryAfterMs(answered(429), nowMs)).toBeUndefined()
  })

  it('waits an hour for any number of seconds beyond that', () => {
    for (const value of ['3601', '99999999999999999999', '9'.repeat(500)]) {
      expect(nextAttempt({ ...base, attemptsMade: 1, retryAfterMs: waiting(value) })).toEqual({ dueAtMs: HOUR })
    }
  })

  it.each(['Wed, 21 Oct 2026 07:30:00 GMT', 'Wednesday, 21-Oct-26 07:30:00 GMT', 'Wed Oct 21 07:30:00 2026'])(
    'is read as a date in each of the three forms of HTTP: %s',
    value => {
      expect([waiting(value), waiting(value.replace('07:30', '07:00'))]).toEqual([120_000, 0])
    },
  )

  it.each([
    ...[
      '',
      '-5',
      '+5',
      '1.5',
      '1e3',
      '0x10',
      '120, 120',
      '120 s',
      'soon',
      '2026-10-22',
      '2026-10-21T07:30:00Z',
      'Wed, nonsense',
    ],
    ...[
      'Wed, 21 Oct 2026 07:30:00',
      'Wed, 21 Oct 2026 07:30:00 UTC',
      'Wed, 21 Oct 2026 07:30:00 +0000',
      'Wed, 21 Oct 2026 09:30:00 CEST',
    ],
    ...[
      '21 Oct 2026 07:30:00 GMT',
      'Wed 21 Oct 2026 07:30:00 GMT',
      'wed, 21 oct 2026 07:30:00 gmt',
      'Wed, 21 Oct 26 07:30:00 GMT',
    ],
    ...[
      'Wed, 21-Oct-26 07:30:00 GMT',
      'Wednesday, 21-Oct-2026 07:30:00 GMT',
      'Wed Oct 21 07:30:00 2026 GMT',
      'Wed Nov 6 07:30:00 2026',
    ],
    ...[
      'Wed, 31 Nov 2026 07:30:00 GMT',
      'Mon, 29 Feb 2027 07:30:00 GMT',
      'Wed, 00 Nov 2026 07:30:00 GMT',
      'Wed, 21 Oct 2026 24:00:00 GMT',
    ],
    ...[
      'Wed, 21 Oct 2026 07:60:00 GMT',
      'Wed, 21 Oct 2026 07:30:61 GMT',
      'Tuesday, 31-Apr-27 07:30:00 GMT',
      'Wed Feb 30 07:30:00 2027',
    ],
    'Wed, 21 Oct 2026 07:30:00 GMT, Wed, 21 Oct 2026 07:30:00 GMT',
  ])('is left alone when it is neither seconds nor a possible date of HTTP: %p', value => {
    expect(waiting(value)).toBeUndefined()
  })
})

describe('a date of HTTP', () => {
  const nowMs = Date.parse('2026-10-21T07:28:00Z')
  const read = (text: string, at = nowMs) => {
    const ms = parseHttpDate(text, at)
    return ms === undefined ? undefined : new Date(ms).toISOString()
  }

  it('is the same moment in each of the three forms', () => {
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ]) {
      expect(read(text)).toBe('1994-11-06T08:49:37.000Z')
    }
  })

  it('takes two digits of a year for the last such year that is not more than 50 years ahead', () => {
    expect(read('Wednesday, 21-Oct-76 07:28:00 GMT')).toBe('2076-10-21T07:28:00.000Z')
    expect(read('Wednesday, 21-Oct-76 07:28:01 GMT')).toBe('1976-10-21T07:28:01.000Z')
    expect(read('Wednesday, 21-Oct-99 07:28:00 GMT')).toBe('1999-10-21T07:28:00.000Z')
    expect(read('Wednesday, 21-Oct-00 07:28:00 GMT')).toBe('2000-10-21T07:28:00.000Z')
    expect(read('Saturday, 01-Jan-00 00:00:00 GMT', Date.parse('2099-12-31T23:59:00Z'))).toBe(
      '2100-01-01T00:00:00.000Z',
    )
    expect(read('Tuesday, 29-Feb-00 00:00:00 GMT')).toBe('2000-02-29T00:00:00.000Z')
  })

  it('may have a leap second, and a day of February in a leap year only', () => {
    expect(read('Sat, 31 Dec 2016 23:59:60 GMT')).toBe('2017-01-01T00:00:00.000Z')
    expect(read('Tue, 29 Feb 2028 00:00:00 GMT')).toBe('2028-02-29T00:00:00.000Z')
    expect([read('Mon, 29 Feb 2100 00:00:00 GMT'), read('Wed, 29 Feb 2026 00:00:00 GMT')]).toEqual([
      undefined,
      undefined,
    ])
    expect(read('Sat, 01 Jan 0001 00:00:00 GMT')).toBe('0001-01-01T00:00:00.000Z')
  })

  it('written by a machine is read back, whatever the moment', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2076-10-21T00:00:00Z'), noInvalidDate: true }), date => {
        const seconds = Math.floor(date.getTime() / 1000) * 1000
        expect(parseHttpDate(date.toUTCString(), nowMs)).toBe(seconds)
        const [, day, month, year, time] = date.toUTCString().split(/[ ,]+/) as [string, string, string, string, string]
        expect(parseHttpDate(`Mon ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`, nowMs)).toBe(seconds)
        const inLast100 = date.getTime() > Date.parse('1976-10-21T07:28:01Z')
        if (inLast100)
          expect(parseHttpDate(`Monday, ${day}-${month}-${year.slice(2)} ${time} GMT`, nowMs)).toBe(seconds)
      }),
    )
  })
})

describe('the result of an attempt', () => {
  it('is success for an attempt without error, and tried again otherwise', () => {
    expect([200, 201, 204, 299].map(status => judge(answered(status)))).toEqual([
      'success',
      'success',
      'success',
      'success',
    ])
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
