/** The operator's limit on what an organization emits a second, and the share of a process. */
import { expect, it } from '@jest/globals'
import { createEmitLimits } from '../../src/ingress/emit-limits.ts'
import type { Appender, LogRecord } from '../../src/kafka/ports.ts'
import { ClarionError } from '../../src/model/codes.ts'
import type { Organization } from '../../src/model/organizations.ts'
import { createKnownProcesses } from '../../src/process-reports/known-processes.ts'
import { processReportCodec } from '../../topics/processes.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const organization = (emitsPerSecond: number | null): Organization =>
  ({ id: 'org_a', limits: { emitsPerSecond } }) as Organization

function world(apis = 1) {
  const clock = createManualClock()
  const processes = { apis }
  const limits = createEmitLimits({ clock, apis: () => processes.apis })
  /** Seconds of Retry-After, or 0. */
  const refusal = (of: Organization, count: number): number => {
    try {
      limits.take(of, count)
      return 0
    } catch (error) {
      expect((error as ClarionError).code).toBe('rate_limited')
      return (error as ClarionError).retryAfterS!
    }
  }
  const passed = (of: Organization, ms: number, everyMs: number): number => {
    let count = 0
    for (let at = 0; at < ms; at += everyMs) {
      if (refusal(of, 1) === 0) count++
      clock.advance(everyMs)
    }
    return count
  }
  return { clock, processes, limits, refusal, passed }
}

it('lets a second’s worth through at once, then as many a second as it says', () => {
  const { passed, refusal, clock } = world()
  const of = organization(50)
  expect(Array.from({ length: 60 }, () => refusal(of, 1)).filter(wait => wait === 0)).toHaveLength(50)
  clock.advance(1_000)
  const inTenSeconds = passed(of, 10_000, 5)
  expect(inTenSeconds).toBeGreaterThanOrEqual(500)
  expect(inTenSeconds).toBeLessThanOrEqual(550)
})

it('is divided by the processes that take calls, as they come and go', () => {
  const { passed, processes, clock } = world(2)
  const of = organization(100)
  passed(of, 2_000, 5)
  expect(passed(of, 4_000, 5)).toBeLessThanOrEqual(201)
  processes.apis = 1
  clock.advance(1_000)
  expect(passed(of, 4_000, 5)).toBeGreaterThanOrEqual(400)
})

it('takes a batch that is larger than a second’s worth when nothing was taken before, and is paid back', () => {
  const { refusal, clock } = world()
  const of = organization(10)
  expect(refusal(of, 25)).toBe(0)
  expect(refusal(of, 1)).toBe(2)
  clock.advance(1_600)
  expect(refusal(of, 1)).toBe(0)
})

it('says when to repeat the call, and takes nothing of one that is refused', () => {
  const { refusal, clock, limits } = world()
  const of = organization(2)
  expect([refusal(of, 2), refusal(of, 2), refusal(of, 2)]).toEqual([0, 1, 1])
  expect(() => limits.check(of)).toThrow(ClarionError)
  clock.advance(1_000)
  expect(() => limits.check(of)).not.toThrow()
  expect(refusal(of, 2)).toBe(0)
})

it('is none for an organization without one', () => {
  const { passed } = world()
  expect(passed(organization(null), 1_000, 1)).toBe(1_000)
  expect(passed({ id: 'org_b' } as Organization, 1_000, 1)).toBe(1_000)
})

it('of three processes together is within a fifth of what it says, half a minute after one of them has gone', () => {
  const clock = createManualClock()
  const appender: Appender = { append: async () => undefined, close: async () => undefined } as never
  const ids = ['prc_a', 'prc_b', 'prc_c']
  const there = new Set(ids)
  const processes = ids.map(() => createKnownProcesses({ clock, appender }))
  const limits = processes.map(known => createEmitLimits({ clock, apis: known.apis }))
  const of = organization(90)
  /** Each reports itself every ten seconds, as `reportProcess` does. */
  const report = () => {
    for (const id of there) for (const known of processes) known.onRecord(reportOf(id, clock.nowMs()))
  }
  /** Twice the limit comes in turns to those that are there; answers what passes a second. */
  const perSecond = (seconds: number): number => {
    let passed = 0
    for (let at = 0; at < seconds * 180; at++) {
      if (at % 1_800 === 0) report()
      const [...turn] = there
      const limit = limits[ids.indexOf(turn[at % turn.length]!)]!
      try {
        limit.take(of, 1)
        passed++
      } catch (error) {
        expect((error as ClarionError).code).toBe('rate_limited')
      }
      clock.advance(1_000 / 180)
    }
    return passed / seconds
  }
  report()
  perSecond(30)
  const together = perSecond(30)
  expect([together >= 72, together <= 108]).toEqual([true, true])
  there.delete('prc_c')
  perSecond(30)
  const left = perSecond(30)
  expect([left >= 72, left <= 108]).toEqual([true, true])
})

const reportOf = (id: string, timestampMs: number): LogRecord => ({
  ...{ topic: 'processes', partition: 0, offset: 0, timestampMs, headers: {}, key: Buffer.from(id) },
  value: processReportCodec.encode({
    ...{ version: '1', startedAtMs: 0, missing: [], disk: [], kafkaVersion: null, isStopping: false },
    roles: [{ role: 'api', shards: [], running: [], lagRecords: 0, lagSeconds: 0 }],
  }),
})
