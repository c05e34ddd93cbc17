import { describe, expect, it } from '@jest/globals'
import { COMPATIBILITY_MODES, type CompatibilityMode } from '../../../src/model/compatibility.ts'
import { judgeModes, verdictsByMode } from '../../../src/registry/compatibility/modes.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'
import { a, closed, open, S } from './minors.ts'

const version = (number: string, payloadSchema: SchemaObject) => ({ version: number, payloadSchema })
const rulesOf = (old: SchemaObject, next: SchemaObject, mode: CompatibilityMode, strict = false): string[] =>
  judgeModes(version('1.0.0', old), [], next, { strict })
    .of(mode)
    .findings.map(({ rule }) => rule)

describe('a change is judged by the question of the mode', () => {
  it.each<[string, SchemaObject, SchemaObject, string[], string[]]>([
    ['a type is widened', a(S), a({ type: ['string', 'null'] }), [], ['type_widened']],
    ['a type is narrowed', a({ type: ['string', 'null'] }), a(S), ['type_narrowed'], []],
    ['a type is another', a(S), a({ type: 'integer' }), ['type_changed'], ['type_changed']],
    ['an enum grows', a({ enum: [1] }), a({ enum: [1, 2] }), [], ['enum_widened']],
    ['an enum shrinks', a({ enum: [1, 2] }), a({ enum: [1] }), ['enum_narrowed'], []],
    ['a property becomes required', a(S), a(S, { required: ['a'] }), ['required_added'], []],
    ['a property becomes optional', a(S, { required: ['a'] }), a(S), [], ['required_removed']],
    ['a property goes from an open model', open({ a: S }), open({}), [], ['property_removed']],
    ['a property goes from a closed model', a(S), closed({}), ['property_removed'], ['property_removed']],
    ['a model is closed', open({ a: S }), closed({ a: S }), ['additional_properties_closed'], []],
    ['a model is opened', closed({ a: S }), open({ a: S }), [], []],
    ['a bound is tightened', a({ maxLength: 2 }), a({ maxLength: 1 }), ['bound_tightened'], []],
    ['a bound is relaxed', a({ maxLength: 1 }), a({ maxLength: 2 }), [], []],
    ['a pattern comes', a(S), a({ ...S, pattern: '^x' }), ['pattern_changed'], []],
    ['a pattern goes', a({ ...S, pattern: '^x' }), a(S), [], ['pattern_changed']],
    ['an alternative comes', a({ anyOf: [S] }), a({ anyOf: [S, { type: 'integer' }] }), [], ['type_widened']],
  ])('where %s', (_title, old, next, backward, forward) => {
    expect(rulesOf(old, next, 'backward')).toEqual(backward)
    expect(rulesOf(old, next, 'forward')).toEqual(forward)
    expect(new Set(rulesOf(old, next, 'full'))).toEqual(new Set([...backward, ...forward]))
  })

  it('so a property of an open model is a strict refusal for producers alone', () => {
    const [old, next] = [open({}), open({ a: S })]
    expect(rulesOf(old, next, 'backward', true)).toEqual(['open_model_property_added'])
    expect(rulesOf(old, next, 'forward', true)).toEqual([])
  })
})

describe('a transitive mode', () => {
  const [first, second] = [version('1.0.0', a({ enum: [1, 2] })), version('1.1.0', a({ enum: [1] }))]
  const next = a({ enum: [1, 3] })

  it('compares with every version of the major, and names the one that is in the way', () => {
    const verdicts = judgeModes(second, [first], next, { strict: false })
    expect(verdicts.of('backward').findings).toEqual([])
    expect(verdicts.of('backward_transitive')).toMatchObject({
      version: '1.0.0',
      findings: [{ rule: 'enum_changed', path: '/properties/a/enum' }],
    })
  })

  it('answers beside the others, with the version in the message', () => {
    const modes = verdictsByMode(judgeModes(second, [first], next, { strict: false }), '/payloadSchema')
    expect(Object.keys(modes)).toEqual([...COMPATIBILITY_MODES])
    expect(modes.backward).toEqual({ valid: true, findings: [] })
    expect(modes.backward_transitive.findings[0]).toMatchObject({ path: '/payloadSchema/properties/a/enum' })
    expect(modes.backward_transitive.findings[0]?.message).toMatch(/\(compared with 1\.0\.0\)$/)
    expect(modes.forward.valid).toBe(false)
  })

  it('shares one bound of work among all versions', () => {
    const hard = (n: number) =>
      a({ oneOf: Array.from({ length: 30 }, (_, k) => open({ k: { const: k }, n: { maximum: n } })) })
    const earlier = Array.from({ length: 200 }, (_, n) => version(`1.${n}.0`, hard(n + 2)))
    const { findings } = judgeModes(version('1.200.0', hard(1)), earlier, hard(1), { strict: false }).of(
      'full_transitive',
    )
    expect(findings.map(({ rule }) => rule)).toContain('not_provable')
  })
})
