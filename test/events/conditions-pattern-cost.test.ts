import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseConditions } from '../../src/events/conditions.ts'
import { conditionsHold, patternWork } from '../../src/events/conditions-hold.ts'
import { event } from '../delivery/receiving.ts'
import { countCost } from '../support/cpu.ts'
import { holds, parsed, payload } from './matched-conditions.ts'

describe('the cost of patterns is bounded', () => {
  const text = (length: number) => ({ text: `${'x'.repeat(length - 1)}y` })
  it('for one match: by the length of the text, and by the size of the pattern', () => {
    const small = { 'payload.text': { matches_regex: 'y$' } }
    expect([holds(small, text(10_240)), holds(small, text(10_241))]).toEqual([true, false])
    const large = { 'payload.text': { matches_regex: '(?:x|y)*x[xy]{100}$' } }
    expect([holds(large, text(300)), holds(large, text(2_000))]).toEqual([true, false])
  })

  it('for one event: patterns after its share is used up do not match', () => {
    const conditions = parsed({ 'payload.text': { matches_regex: 'y$' } })
    const work = patternWork()
    const matches = () => conditionsHold(conditions, event, text(10_000), work)
    let met = 0
    while (met < 1_000 && matches()) met++
    expect(met).toBeGreaterThan(10)
    expect(met).toBeLessThan(100)
    expect(conditionsHold(conditions, event, text(10_000))).toBe(true)
  })

  it('so that the worst of patterns in 500 webhooks hold up one event for a moment, not for minutes', () => {
    const conditions = parsed({ 'payload.text': { matches_regex: '(?:a|b)*a[ab]{150}[cd]' } })
    const work = patternWork()
    const cost = countCost()
    for (let n = 0; n < 500; n++)
      conditionsHold({ ...conditions }, event, { text: 'ab'.repeat(250) + 'b'.repeat(n % 7) }, work)
    expect(cost()).toBeLessThan(500)
  })
})

it('a condition of a newer release holds', () => {
  for (const leaf of [
    { path: 'payload.a', operator: 'sounds_like', value: 'x' },
    { path: 'weather', operator: 'exists' },
  ])
    expect(conditionsHold({ all: [leaf] }, event, payload)).toBe(true)
})

it('neither parsing nor judging ever throws, for any input', () => {
  const leaf = fc.record({
    path: fc.oneof(
      fc.constantFrom('payload.a', 'subject', 'chain.depth', 'payload.b[0]', 'federation.hops'),
      fc.string(),
    ),
    operator: fc.constantFrom(
      'equals',
      'gt',
      'not_lte',
      'contains',
      'starts_with',
      'in',
      'is_type',
      'matches_regex',
      'length_equals',
      'exists',
    ),
    value: fc.oneof(fc.jsonValue(), fc.constant({ path: 'payload.a' }), fc.constant('string')),
    coerce: fc.boolean(),
  })
  const groups = fc.letrec(tie => ({
    group: fc.record({ any: fc.array(fc.oneof(leaf, tie('group')), { maxLength: 4 }) }),
  })).group
  fc.assert(
    fc.property(fc.oneof(groups, leaf, fc.jsonValue()), fc.jsonValue(), (input, value) => {
      const result = parseConditions(input)
      if (result.ok) expect(typeof conditionsHold(result.conditions, event, value)).toBe('boolean')
    }),
    { numRuns: 500 },
  )
})
