import { describe, expect, it } from '@jest/globals'
import { checkMinor } from '../../../src/registry/compatibility/minor.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'
import { countCost } from '../../support/cpu.ts'
import { a, address, closed, grown, open, S, told } from './minors.ts'

/** An object with a member `then` looks like a promise. */
const THEN = 'then'
const tagged = (kind: number, properties: Record<string, unknown>): SchemaObject =>
  closed({ kind: { const: kind }, ...properties }, { required: ['kind'] })
const TAKEN = { refused: [], warned: [], proof: true }

describe('a minor is taken with proof', () => {
  it.each<[string, SchemaObject, SchemaObject]>([
    ['nothing changed', a(S), a(S)],
    [
      'annotations changed',
      a(S, { title: 'a' }),
      a({ ...S, default: 1, examples: [1], description: 'd', $comment: 'c', deprecated: true }),
    ],
    ['an optional property came to a closed model', a(S), closed({ a: S, b: { not: {} } })],
    ['the first property came to a closed model', { type: 'object', additionalProperties: false }, a(S)],
    ['an optional property came below', a(address), a(grown)],
    ['an optional property came to the items of a list', a({ items: address }), a({ items: grown })],
    [
      'an optional property came to a place of a list',
      a({ prefixItems: [S, address] }),
      a({ prefixItems: [S, grown] }),
    ],
    [
      'an optional property came to members by pattern',
      a({ patternProperties: { x: address } }),
      a({ patternProperties: { x: grown } }),
    ],
    [
      'an optional property came to other members',
      open({}, { additionalProperties: address }),
      open({}, { additionalProperties: grown }),
    ],
    [
      'an optional property came to what a reference leads to',
      a({ $ref: '#/$defs/address' }, { $defs: { address } }),
      a({ $ref: '#/$defs/address' }, { $defs: { address: grown } }),
    ],
    ['a part was given a name', a(address), a({ $ref: '#x' }, { $defs: { x: { ...grown, $anchor: 'x' } } })],
    ['a name was taken from a part', a({ $ref: '#/$defs/x' }, { $defs: { x: address } }), a(address)],
    ['a definition that nothing leads to went', a(S, { $defs: { x: S } }), a(S)],
    ['a closed model opened', closed({}), open({})],
    ['a closed model opened for some', closed({}), open({}, { additionalProperties: S })],
    ['a property that takes anything came to an open model', open({}), open({ a: {} })],
    [
      'a property came as all additional ones were',
      open({}, { additionalProperties: S }),
      open({ a: S }, { additionalProperties: S }),
    ],
    [
      'a property came that no pattern takes',
      closed({}, { patternProperties: { '^x': S } }),
      closed({ a: S }, { patternProperties: { '^x': S } }),
    ],
    ['required is in another order', a(S, { required: ['a', 'b'] }), a(S, { required: ['b', 'a', 'a'] })],
    ['an enum is in another order', a({ enum: [1, '2'] }), a({ enum: ['2', 1] })],
    ['a type is written otherwise', a({ type: ['string'] }), a(S)],
    ['an integer is told beside numbers', a({ type: 'number' }), a({ type: ['integer', 'number'] })],
    ['a bound is written otherwise', a({ minimum: 1, exclusiveMinimum: 0 }), a({ minimum: 1 })],
    ['a schema became true', a({}), a(true)],
    [
      'a combinator stands beside the change',
      closed({}, { not: { required: ['b'] } }),
      closed({ b: S }, { not: { required: ['b'] } }),
    ],
    [
      'a combinator stands above the change',
      { allOf: [{ minProperties: 1 }], ...a(address) },
      { allOf: [{ minProperties: 1 }], ...a(grown) },
    ],
    [
      'what is left over stays left over',
      a(address, { unevaluatedProperties: false }),
      a(grown, { unevaluatedProperties: false }),
    ],
    ['an enum of one became a constant', a({ enum: ['x'] }), a({ const: 'x' })],
    ['a constant became an enum of one', a({ const: 'x' }), a({ enum: ['x'] })],
    ['an enum was given its type', a({ enum: ['x', 'y'] }), a({ enum: ['x', 'y'], type: 'string' })],
    ['an enum lost its type', a({ enum: ['x', 'y'], type: 'string' }), a({ enum: ['x', 'y'] })],
    [
      'a reference came out of an allOf',
      a({ allOf: [{ $ref: '#/$defs/x' }] }, { $defs: { x: address } }),
      a({ $ref: '#/$defs/x' }, { $defs: { x: address } }),
    ],
    [
      'a reference went into an allOf',
      a({ $ref: '#/$defs/x' }, { $defs: { x: address } }),
      a({ allOf: [{ $ref: '#/$defs/x' }] }, { $defs: { x: address } }),
    ],
    [
      'alternatives of types became a list of types',
      a({ anyOf: [S, { type: 'null' }] }),
      a({ type: ['null', 'string'] }),
    ],
    ['a list of types became alternatives', a({ type: ['null', 'string'] }), a({ anyOf: [S, { type: 'null' }] })],
    [
      'an alternative for null moved into the type',
      a({ anyOf: [{ ...S, minLength: 1 }, { type: 'null' }] }),
      a({ type: ['string', 'null'], minLength: 1 }),
    ],
    [
      'a property came where nothing may be left over',
      { type: 'object', properties: { a: S }, unevaluatedProperties: false },
      { type: 'object', properties: { a: S, b: S }, unevaluatedProperties: false },
    ],
    [
      'a property came beside others from an allOf, with nothing left over',
      { type: 'object', allOf: [open({ a: S })], unevaluatedProperties: false },
      { type: 'object', allOf: [open({ a: S })], properties: { b: S }, unevaluatedProperties: false },
    ],
    [
      'keywords of an allOf moved beside it',
      a({ allOf: [S, { minLength: 1 }, { maxLength: 9 }] }),
      a({ ...S, minLength: 1, maxLength: 9 }),
    ],
    [
      'a bound of integers is written otherwise',
      a({ type: 'integer', minimum: 0.5 }),
      a({ type: 'integer', minimum: 1 }),
    ],
    [
      'an exclusive bound of integers is written otherwise',
      a({ type: 'integer', exclusiveMinimum: 0 }),
      a({ type: 'integer', minimum: 1 }),
    ],
    ['a divisor of one became the type', a({ type: 'number', multipleOf: 1 }), a({ type: 'integer' })],
    [
      'keywords without effect went',
      a({ minLength: 0, uniqueItems: false, minItems: 0, required: [], [THEN]: S, minContains: 3 }),
      a({}),
    ],
    ['a bound came that an enum keeps', a({ enum: [1, 2] }), a({ enum: [1, 2], maximum: 5 })],
    [
      'a negation is written out',
      a({ not: { type: ['string', 'number'] } }),
      a({ type: ['null', 'boolean', 'array', 'object'] }),
    ],
    ['two negations went', a({ not: { not: address } }), a(address)],
    [
      'a condition is written as alternatives',
      a({ if: S, [THEN]: { minLength: 1 } }),
      a({ anyOf: [{ not: S }, { minLength: 1 }] }),
    ],
    [
      'a dependency is written as a condition',
      a(S, { dependentRequired: { a: ['b'] } }),
      a(S, { if: { required: ['a'] }, [THEN]: { required: ['b'] } }),
    ],
    ['alternatives are in another order', a({ oneOf: [S, address] }), a({ oneOf: [address, S] })],
    ['a property came to one of several alternatives', a({ oneOf: [S, address] }), a({ oneOf: [S, grown] })],
    [
      'a property came to one of ten alternatives',
      a({ oneOf: Array.from({ length: 10 }, (_, n) => tagged(n, {})) }),
      a({ oneOf: Array.from({ length: 10 }, (_, n) => tagged(n, n === 4 ? { y: S } : {})) }),
    ],
    [
      'a pattern of names came to a closed model',
      closed({ a: S }),
      closed({ a: S }, { patternProperties: { '^x-': S } }),
    ],
    [
      'a dynamic reference without a choice',
      a({ $dynamicRef: '#x' }, { $defs: { x: { $dynamicAnchor: 'x', ...address } } }),
      a({ $dynamicRef: '#x' }, { $defs: { x: { $dynamicAnchor: 'x', ...address } }, title: 't' }),
    ],
  ])('where %s', (_title, old, next) => {
    expect(told(old, next)).toEqual(TAKEN)
    expect(told(old, next, true)).toEqual(TAKEN)
  })
})

