/** Schemas that types are generated from: what is usual, and what could break the code. */
import { schemaHash } from '../../../src/json/canonical-json.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'
import type { TypeSource } from '../../../src/registry/types/generate-types.ts'

const S = { type: 'string' }

export const SCHEMAS: Readonly<Record<string, SchemaObject>> = {
  order: {
    type: 'object',
    properties: {
      id: S,
      at: { type: 'string', format: 'date-time' },
      currency: { enum: ['EUR', 'USD'] },
      lines: {
        type: 'array',
        items: { type: 'object', properties: { sku: S, quantity: { type: 'integer' } }, required: ['sku'] },
      },
      note: { type: ['string', 'null'] },
      labels: { type: 'object', additionalProperties: S },
    },
    required: ['id', 'at'],
    additionalProperties: false,
  },
  references: {
    type: 'object',
    properties: { from: { $ref: '#/$defs/address' }, to: { $ref: '#home' }, tree: { $ref: '#/$defs/a~1b' } },
    $defs: {
      address: { type: 'object', title: 'x', properties: { street: S } },
      home: { $anchor: 'home', anyOf: [{ $ref: '#/$defs/address' }, S] },
      'a/b': {
        $id: 'https://example.com/b',
        type: 'object',
        properties: { deep: { $ref: '#/$defs/c' } },
        $defs: { c: { type: 'integer' } },
      },
    },
  },
  names: {
    type: 'object',
    properties: {
      class: S,
      'with space': S,
      'quote"': S,
      default: S,
      '1st': S,
      ünï: S,
      func: S,
      self: S,
      constructor: S,
      $ref: S,
    },
    required: ['class', '1st', 'not-there'],
  },
  comments: {
    type: 'object',
    description: 'ends */ here """ and \\',
    properties: { a: { ...S, description: '*/ evil();\n// \u2028 x `y`' } },
  },
  values: {
    type: 'object',
    properties: {
      a: { const: 'x' },
      b: { enum: ['', ' ', 'a', 'A', '*/', '"', '\\', 'a b'] },
      c: { enum: [1, 'x', null] },
      d: { const: 7 },
    },
  },
  nothing: { type: 'object' },
  closed: { type: 'object', additionalProperties: false },
  booleans: { type: 'object', properties: { yes: true, no: false }, required: ['no'] },
  combined: {
    type: 'object',
    allOf: [{ properties: { a: S } }, { properties: { b: { type: 'integer' } } }],
    properties: {
      c: {
        oneOf: [
          S,
          { type: 'array', items: false },
          { type: 'object', patternProperties: { '^x': S }, additionalProperties: false },
        ],
      },
    },
    not: { required: ['z'] },
    unevaluatedProperties: false,
  },
  tuple: {
    type: 'object',
    properties: {
      at: { prefixItems: [{ type: 'number' }, S], items: false },
      many: { type: 'array', items: { type: ['string', 'integer', 'object', 'array'] } },
    },
  },
  wide: {
    type: 'object',
    properties: { a: { enum: Array.from({ length: 5_000 }, (_, i) => `v${i}`) } },
    anyOf: Array.from({ length: 300 }, () => ({ minProperties: 0 })),
  },
}

export const sourceOf = (fullName: string, payloadSchema: SchemaObject): TypeSource => ({
  namespace: fullName.split('.')[0] as string,
  name: fullName.slice(fullName.indexOf('.') + 1),
  canonicalName: `TENANT_CUSTOM:org_x:${fullName}@1.0.0`,
  schemaHash: schemaHash(payloadSchema),
  payloadSchema,
})
