import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { isRegistrable } from '../../../conformance/types/case.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'
import { generateTypes } from '../../../src/registry/types/generate-types.ts'
import { LANGUAGES, type Language } from '../../../src/registry/types/languages.ts'
import { createNames, pascalCase, snakeCase, wordsOf } from '../../../src/registry/types/names.ts'
import { SCHEMAS, sourceOf } from './schemas.ts'

const S = { type: 'string' }
const codeOf = (schema: SchemaObject, language: Language): string =>
  generateTypes(sourceOf('order.placed', schema), language)
const object = (properties: SchemaObject): SchemaObject => ({ type: 'object', properties })

describe('the generated code', () => {
  it.each(LANGUAGES)('is readable: %s', language => {
    const golden = readFileSync(join(import.meta.dirname, 'golden', `order.${language}.txt`), 'utf8')
    expect(codeOf(SCHEMAS.order!, language)).toBe(golden)
  })

  it('is the same each time', () => {
    for (const schema of Object.values(SCHEMAS)) {
      for (const language of LANGUAGES) expect(codeOf(structuredClone(schema), language)).toBe(codeOf(schema, language))
    }
  })

  it('has one type for a schema that is referred to twice', () => {
    const schema = {
      ...object({ from: { $ref: '#/$defs/address' }, to: { anyOf: [{ $ref: '#/$defs/address' }, { type: 'null' }] } }),
      $defs: { address: object({ street: S }) },
    }
    expect(codeOf(schema, 'typescript')).toContain('  from?: OrderPlacedAddress\n  to?: OrderPlacedAddress | null\n')
    expect(codeOf(schema, 'go')).toContain('To *OrderPlacedNullable[OrderPlacedAddress]')
    expect(codeOf(schema, 'python')).toContain('to: Union[Optional[OrderPlacedAddress], Absent] = ABSENT')
  })

  it('has types for enums and consts of numbers', () => {
    const schema = object({ level: { enum: [1, 2, -3] }, rate: { enum: [0.5, 1] }, version: { const: 7 } })
    expect(codeOf(schema, 'typescript')).toContain('version?: 7\n')
    expect(codeOf(schema, 'typescript')).toContain('export type OrderPlacedLevel = 1 | 2 | -3\n')
    expect(codeOf(schema, 'python')).toContain('OrderPlacedLevel = Literal[1, 2, -3]\n')
    expect(codeOf(schema, 'go')).toContain('const OrderPlacedLevelMinus3 OrderPlacedLevel = -3\n')
    expect(codeOf(schema, 'go')).toContain(
      'type OrderPlacedRate float64\n\nconst OrderPlacedRate0_5 OrderPlacedRate = 0.5\n',
    )
    expect(codeOf(schema, 'go')).toContain('type OrderPlacedVersion int64\n')
  })

  it('writes a required list of Go as [] where a program left it nil', () => {
    const code = codeOf({ ...object({ lines: { type: 'array', items: S } }), required: ['lines'] }, 'go')
    expect(code).toContain('\tif payload.Lines == nil {\n\t\tmembers["lines"] = []string{}\n')
  })

  it('distinguishes alternatives in TypeScript', () => {
    const card = { ...object({ kind: { const: 'card' }, number: S }), required: ['kind', 'number'] }
    const iban = { ...object({ kind: { const: 'iban' }, iban: S }), required: ['kind', 'iban'] }
    const code = codeOf({ type: 'object', oneOf: [card, iban] }, 'typescript')
    expect(code).toContain('export type OrderPlaced = OrderPlacedCard | OrderPlacedIban\n')
    expect(code).toContain("export interface OrderPlacedCard {\n  kind: 'card'\n  number: string\n")
  })

  it('carries descriptions as comments that nothing in them can end', () => {
    const description = 'Ends */ here """ and \\\r\nsecond\u2028third \u202e`x`'
    const schema = { ...object({ a: { ...S, description } }), description }
    const [typescript, python, go] = LANGUAGES.map(language => codeOf(schema, language))
    expect(typescript).toContain(
      ' * Ends * / here """ and \\\n * second\n * third `x`\n */\nexport interface OrderPlaced',
    )
    expect(python).toContain('    """Ends * / here \\"\\"\\" and \\\\\n    second\n    third `x`"""\n')
    expect(go).toContain('// OrderPlaced: Ends * / here """ and \\\n// second\n// third `x`\ntype OrderPlaced struct')
  })

  it('never narrows the schema: parts that no type can express are left open', () => {
    const schema = object({
      mixed: { type: ['string', 'integer'] },
      untyped: { properties: { a: S } },
      conditional: { type: 'object', if: { required: ['a'] }, else: { properties: { a: S } } },
      never: false,
    })
    const code = codeOf(schema, 'go')
    expect(code).toContain('// "mixed", optional, one of: string, number.\n\tMixed json.RawMessage')
    expect(code).toContain('Untyped json.RawMessage')
    expect(code).toContain('Conditional map[string]json.RawMessage')
    expect(code).not.toContain('"never"')
  })
})

