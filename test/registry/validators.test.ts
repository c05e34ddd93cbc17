import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compilePattern } from '../../src/json/patterns.ts'
import { GENERIC } from '../../src/model/names.ts'
import type { SchemaDialect } from '../../src/model/registrations.ts'
import type { SchemaObject } from '../../src/registry/schema-positions.ts'
import { isMultipleOf } from '../../src/registry/validation/multiple-of.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { countCost } from '../support/cpu.ts'

const validators = createValidators({ cacheMax: 100 })
const compile = (schema: SchemaObject, dialect: SchemaDialect = 'json-schema-2020-12') => {
  const compiled = validators.compile(schema, dialect)
  return compiled.ok ? [] : compiled.findings.map(f => `${f.rule} ${f.path}`)
}
const judge = (schema: SchemaObject, value: unknown, dialect: SchemaDialect = 'json-schema-2020-12') =>
  validators.validate({ schemaHash: JSON.stringify(schema), payloadSchema: schema, schemaFlavour: dialect }, value)
const rules = (schema: SchemaObject, value: unknown) => judge(schema, value).map(f => `${f.rule} ${f.path}`)

describe('the findings about a payload', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string' }, 'b/c': { items: { minimum: 3 } } },
    required: ['a'],
    additionalProperties: false,
  }
  it('are all of them, with pointer and rule', () => {
    expect(rules(schema, { 'b/c': [5, 1], 'x~y': 1 })).toEqual([
      'required ',
      'minimum /b~1c/1',
      'additionalProperties /x~0y',
    ])
    expect(rules(schema, [])).toEqual(['type '])
    expect(rules(schema, { a: 'x' })).toEqual([])
  })

  it('are at most twenty, each of bounded size', () => {
    const findings = judge(
      schema,
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${'k'.repeat(2000)}${i}`, 1])),
    )
    expect(findings.length).toBe(20)
    expect(findings.every(f => f.path.length <= 500 && f.message.length <= 300)).toBe(true)
  })

  it('know JavaScript objects no better than JSON does', () => {
    const properties = { constructor: { type: 'number' }, toString: { type: 'string' } }
    expect(rules({ properties, required: ['valueOf'] }, {})).toEqual(['required '])
    expect(rules({ properties }, { toString: 1 })).toEqual(['type /toString'])
    expect(rules({ additionalProperties: false }, JSON.parse('{"__proto__":1}'))).toEqual([
      'additionalProperties /__proto__',
    ])
    expect(rules({ properties: { a: { enum: [{ valueOf: 1 }] } } }, { a: { valueOf: 1 } })).toEqual([])
    expect(rules({ properties: { a: { const: {} } } }, { a: { valueOf: 1, constructor: 2 } })).toEqual(['const /a'])
  })

  it('count characters and not bytes or UTF-16 units', () => {
    expect(rules({ properties: { a: { maxLength: 2 } } }, { a: '😀😀' })).toEqual([])
    expect(rules({ properties: { a: { maxLength: 1 } } }, { a: '😀😀' })).toEqual(['maxLength /a'])
  })

  it('refuse numbers that double precision turns to infinity', () => {
    expect(rules({ properties: { a: { type: 'number' } } }, JSON.parse('{"a":1e999}'))).toEqual(['type /a'])
  })

  it('assert formats', () => {
    const formatted = (format: string, a: string) => rules({ properties: { a: { format } } }, { a })
    expect(formatted('date-time', '2026-05-04T10:00:00Z')).toEqual([])
    for (const [format, wrong] of [
      ['date-time', '2026-02-30T10:00:00Z'],
      ['email', 'a'],
      ['uri', 'a b'],
      ['uuid', 'urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380'],
    ] as const) {
      expect(formatted(format, wrong)).toEqual(['format /a'])
    }
  })
})

describe('the generic event', () => {
  it.each<[unknown, string[]]>([
    [{ kind: 'user.signed_up', summary: 'New user', data: { any: [1] } }, []],
    [{ kind: 'k'.repeat(120), summary: 's'.repeat(500) }, []],
    [{}, ['required ']],
    [{ kind: '' }, ['minLength /kind']],
    [{ kind: 'k'.repeat(121) }, ['maxLength /kind']],
    [{ kind: 'k', summary: 's'.repeat(501) }, ['maxLength /summary']],
    [{ kind: 'k', data: [] }, ['type /data']],
    [{ kind: 'k', other: 1 }, ['additionalProperties /other']],
  ])('judges %j: %j', (payload, expected) => {
    expect(compile(GENERIC.schema)).toEqual([])
    expect(rules(GENERIC.schema, payload)).toEqual(expected)
  })
})

describe('exact keywords', () => {
  it('multipleOf is about decimals', () => {
    for (const [value, divisor] of [
      [19.99, 0.01],
      [0.3, 0.1],
      [1e308, 0.5],
      [4.35, 0.05],
      [-7, 3.5],
      [0, 5],
      [1e-7, 1e-8],
    ])
      expect(isMultipleOf(value as number, divisor as number)).toBe(true)
    for (const [value, divisor] of [
      [19.995, 0.01],
      [0.35, 0.1],
      [7, 2],
      [1e308, 0.123456789],
    ])
      expect(isMultipleOf(value as number, divisor as number)).toBe(false)
    fc.assert(
      fc.property(
        fc.integer({ min: -1e6, max: 1e6 }),
        fc.integer({ min: 1, max: 9999 }),
        fc.integer({ min: 0, max: 6 }),
        (n, d, places) => {
          expect(isMultipleOf(Number(`${n * d}e-${places}`), Number(`${d}e-${places}`))).toBe(true)
        },
      ),
    )
  })

  it('uniqueItems, enum and const compare values, of whatever order of members', () => {
    expect(
      rules(
        { properties: { a: { uniqueItems: true } } },
        {
          a: [
            { x: 1, y: 2 },
            { y: 2, x: 1 },
          ],
        },
      ),
    ).toEqual(['uniqueItems /a'])
    expect(
      rules(
        { properties: { a: { uniqueItems: true } } },
        { a: [1, '1', true, null, [1], ['1'], { a: 1 }, '{"a":1}', 'true'] },
      ),
    ).toEqual([])
    expect(rules({ properties: { a: { enum: [1.0, '{"b":1}'] } } }, { a: { b: 1 } })).toEqual(['enum /a'])
  })
})

describe('patterns', () => {
  const texts = [
    '',
    'a',
    'aab',
    'A',
    '٣',
    '\u00a0',
    '\n',
    '\r',
    '\u2028',
    'é',
    '😀',
    'a\n',
    '-',
    '_',
    ']',
    '\\',
    '^',
    '{',
    '\b',
    '\0',
    'K',
    'a.b',
    'x{2}',
    '1970-01-01',
  ]
  it.each([
    '^a$',
    '^.$',
    '\\s',
    '[^\\s]',
    '[\\S\\d]',
    '\\w',
    '[\\W]',
    '\\ba',
    '[\\b]',
    '\\0',
    '\\u{1f600}',
    '\\ud83d\\ude00',
    '[😀]',
    '^[^a]$',
    '[]',
    '[^]',
    '[\\]]',
    '[[]',
    '\\^',
    '\\{2\\}',
    '(?<n>a)b',
    '(?:a|b)+?',
    'a{1,2}b',
    '\\p{L}',
    '[\\P{Lu}]',
    '\\cJ',
    '\\x41',
    '[{}.*^]',
    '[(?:]',
    '(?:19|20)\\d\\d-[01]\\d',
    '[a^-_]',
    '\\p{Letter}',
  ])('%s means here what it means in the language', pattern => {
    const expected = new RegExp(pattern, 'u')
    const compiled = compilePattern(pattern)
    for (const text of texts) expect([text, compiled.test(text)]).toEqual([text, expected.test(text)])
  })

  it.each([
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    '(?<n>a)\\k<n>',
    '(?i:a)',
    '\\p{Emoji}',
    '[',
    'a{1001}',
    '((a{100}){100}){100}',
    '\\-',
    '\\ud83d',
    'a'.repeat(1001),
  ])('%s is refused', pattern => {
    expect(() => compilePattern(pattern)).toThrow(SyntaxError)
  })
})

describe('a hostile payload costs no more than its size', () => {
  const within = (costMax: number, run: () => void): void => {
    const cost = countCost()
    run()
    expect(cost()).toBeLessThan(costMax)
  }
  it('for uniqueItems over 60,000 lists, a large enum, and patterns made to backtrack', () => {
    const lists = Array.from({ length: 60_000 }, () => [])
    within(200, () =>
      expect(rules({ properties: { a: { uniqueItems: true } } }, { a: lists })).toEqual(['uniqueItems /a']),
    )
    const many = Array.from({ length: 5000 }, (_, i) => ({ i }))
    within(300, () =>
      expect(
        rules(
          { properties: { a: { items: { enum: many } } } },
          { a: Array.from({ length: 50_000 }, () => ({ i: 4999 })) },
        ),
      ).toEqual([]),
    )
    within(200, () =>
      expect(rules({ properties: { a: { pattern: '^(a+)+$' } } }, { a: `${'a'.repeat(50_000)}!` })).toEqual([
        'pattern /a',
      ]),
    )
    within(200, () =>
      expect(rules({ properties: { a: { pattern: '^(a+)+$' } } }, { a: `${'a'.repeat(250_000)}!` })).toEqual([
        'too_costly ',
      ]),
    )
  })

  it('for a fault in each of 60,000 places, of which the first twenty are findings', () => {
    const properties = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`p${i}`, { type: 'string' }]))
    const schema = { properties: { a: { items: { properties, required: Object.keys(properties) } } } }
    within(200, () =>
      expect(rules(schema, { a: Array.from({ length: 60_000 }, () => ({})) })).toEqual(Array(20).fill('required /a/0')),
    )
  })
})

describe('the cache', () => {
  it('judges right when every schema pushes another out', () => {
    const small = createValidators({ cacheMax: 2 })
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 5; n++) {
        const registration = {
          schemaHash: `h${n}`,
          payloadSchema: { type: 'object', required: [`r${n}`] },
          schemaFlavour: 'json-schema-2020-12' as const,
        }
        expect(small.validate(registration, { [`r${n}`]: 1 })).toEqual([])
        expect(small.validate(registration, { [`r${n + 1}`]: 1 }).length).toBe(1)
      }
    }
  })
})
