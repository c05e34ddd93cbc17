/** Schemas as others publish and export them: what is taken as it is, and the one remedy of what is not. */
import { describe, expect, it } from '@jest/globals'
import { checkSchema } from '../../src/registry/check-schema.ts'
import { bundleComponents } from '../../src/registry/components.ts'
import type { SchemaObject } from '../../src/registry/schema-positions.ts'
import { check, context, validators } from './registrations.ts'

const S = { type: 'string' }
const verdictOf = (payloadSchema: SchemaObject, strict = false) => {
  const { findings, warnings } = checkSchema({ payloadSchema } as never, validators, { strict })
  return {
    refused: findings.flatMap(({ details = [] }) => details.map(({ rule, path }) => `${rule} ${path}`)),
    warned: warnings.map(({ rule, path }) => `${rule} ${path}`),
    message: findings[0]?.message,
  }
}
const TAKEN = { refused: [], warned: [], message: undefined }

describe('a root that comes to an object', () => {
  it.each<[string, SchemaObject]>([
    ['by a reference', { $ref: '#/$defs/order', $defs: { order: { type: 'object' } } }],
    ['by an allOf', { allOf: [{ $ref: '#/$defs/base' }, { required: ['a'] }], $defs: { base: { type: 'object' } } }],
    [
      'by every branch',
      {
        oneOf: [
          { type: 'object', required: ['a'] },
          { type: ['object'], required: ['b'] },
        ],
      },
    ],
    ['by its constants', { enum: [{ a: 1 }, { a: 2 }] }],
  ])('%s is an object', (_title, schema) => expect(verdictOf(schema)).toEqual(TAKEN))

  it.each<[string, SchemaObject]>([
    ['nothing says so', { properties: { a: S } }],
    ['one branch says so', { anyOf: [{ type: 'object' }, S] }],
    ['it is one of two types', { type: ['object', 'null'] }],
    ['it is a list', { $ref: '#/$defs/list', $defs: { list: { type: 'array' } } }],
  ])('is refused where %s', (_title, schema) => expect(verdictOf(schema).refused).toEqual(['type /payloadSchema/type']))
})

describe('formats', () => {
  const formatted = (format: string): SchemaObject => ({ type: 'object', properties: { a: { ...S, format } } })
  it('of OpenAPI need no dialect', () => {
    for (const format of ['int32', 'int64', 'uint8', 'byte', 'password', 'binary', 'media-range'])
      expect(verdictOf(formatted(format))).toEqual(TAKEN)
    const judged = { schemaHash: 'int8', schemaFlavour: 'json-schema-2020-12' as const }
    const payloadSchema = { type: 'object', properties: { a: { format: 'int8' } } }
    expect([127, 128].map(a => validators.validate({ ...judged, payloadSchema }, { a }).length)).toEqual([0, 1])
  })
  it('that nobody knows are noted, and refused in a strict organization', () => {
    expect(verdictOf(formatted('phone'))).toEqual({
      ...TAKEN,
      warned: ['unknown_format /payloadSchema/properties/a/format'],
    })
    expect(verdictOf(formatted('phone'), true).refused).toEqual(['unknown_format /payloadSchema/properties/a/format'])
    const organization = { ...context.organization, strictCompatibility: true }
    expect(check({ payloadSchema: formatted('phone') }).warnings).toMatchObject([{ rule: 'unknown_format' }])
    expect(check({ payloadSchema: formatted('phone') }, { organization }).findings[0]?.code).toBe('invalid_json_schema')
  })
})

describe('exports', () => {
  it('of zod 4 are taken', () => {
    const zod = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        id: { ...S, format: 'uuid', pattern: '^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})$' },
        count: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
        note: { anyOf: [S, { type: 'null' }] },
        at: { default: 'now', ...S },
      },
      required: ['id', 'count', 'note', 'at'],
      additionalProperties: false,
    }
    expect(verdictOf(zod)).toEqual(TAKEN)
  })
  it('of zod with a pattern that looks ahead say to leave it out, as the format is asserted', () => {
    const email = { ...S, format: 'email', pattern: "^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-\\.]*)@x$" }
    const { refused, message } = verdictOf({ type: 'object', properties: { email } })
    expect(refused).toEqual(['pattern /payloadSchema/properties/email/pattern'])
    expect(message).toMatch(/: leave it out, the format email beside it is asserted/)
  })
  it('of pydantic are taken, its own formats with a warning', () => {
    const pydantic = {
      $defs: {
        Item: { properties: { sku: { title: 'Sku', ...S } }, required: ['sku'], title: 'Item', type: 'object' },
        Kind: { enum: ['a', 'b'], title: 'Kind', ...S },
      },
      properties: {
        items: { items: { $ref: '#/$defs/Item' }, title: 'Items', type: 'array' },
        kind: { $ref: '#/$defs/Kind', default: 'a' },
        total: { anyOf: [{ type: 'number' }, { ...S, pattern: '^(?:0|[1-9]\\d*)(?:\\.\\d+)?$' }], title: 'Total' },
        file: { anyOf: [{ ...S, format: 'file-path' }, { type: 'null' }], default: null, title: 'File' },
      },
      required: ['items', 'total'],
      title: 'Order',
      type: 'object',
    }
    expect(verdictOf(pydantic)).toEqual({
      ...TAKEN,
      warned: ['unknown_format /payloadSchema/properties/file/anyOf/0/format'],
    })
  })
  it('of draft-07 get one finding, with the remedy', () => {
    const old = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      $ref: '#/definitions/order',
      definitions: { order: { $id: '#order', type: 'object', dependencies: { a: ['b'] }, additionalItems: false } },
    }
    const { refused, message } = verdictOf(old)
    expect(refused).toEqual(['$schema /payloadSchema/$schema'])
    expect(message).toMatch(/is draft-07, and events have draft 2020-12: export for 2020-12 \(z\.toJSONSchema/)
  })
  it('with an anchor of an older draft get one finding, though references to it lead nowhere', () => {
    const { refused, message } = verdictOf({
      ...{ type: 'object', properties: { a: { $ref: '#item' } } },
      $defs: { item: { $id: '#item', ...S } },
    })
    expect(refused).toEqual(['$id /payloadSchema/$defs/item/$id'])
    expect(message).toMatch(/say "\$anchor": "item" instead/)
  })
  it('of OpenAPI 3.0 say how to write null', () => {
    expect(verdictOf({ type: 'object', properties: { a: { ...S, nullable: true } } }).message).toMatch(
      /add "null" to the type/,
    )
  })
})