describe('hostile schemas', () => {
  const alternatives = (place: number) =>
    Array.from({ length: 20 }, (_, index) => ({ required: [`a${place}_${index}`] }))
  const HOSTILE: Record<string, SchemaObject> = {
    'a product of alternatives': {
      type: 'object',
      properties: { kept: S },
      allOf: Array.from({ length: 22 }, (_, place) => ({ anyOf: alternatives(place) })),
    },
    'long names': object(
      Object.fromEntries(
        Array.from({ length: 49 }, (_, index) => [
          `${'日'.repeat(400)}${index}`,
          { enum: [`${'x'.repeat(100)}${index}`, 'y'] },
        ]),
      ),
    ),
  }

  it.each(Object.keys(HOSTILE))('give bounded code that keeps what is named: %s', title => {
    const schema = HOSTILE[title] as SchemaObject
    expect(isRegistrable(schema)).toBe(true)
    for (const language of LANGUAGES) expect(codeOf(schema, language).length).toBeLessThan(200_000)
    if (schema.allOf) expect(codeOf(schema, 'typescript')).toContain('kept?: string')
  })

  it('that refer to themselves end, although they cannot be registered', () => {
    const node: SchemaObject = {
      type: 'object',
      properties: {
        next: { $ref: '#/$defs/node' },
        all: { allOf: [{ $ref: '#/$defs/node' }, { $ref: '#/$defs/node' }] },
      },
    }
    const schema = { ...object({ first: { $ref: '#/$defs/node' } }), $defs: { node, loop: { $ref: '#/$defs/loop' } } }
    for (const language of LANGUAGES) expect(codeOf(schema, language)).toContain('next')
  })
})

describe('names', () => {
  it.each([
    ['user_id', 'UserID', 'user_id'],
    ['viewingBookedAt', 'ViewingBookedAt', 'viewing_booked_at'],
    ['HTTPServer', 'HTTPServer', 'http_server'],
    ['sha256', 'Sha256', 'sha256'],
    ['1st', 'X1st', 'x_1st'],
    ['+1', 'Plus1', 'plus_1'],
    ['-1', 'Minus1', 'minus_1'],
    ['日本', 'X日本', '日本'],
    ['ßx', 'Xßx', 'ßx'],
    ['ǰ', 'Xǰ', 'ǰ'],
    ['', 'Empty', 'empty'],
    ['-', 'U2d', 'u2d'],
    ['😀', 'U1f600', 'u1f600'],
  ])('%s is an identifier of every language', (name, pascal, snake) => {
    expect([pascalCase(wordsOf(name), true), snakeCase(wordsOf(name))]).toEqual([pascal, snake])
  })

  it('that collide are numbered, and a number does not collide again', () => {
    const names = createNames(['Taken'])
    expect(['Taken', 'A', 'A', 'A2', 'A1', 'A1'].map(name => names.take(name))).toEqual([
      'Taken2',
      'A',
      'A2',
      'A2_2',
      'A1',
      'A1_2',
    ])
  })
})
