import { describe, expect, it } from '@jest/globals'
import { dialectOf } from '../../src/registry/dialect.ts'
import { measureSchema } from '../../src/registry/schema-limits.ts'
import type { SchemaObject } from '../../src/registry/schema-positions.ts'
import { createValidators } from '../../src/registry/validators.ts'

const codesOf = (schema: SchemaObject) =>
  measureSchema(schema).problems.map(p => `${p.code} ${p.finding.rule} ${p.finding.path}`)

describe('the size of a schema', () => {
  it.each<[string, SchemaObject, number]>([
    ['the root alone', { type: 'object' }, 1],
    ['a property', { properties: { a: {} } }, 2],
    ['a property that is a boolean', { properties: { a: true } }, 2],
    ['items of a property', { properties: { a: { items: { prefixItems: [{}] } } } }, 4],
    ['additionalProperties as a schema', { additionalProperties: {} }, 2],
    ['additionalProperties as a boolean', { additionalProperties: false }, 1],
    ['patternProperties', { patternProperties: { '^a': {} } }, 2],
    ['combinators do not count', { allOf: [{ anyOf: [{ not: { if: {}, else: { oneOf: [{}] } } }] }] }, 1],
    ['but what is inside them does', { allOf: [{ properties: { a: {} } }] }, 2],
    [
      'a reference counts what it leads to',
      { properties: { a: { $ref: '#/$defs/x' } }, $defs: { x: { properties: { b: {} } } } },
      3,
    ],
    ['an anchor too', { properties: { a: { $ref: '#x' } }, $defs: { x: { $anchor: 'x', properties: { b: {} } } } }, 3],
    ['definitions nobody refers to do not count', { $defs: { x: { properties: { a: {} } } } }, 1],
    ['a property named properties', { properties: { properties: { type: 'string' } } }, 2],
  ])('depth: %s', (_title, schema, depth) => {
    expect(measureSchema(schema)).toMatchObject({ depth, problems: [] })
  })

  it('properties are counted over all levels, those of a definition once', () => {
    const use = { $ref: '#/$defs/x' }
    const schema = {
      properties: { a: use, b: use, c: { items: { properties: { d: {} } } } },
      patternProperties: { e: {} },
      $defs: { x: { properties: { f: {}, g: {} } } },
    }
    expect(measureSchema(schema).propertyCount).toBe(7)
  })

  it.each<[string, SchemaObject, string[]]>([
    ['to the root', { properties: { a: { $ref: '#' } } }, ['schema_too_deep recursive /properties/a']],
    [
      'to each other',
      { $defs: { a: { $ref: '#/$defs/b' }, b: { not: { $ref: '#/$defs/a' } } } },
      ['schema_too_deep recursive /$defs/b/not'],
    ],
    ['to a remote document', { $ref: 'other.json' }, ['invalid_json_schema remote_ref /$ref']],
    ['to nothing', { $ref: '#/$defs/none' }, ['invalid_json_schema unresolved_ref /$ref']],
    [
      'to what is no schema',
      { properties: { a: { enum: [{}] }, b: { $ref: '#/properties/a/enum/0' } } },
      ['invalid_json_schema unresolved_ref /properties/b/$ref'],
    ],
    ['that cannot be decoded', { $ref: '#/%' }, ['invalid_json_schema unresolved_ref /$ref']],
    ['with escapes', { $defs: { 'a/b~c d': {} }, $ref: '#/$defs/a~1b~0c%20d' }, []],
  ])('references %s', (_title, schema, expected) => {
    expect(codesOf(schema)).toEqual(expected)
  })
})