describe('components of an OpenAPI document', () => {
  const components = {
    schemas: {
      Order: {
        type: 'object',
        properties: {
          customer: { $ref: '#/components/schemas/Customer' },
          lines: { items: { $ref: '#/components/schemas/a~1b' } },
        },
      },
      Customer: { type: 'object', properties: { name: S } },
      'a/b': {
        oneOf: [{ $ref: '#/components/schemas/Customer' }],
        discriminator: { propertyName: 'k', mapping: { c: '#/components/schemas/Customer' } },
      },
      Unused: { type: 'object' },
    },
    parameters: {},
  }
  it('that are reached become definitions, once each', () => {
    const bundled = bundleComponents({ $ref: '#/components/schemas/Order' }, components)
    expect(bundled).toEqual({
      $ref: '#/$defs/Order',
      $defs: {
        Order: {
          type: 'object',
          properties: { customer: { $ref: '#/$defs/Customer' }, lines: { items: { $ref: '#/$defs/a~1b' } } },
        },
        Customer: components.schemas.Customer,
        'a/b': {
          oneOf: [{ $ref: '#/$defs/Customer' }],
          discriminator: { propertyName: 'k', mapping: { c: '#/$defs/Customer' } },
        },
      },
    })
    expect(verdictOf(bundled)).toEqual(TAKEN)
    expect(components.schemas.Order.properties.customer.$ref).toBe('#/components/schemas/Customer')
  })
  it('keep clear of definitions with the same name', () => {
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#/components/schemas/Customer' } },
      $defs: { Customer: S },
    }
    expect(bundleComponents(schema, components)).toMatchObject({
      properties: { a: { $ref: '#/$defs/Customer_' } },
      $defs: { Customer: S, Customer_: components.schemas.Customer },
    })
  })
  it.each([[undefined], [null], [{}], [{ schemas: [] }], [{ schemas: { Other: S } }]])(
    '%j lacks what is referred to, and the finding says what to send',
    given => {
      const { refused, message } = verdictOf(bundleComponents({ $ref: '#/components/schemas/Order' }, given))
      expect(refused).toEqual(['unresolved_ref /payloadSchema/$ref'])
      expect(message).toMatch(/send the document's components as `components`/)
    },
  )
  it('that lead back to themselves are refused as recursive', () => {
    const loop = { schemas: { A: { type: 'object', properties: { a: { $ref: '#/components/schemas/A' } } } } }
    expect(verdictOf(bundleComponents({ $ref: '#/components/schemas/A' }, loop)).refused).toEqual([
      expect.stringMatching(/^recursive /),
    ])
  })
})

describe('limits of a schema', () => {
  const named = (count: number) => ({
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, S])),
  })
  const deep = (levels: number): SchemaObject =>
    levels === 1 ? { type: 'object' } : { type: 'object', properties: { a: deep(levels - 1) } }
  const codes = (payloadSchema: SchemaObject, organization: object) =>
    check({ payloadSchema }, { organization: { ...context.organization, ...organization } }).findings.map(
      ({ code }) => code,
    )
  const raised = { schemaLimits: { depth: 10, properties: 500 } }

  it('are raised for an organization of the plan ENTERPRISE', () => {
    const enterprise = { plan: 'ENTERPRISE', ...raised }
    expect([codes(named(500), enterprise), codes(deep(10), enterprise)]).toEqual([[], []])
    expect([codes(named(501), enterprise), codes(deep(11), enterprise)]).toEqual([
      ['schema_too_wide'],
      ['schema_too_deep'],
    ])
  })
  it('stay where they are on other plans, and without being raised', () => {
    for (const organization of [{ plan: 'PRO', ...raised }, { plan: 'ENTERPRISE' }]) {
      expect([codes(named(50), organization), codes(deep(5), organization)]).toEqual([[], []])
      expect([codes(named(51), organization), codes(deep(6), organization)]).toEqual([
        ['schema_too_wide'],
        ['schema_too_deep'],
      ])
    }
  })
})
