/** The operator's limit on what an organization emits a second, and the share of a process. */
import { expect, it } from '@jest/globals'
import { createEmitLimits } from '../../src/ingress/emit-limits.ts'
import { ClarionError } from '../../src/model/codes.ts'
import type { Organization } from '../../src/model/organizations.ts'
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
