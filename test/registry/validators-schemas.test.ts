import { describe, expect, it } from '@jest/globals'
import type { SchemaDialect } from '../../src/model/registrations.ts'
import { dialectOf } from '../../src/registry/dialect.ts'
import type { SchemaObject } from '../../src/registry/schema-positions.ts'
import { createValidators } from '../../src/registry/validators.ts'

const validators = createValidators({ cacheMax: 100 })
const compile = (schema: SchemaObject, dialect: SchemaDialect = 'json-schema-2020-12') => {
  const compiled = validators.compile(schema, dialect)
  return compiled.ok ? [] : compiled.findings.map(f => `${f.rule} ${f.path}`)
}
const judge = (schema: SchemaObject, value: unknown, dialect: SchemaDialect = 'json-schema-2020-12') =>
  validators.validate({ schemaHash: JSON.stringify(schema), payloadSchema: schema, schemaFlavour: dialect }, value)

describe('the schemas that are taken', () => {
  it.each<[string, SchemaObject]>([
    ['compile', { allOf: [{ $dynamicRef: '#x' }] }],
    ['compile', { $id: 'https://example.com/a', $ref: 'b' }],
    ['compile', { $defs: { a: { $anchor: 'a' }, b: { $anchor: 'a' } } }],
    ['compile', { $defs: { a: { $id: 'https://example.com/a' }, b: { $id: 'https://example.com/a' } } }],
    [
      'pattern',
      { properties: Object.fromEntries(Array.from({ length: 3 }, (_, i) => [i, { pattern: `${i}`.repeat(700) }])) },
    ],
    ['pattern', { $id: 'https://example.com/a#b' }],
    ['pattern', { $anchor: '1 2' }],
    ['$async', { $async: true }],
    ['nullable', { properties: { a: { type: 'string', nullable: true } } }],
    ['dependencies', { dependencies: { a: ['b'] } }],
    ['maxLenght', { properties: { a: { maxLenght: 1 } } }],
    ['$schema', { $schema: 'http://json-schema.org/draft-07/schema#' }],
    ['properties', { properties: JSON.parse('{"__proto__":{"type":"string"}}') as SchemaObject }],
    ['required', { required: ['__proto__'] }],
    ['example', { example: 1 }],
    ['type', { pattern: 7 }],
    ['minimum', { minLength: -1 }],
    ['pattern', { pattern: '(' }],
    ['pattern', { pattern: '(?=a)b' }],
    ['pattern', { pattern: '(a)\\1' }],
    ['compile', { properties: { a: { $ref: 'https://example.com/remote' } } }],
  ])('are refused by the rule %s: %j', (keyword, schema) => {
    const compiled = validators.compile(schema, 'json-schema-2020-12')
    expect(compiled).toMatchObject({ ok: false, findings: [{ rule: keyword }] })
  })

  it.each<[string, SchemaObject]>([
    ['unevaluatedProperties', { type: 'object', unevaluatedProperties: false }],
    ['unevaluatedItems', { properties: { a: { unevaluatedItems: false } } }],
    ['$dynamicRef', { $ref: '#a', $defs: { a: { $dynamicAnchor: 'a' }, b: { $dynamicRef: '#a' } } }],
    ['$id inside', { $ref: 'item', $id: 'https://example.com/a', $defs: { item: { $id: 'item', type: 'object' } } }],
    ['names that JSON writes with an escape', { properties: { '"': {}, '\n': {} }, required: ['\\'] }],
    ['a reference to a boolean', { properties: { a: { $ref: '#/$defs/any' } }, $defs: { any: true } }],
  ])('may use %s', (_title, schema) => {
    expect(compile(schema)).toEqual([])
  })

  it('are refused, with their place, where they cannot be judged', () => {
    const broken = {
      properties: { 'b/c': { patternProperties: { '(': { pattern: '(?=a)' } } } },
    }
    expect(compile(broken)).toEqual([
      'pattern /properties/b~1c/patternProperties/(',
      'pattern /properties/b~1c/patternProperties/(/pattern',
    ])
  })

  it('name the values that may be in that place', () => {
    const wrong = validators.compile({ properties: { a: { type: 'text' } } }, 'json-schema-2020-12')
    expect(wrong).toMatchObject({
      findings: [{ path: '/properties/a/type', message: expect.stringMatching(/: "array", .*"string"$/) }, {}, {}],
    })
    const long = { enum: ['a'.repeat(150), 7, 'b'.repeat(150)] }
    expect(judge(long, 'x')[0]?.message).toBe(`must be equal to one of the allowed values: "${'a'.repeat(150)}", 7, …`)
    expect(judge({ const: null }, 'x')[0]?.message).toBe('must be equal to constant null')
  })

  it('may call properties like keywords', () => {
    expect(compile({ properties: { unevaluatedItems: {}, nullable: {}, $dynamicRef: {}, $id: {}, xml: {} } })).toEqual(
      [],
    )
  })

  it('may carry annotations and extensions', () => {
    expect(
      compile({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $id: 'https://example.com/a',
        title: 't',
        'x-owner': {},
        deprecated: true,
      }),
    ).toEqual([])
  })

  it('are of the OpenAPI flavour when a keyword or the dialect says so, and those keywords judge nothing', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string', xml: { name: 'x' }, example: 1 } },
      discriminator: { propertyName: 'kind' },
    }
    expect(dialectOf(schema)).toBe('openapi-3.1')
    expect(dialectOf({ properties: { xml: {} } })).toBe('json-schema-2020-12')
    expect(dialectOf({ $schema: 'https://spec.openapis.org/oas/3.1/dialect/base' })).toBe('openapi-3.1')
    expect(compile(schema, 'openapi-3.1')).toEqual([])
    expect(judge(schema, { a: 'x' }, 'openapi-3.1')).toEqual([])
    expect(compile({ properties: { a: { type: 'integer', format: 'int64' } } }, 'openapi-3.1')).toEqual([])
  })
})
