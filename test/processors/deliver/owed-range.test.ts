import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createOwedRange } from '../../../processors/deliver/state/owed-range.ts'

const facts = {
  organizationId: 'org_1',
  environment: 'live',
  key: 1n,
  sinceMs: 1,
  cause: 'paused',
  replayId: 'rpl_1',
} as const
const step = fc.record({ do: fc.constantFrom('begin', 'begin', 'leave', 'restart'), at: fc.nat(30) })

describe('the numbers that are out of a range', () => {
  it('has its lowest number first, and holds the settled number below it, in whatever order it was begun', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, ascending) => {
        const range = createOwedRange('wh_1', facts, () => undefined)
        for (let number = 0; number <= 30; number++) range.take(number, 1, false)
        range.pass(range.segments[0]!, 30)
        const out = new Set<number>()
        let next = 0
        for (const { do: what, at } of steps) {
          const number = what === 'begin' && ascending ? next++ : at
          if (what === 'begin' && range.isOwed(number)) {
            range.begin(number)
            out.add(number)
          } else if (what !== 'begin' && out.delete(number)) range[what as 'leave' | 'restart'](number)
          expect(range.oldestOutstanding()).toBe(out.size === 0 ? undefined : Math.min(...out))
          const settled = range.segments[0]?.settledNumber ?? -1
          for (const each of out) if (each <= settled) throw new Error(`${each} is out, and settled up to ${settled}`)
        }
      }),
      { numRuns: 500 },
    )
  })
})