describe('a minor is taken with the warning that a bound is relaxed', () => {
  it.each<[SchemaObject, SchemaObject, string]>([
    [{ maxLength: 2 }, { maxLength: 3 }, 'maxLength'],
    [{ maxLength: 2 }, {}, 'maxLength'],
    [{ minLength: 2 }, { minLength: 0 }, 'minLength'],
    [{ minimum: 2 }, { minimum: 1 }, 'minimum'],
    [{ minimum: 2 }, {}, 'minimum'],
    [{ exclusiveMinimum: 2 }, { minimum: 2 }, 'minimum'],
    [{ maximum: 2 }, { exclusiveMaximum: 3 }, 'exclusiveMaximum'],
    [{ exclusiveMaximum: 2 }, {}, 'exclusiveMaximum'],
    [{ minItems: 2 }, {}, 'minItems'],
    [{ maxItems: 2 }, { maxItems: 3 }, 'maxItems'],
    [{ minProperties: 2 }, { minProperties: 1 }, 'minProperties'],
    [{ maxProperties: 2 }, {}, 'maxProperties'],
    [{ contains: S }, { contains: S, minContains: 0 }, 'minContains'],
    [{ contains: S, maxContains: 2 }, { contains: S, maxContains: 3 }, 'maxContains'],
    [{ uniqueItems: true }, { uniqueItems: false }, 'uniqueItems'],
    [{ multipleOf: 10 }, { multipleOf: 5 }, 'multipleOf'],
    [{ multipleOf: 0.3 }, { multipleOf: 0.1 }, 'multipleOf'],
  ])('from %j to %j', (old, next, keyword) => {
    expect(told(a(old), a(next))).toEqual({
      refused: [],
      warned: [`bound_relaxed /properties/a/${keyword}`],
      proof: true,
    })
  })
})

