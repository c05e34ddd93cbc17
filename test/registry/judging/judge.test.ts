import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Schema } from '../../../src/registry/references.ts'
import { createJudge } from '../../../src/registry/validation/judge.ts'
import { eventSchema, payloads, schemaPair } from '../schema-pairs.ts'
import { createSecondOpinion } from '../second-opinion.ts'

const judgeOf = (schema: Schema) => createJudge(schema, { dialect: 'json-schema-2020-12', formats: 'annotate' })
const told = (schema: Schema, value: unknown, max = 20) =>
  judgeOf(schema)
    .findings(value, max)
    .map(({ rule, path }) => `${rule} ${path}`)

describe('the judge', () => {
  it('agrees with another validator about any schema and payload', async () => {
    const found = { valid: 0, invalid: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          eventSchema,
          schemaPair.map(([, next]) => next),
        ),
        payloads,
        async (schema, values) => {
          const judge = judgeOf(schema)
          const second = await createSecondOpinion(schema)
          for (const value of values) {
            const isValid = judge.isValid(value)
            expect([value, isValid]).toEqual([value, second(value)])
            found[isValid ? 'valid' : 'invalid']++
          }
        },
      ),
      { numRuns: 250 },
    )
    expect(Math.min(found.valid, found.invalid)).toBeGreaterThan(500)
  })

  it('has a finding exactly where a value is not valid, and never more than the limit', () => {
    fc.assert(
      fc.property(eventSchema, payloads, (schema, values) => {
        const judge = judgeOf(schema)
        for (const value of values) {
          for (const max of [1, 3, 20]) {
            const findings = judge.findings(value, max)
            expect(findings.length > 0).toBe(!judge.isValid(value))
            expect(findings.length).toBeLessThanOrEqual(max)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each<[string, Schema, unknown, string[]]>([
    [
      'all faults of all members',
      { properties: { a: { type: 'string' }, b: { items: { minimum: 3 } } } },
      { a: 1, b: [1, 5, 2] },
      ['type /a', 'minimum /b/0', 'minimum /b/2'],
    ],
    ['every name that is required', { required: ['a', 'b'] }, {}, ['required ', 'required ']],
    [
      'the branches, where none holds',
      { anyOf: [{ type: 'null' }, { required: ['a'] }] },
      {},
      ['type ', 'required ', 'anyOf '],
    ],
    ['not the branches, where too many hold', { oneOf: [{ minProperties: 1 }, {}, {}] }, {}, ['oneOf ']],
    ['nothing of a branch that need not hold', { anyOf: [{ type: 'null' }, {}], required: ['a'] }, {}, ['required ']],
    ['nothing of what must not hold', { not: { not: { required: ['a'] } } }, {}, ['not ']],
    ['nothing of a condition', { if: { required: ['a'] }, else: { required: ['b'] } }, {}, ['required ']],
    [
      'members that are left over',
      { properties: { a: true }, unevaluatedProperties: false },
      { a: 1, 'b/c': 2 },
      ['unevaluatedProperties /b~1c'],
    ],
    ['items that are left over', { prefixItems: [true], unevaluatedItems: false }, [1, 2], ['unevaluatedItems /1']],
    [
      'nothing left over of what is wrong anyway',
      { properties: { a: { type: 'string' } }, unevaluatedProperties: false },
      { a: 1, b: 2 },
      ['type /a'],
    ],
    ['names that are wrong', { propertyNames: { maxLength: 1 } }, { ab: 1 }, ['propertyNames /ab']],
    ['members that can never be', { properties: { a: false } }, { a: 1 }, ['false schema /a']],
    [
      'what a reference leads to',
      { properties: { a: { $ref: '#/$defs/x' } }, $defs: { x: { const: 1 } } },
      { a: 2 },
      ['const /a'],
    ],
  ])('tells %s', (_title, schema, value, expected) => {
    expect(told(schema, value)).toEqual(expected)
  })

  it('takes __proto__ as the name of a member, and numbers beyond double precision as no numbers', () => {
    const payload: unknown = JSON.parse('{"__proto__": {"a": 1}, "n": 1e999}')
    expect(told({ properties: { n: {} }, unevaluatedProperties: false }, payload)).toEqual([
      'unevaluatedProperties /__proto__',
    ])
    expect(told({ properties: { n: { type: 'number' } } }, payload)).toEqual(['type /n'])
    expect(told({ required: ['a'] }, payload)).toEqual(['required '])
    expect(told({ properties: { n: { multipleOf: 3 } } }, payload)).toEqual(['multipleOf /n'])
    expect(told(JSON.parse('{"properties": {"__proto__": {"type": "string"}}}'), payload)).toEqual(['type /__proto__'])
  })

  it('follows the outermost anchor that a dynamic reference names', () => {
    const tree = { $id: 'tree', $dynamicAnchor: 'node', properties: { below: { items: { $dynamicRef: '#node' } } } }
    const strict: Schema = {
      $id: 'https://a.test/strict',
      $dynamicAnchor: 'node',
      $ref: 'tree',
      unevaluatedProperties: false,
      $defs: { tree },
    }
    expect(told(strict, { below: [{ below: [] }] })).toEqual([])
    expect(told(strict, { below: [{ belwo: [] }] })).toEqual(['unevaluatedProperties /below/0/belwo'])
  })

  it('refuses keywords that it could only ignore', () => {
    for (const schema of [{ $ref: '#/$defs/x' }, { $dynamicRef: 'https://elsewhere.test/#a' }, { pattern: '(?=a)' }]) {
      expect(() => judgeOf(schema)).toThrow(SyntaxError)
    }
  })
})

describe('work that would take too long', () => {
  const texts = (count: number, length: number) => Array.from({ length: count }, (_, n) => `${n}-${'a'.repeat(length)}`)

  it.each<[string, Schema, unknown]>([
    ['a long text under a large pattern', { pattern: '^(?:a?){800}a{800}$' }, 'a'.repeat(200_000)],
    [
      'a long name under a large pattern',
      { patternProperties: { '^(?:a?){800}b$': true } },
      { ['a'.repeat(100_000)]: 1 },
    ],
    ['many texts under a pattern', { items: { pattern: '^(?:a|b|c|d|-|[0-9])*$' } }, texts(20_000, 10)],
    [
      'many items under many alternatives',
      { items: { anyOf: Array.from({ length: 60 }, (_, n) => ({ const: n })) } },
      Array.from({ length: 100_000 }, () => 59),
    ],
    [
      'the same in a negation, which must not make it right',
      { not: { pattern: '^(?:a?){800}a{800}$' } },
      'b'.repeat(200_000),
    ],
  ])('is refused and never guessed: %s', (_title, schema, value) => {
    expect(told(schema, value)).toEqual(['too_costly '])
    expect(judgeOf(schema).isValid(value)).toBe(false)
  })

  it('leaves room for a payload of full size under an ordinary schema', () => {
    const list = Array.from({ length: 130_000 }, (_, n) => n % 10)
    expect(told({ items: { type: 'integer', minimum: 0, maximum: 9 } }, list)).toEqual([])
    const schema = { properties: { ids: { items: { type: 'string', pattern: '^[a-z0-9-]+$', maxLength: 40 } } } }
    expect(told(schema, { ids: texts(5_000, 20) })).toEqual([])
  })
})
