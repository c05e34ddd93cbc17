import { describe, expect, it } from '@jest/globals'
import { measureSchema } from '../../src/registry/caps.ts'
import type { SchemaObject } from '../../src/registry/schema-positions.ts'

const codesOf = (schema: SchemaObject) => measureSchema(schema).problems.map(p => `${p.code} ${p.finding.rule} ${p.finding.path}`)

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
    ['a reference counts what it leads to', { properties: { a: { $ref: '#/$defs/x' } }, $defs: { x: { properties: { b: {} } } } }, 3],
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
    ['to the root', { properties: { a: { $ref: '#' } } }, ['schema_too_deep recursive ']],
    ['to each other', { $defs: { a: { $ref: '#/$defs/b' }, b: { not: { $ref: '#/$defs/a' } } } }, ['schema_too_deep recursive ']],
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

describe('a hostile schema costs no more than its text', () => {
  it('references that double at each of 300 levels', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`d${i}`, { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] }]),
    )
    expect(codesOf({ $ref: '#/$defs/d0', $defs: { ...$defs, d300: {} } })).toEqual(['invalid_json_schema max_evaluations '])
  })

  it('nesting as deep as the text is long', () => {
    let schema: SchemaObject = {}
    for (let i = 0; i < 10_000; i++) schema = { not: schema }
    expect(codesOf(schema)).toEqual(['schema_too_deep max_nesting '])
  })

  it('thousands of required names', () => {
    expect(codesOf({ required: Array.from({ length: 5000 }, (_, i) => `r${i}`) })).toEqual(['invalid_json_schema max_evaluations '])
  })
})
