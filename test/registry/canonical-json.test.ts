import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { canonicalJson, identityOf, schemaHash } from '../../src/json/canonical-json.ts'
import { planOf } from '../../src/model/plans.ts'

describe('canonical JSON', () => {
  it('is that of the examples of RFC 8785', () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    )
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
    const sorted = canonicalJson({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 })
    expect(Object.values(JSON.parse(sorted.replace('"1"', '"one"')) as object)).toEqual([2, 4, 6, 7, 1, 5, 3])
  })

  it('reads back as the same value, and is the same for members in any order', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), value => {
        const text = canonicalJson(value)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
        expect(identityOf(JSON.parse(text))).toBe(identityOf(value))
      }),
    )
    expect(schemaHash({ a: 1, b: [{ c: 1, d: 2 }] })).toBe(schemaHash({ b: [{ d: 2, c: 1 }], a: 1.0 }))
    expect(schemaHash({ description: 'a' })).not.toBe(schemaHash({ description: 'b' }))
  })

  it('does not exist for values that JSON cannot carry', () => {
    expect(() => canonicalJson({ a: [Number.POSITIVE_INFINITY] })).toThrow(TypeError)
    expect(() => canonicalJson({ '\ud800': 1 })).toThrow(TypeError)
  })
})

describe('the plans', () => {
  it.each([
    ['FREE', 0, 1_000],
    ['BASIC', 5, 10_000],
    ['PRO', 25, 100_000],
    ['ENTERPRISE', null, null],
  ] as const)('%s has %s registrations and %s emits a month', (plan, registrations, monthlyEmits) => {
    expect(planOf(plan)).toMatchObject({ registrations, monthlyEmits, retentionDays: 30 })
  })
})