describe('an optional property added to an open model', () => {
  it('is taken with a warning and without a proof', () => {
    expect(told(open({ a: S }), open({ a: S, b: S }))).toEqual({
      refused: [],
      warned: ['open_model_property_added /properties/b'],
      proof: false,
    })
  })
  it('is refused in a strict organization', () => {
    expect(told(open({ a: S }), open({ a: S, b: S }), true)).toEqual({
      refused: ['open_model_property_added /properties/b'],
      warned: [],
      proof: false,
    })
  })
  it('is taken within one of several alternatives', () => {
    const of = (properties: Record<string, unknown>) =>
      a({
        oneOf: [
          open({ k: { const: 1 }, ...properties }, { required: ['k'] }),
          open({ k: { const: 2 } }, { required: ['k'] }),
        ],
      })
    expect(told(of({}), of({ b: S }))).toEqual({
      refused: [],
      warned: ['open_model_property_added /properties/a/oneOf/0/properties/b'],
      proof: false,
    })
  })
  it('is reported once for each property, at its place in the new schema', () => {
    const old = open({ x: { $ref: '#/$defs/o' }, y: { $ref: '#/$defs/o' } }, { $defs: { o: open({}) } })
    const next = open({ x: { $ref: '#/$defs/o' }, y: { $ref: '#/$defs/o' } }, { $defs: { o: open({ b: S, c: S }) } })
    expect(told(old, next).warned).toEqual([
      'open_model_property_added /$defs/o/properties/b',
      'open_model_property_added /$defs/o/properties/c',
    ])
  })
})

describe('a verdict takes time in proportion to the two schemas', () => {
  const costOf = (run: () => void): number => {
    const cost = countCost()
    run()
    return cost()
  }
  const named = (count: number, schema: (n: number) => unknown): SchemaObject =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`d${n}`, schema(n)]))
  const twice = (n: number) => ({
    allOf: [{ $ref: `#/$defs/d${n + 1}` }],
    properties: { x: { $ref: `#/$defs/d${n + 1}` }, y: { $ref: `#/$defs/d${n + 1}` } },
  })
  it.each<[string, SchemaObject, (schema: SchemaObject) => SchemaObject]>([
    [
      'references that double at each of 200 levels',
      { $ref: '#/$defs/d0', $defs: { ...named(200, twice), d200: closed({}) } },
      schema => ({ ...schema, $defs: { ...(schema.$defs as object), d200: closed({ b: S }) } }),
    ],
    [
      'a chain of 500 references',
      { $ref: '#/$defs/d0', $defs: { ...named(500, n => ({ $ref: `#/$defs/d${n + 1}` })), d500: {} } },
      schema => ({ ...schema, $defs: { ...(schema.$defs as object), d500: S } }),
    ],
    [
      'an enum of thousands',
      a({ enum: Array.from({ length: 7_000 }, (_, n) => n) }),
      () => a({ enum: Array.from({ length: 7_000 }, (_, n) => n + 1) }),
    ],
    [
      'nesting of sixty levels',
      Array.from({ length: 60 }).reduce<SchemaObject>(schema => ({ items: schema, discriminator: {} }), {
        discriminator: {},
      }),
      schema => ({ ...schema, example: 1, minItems: 1 }),
    ],
    [
      'fifty patterns of names',
      closed({}, { patternProperties: named(50, () => S) }),
      schema => ({ ...schema, properties: named(50, () => S) }),
    ],
  ])('%s', (_title, old, change) => {
    const next = change(structuredClone(old))
    expect(costOf(() => checkMinor(old, next))).toBeLessThan(50)
  })
})