describe('the caps of a schema, each at its limit and one beyond', () => {
  const nested = (levels: number): SchemaObject =>
    levels === 1 ? { type: 'object' } : { type: 'object', properties: { x: nested(levels - 1) } }
  const wide = (names: number): SchemaObject => ({
    properties: Object.fromEntries(Array.from({ length: names }, (_, i) => [`p${i}`, {}])),
  })
  const long = (bytes: number): SchemaObject => {
    const schema = { type: 'object', description: '' }
    return {
      ...schema,
      description: 'é'
        .repeat(Math.floor((bytes - JSON.stringify(schema).length) / 2))
        .concat(bytes % 2 === JSON.stringify(schema).length % 2 ? '' : 'x'),
    }
  }
  const many = (schemas: number): SchemaObject => ({
    $defs: Object.fromEntries(Array.from({ length: schemas - 1 }, (_, i) => [`d${i}`, {}])),
  })
  const asking = (checks: number): SchemaObject => ({ required: Array.from({ length: checks - 1 }, (_, i) => `r${i}`) })
  it.each<[string, (size: number) => SchemaObject, number, string]>([
    [
      'levels',
      nested,
      5,
      'schema_too_deep max_depth /properties/x/properties/x/properties/x/properties/x/properties/x',
    ],
    ['properties', wide, 50, 'schema_too_wide max_properties '],
    ['bytes, not characters', long, 65_536, 'schema_too_wide max_bytes '],
    ['schemas', many, 500, 'schema_too_wide max_subschemas '],
    ['checks', asking, 2_000, 'invalid_json_schema max_evaluations '],
  ])('%s', (_title, make, max, problem) => {
    expect(codesOf(make(max))).toEqual([])
    expect(codesOf(make(max + 1))).toEqual([problem])
  })

  it('a pattern, and all of them together', () => {
    const validators = createValidators({ cacheMax: 1 })
    const taken = (...patterns: string[]) =>
      validators.compile(
        { properties: Object.fromEntries(patterns.map((pattern, i) => [`p${i}`, { pattern }])) },
        'json-schema-2020-12',
      ).ok
    expect([taken('a'.repeat(1_000)), taken('a'.repeat(1_001))]).toEqual([true, false])
    expect([taken('a'.repeat(999), 'b'.repeat(999), 'cc'), taken('a'.repeat(999), 'b'.repeat(999), 'ccc')]).toEqual([
      true,
      false,
    ])
    expect([
      taken('a{990}', 'b{990}', 'c{990}', 'd{990}'),
      taken('a{990}', 'b{990}', 'c{990}', 'd{990}', 'e{990}'),
    ]).toEqual([true, false])
  })

  it('in the flavour of OpenAPI as in the other', () => {
    const inOpenApi = (schema: SchemaObject) => ({ ...schema, example: {} })
    expect([dialectOf(inOpenApi(wide(50))), codesOf(inOpenApi(wide(50)))]).toEqual(['openapi-3.1', []])
    expect(codesOf(inOpenApi(wide(51)))).toEqual(['schema_too_wide max_properties '])
    expect(codesOf(inOpenApi(nested(6)))).toEqual([
      'schema_too_deep max_depth /properties/x/properties/x/properties/x/properties/x/properties/x',
    ])
  })

  it('a dynamic reference that leads back, by any of its ends', () => {
    expect(codesOf({ $dynamicAnchor: 'a', properties: { x: { $dynamicRef: '#a' } } })).toEqual([
      'schema_too_deep recursive /properties/x',
    ])
    const other = { $id: 'https://example.com/b', $dynamicAnchor: 'a', not: { $dynamicRef: '#a' } }
    expect(codesOf({ $dynamicAnchor: 'a', $defs: { other } })).toEqual(['schema_too_deep recursive /$defs/other/not'])
  })
})

describe('a hostile schema costs no more than its text', () => {
  it('references that double at each of 150 levels', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 150 }, (_, i) => [
        `d${i}`,
        { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
      ]),
    )
    expect(codesOf({ $ref: '#/$defs/d0', $defs: { ...$defs, d150: {} } })).toEqual([
      'invalid_json_schema max_evaluations ',
    ])
  })

  it('nesting as deep as the text is long', () => {
    let schema: SchemaObject = {}
    for (let i = 0; i < 10_000; i++) schema = { not: schema }
    expect(codesOf(schema)).toEqual(['schema_too_deep max_nesting '])
  })

  it('thousands of required names', () => {
    expect(codesOf({ required: Array.from({ length: 5000 }, (_, i) => `r${i}`) })).toEqual([
      'invalid_json_schema max_evaluations ',
    ])
  })
})
