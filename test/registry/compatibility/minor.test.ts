import { describe, expect, it } from '@jest/globals'
import { checkMinor } from '../../../src/registry/compatibility/minor.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'
import { countCpu } from '../../support/cpu.ts'

const closed = (properties: Record<string, unknown>, rest: SchemaObject = {}): SchemaObject => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...rest,
})
const open = (properties: Record<string, unknown>, rest: SchemaObject = {}): SchemaObject => ({
  type: 'object',
  properties,
  ...rest,
})
const S = { type: 'string' }
const told = (old: SchemaObject, next: SchemaObject, strict = false) => {
  const { findings, warnings, proof } = checkMinor(old, next, { strict })
  const short = (list: typeof findings) => list.map(({ rule, path }) => `${rule} ${path}`)
  return { refused: short(findings), warned: short(warnings), proof }
}
const TAKEN = { refused: [], warned: [], proof: true }
/** A schema with one property `a`. */
const a = (schema: unknown, rest: SchemaObject = {}): SchemaObject => closed({ a: schema }, rest)
const address = closed({ street: S })
const grown = closed({ street: S, zip: S })

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
  it('is reported once for each property, at its place in the new schema', () => {
    const old = open({ x: { $ref: '#/$defs/o' }, y: { $ref: '#/$defs/o' } }, { $defs: { o: open({}) } })
    const next = open({ x: { $ref: '#/$defs/o' }, y: { $ref: '#/$defs/o' } }, { $defs: { o: open({ b: S, c: S }) } })
    expect(told(old, next).warned).toEqual([
      'open_model_property_added /$defs/o/properties/b',
      'open_model_property_added /$defs/o/properties/c',
    ])
  })
})

describe('a minor is refused', () => {
  it.each<[string, SchemaObject, SchemaObject, string[]]>([
    [
      'a required property came',
      a(S),
      closed({ a: S, b: S }, { required: ['b'] }),
      ['property_required /properties/b'],
    ],
    ['a property was made required', a(S), a(S, { required: ['a'] }), ['required_added /required']],
    ['a property was made optional', a(S, { required: ['a'] }), a(S), ['required_removed /required']],
    ['a property went', closed({ a: S, b: S }), a(S), ['property_removed /properties/b']],
    ['a property named title went', closed({ title: S }), closed({}), ['property_removed /properties/title']],
    ['a type was widened', a(S), a({ type: ['string', 'null'] }), ['type_widened /properties/a/type']],
    ['an integer became a number', a({ type: 'integer' }), a({ type: 'number' }), ['type_widened /properties/a/type']],
    ['a type went', a(S), a({}), ['type_widened /properties/a/type']],
    ['a type was narrowed', a({ type: 'number' }), a({ type: 'integer' }), ['type_narrowed /properties/a/type']],
    ['a type came', a({}), a(S), ['type_narrowed /properties/a/type']],
    ['a type changed', a(S), a({ type: 'integer' }), ['type_changed /properties/a/type']],
    ['a format went', a({ format: 'date' }), a({}), ['format_widened /properties/a/format']],
    ['a format came', a({}), a({ format: 'date' }), ['format_narrowed /properties/a/format']],
    ['a format changed', a({ format: 'date' }), a({ format: 'time' }), ['format_changed /properties/a/format']],
    ['an enum was widened', a({ enum: [1] }), a({ enum: [1, 2] }), ['enum_widened /properties/a/enum']],
    ['an enum went', a({ enum: [1] }), a({}), ['enum_widened /properties/a/enum']],
    ['an enum was narrowed', a({ enum: [1, 2] }), a({ enum: [1] }), ['enum_narrowed /properties/a/enum']],
    ['an enum changed', a({ enum: [1, 2] }), a({ enum: [1, 3] }), ['enum_changed /properties/a/enum']],
    ['a constant went', a({ const: null }), a({}), ['const_widened /properties/a/const']],
    ['a constant changed', a({ const: 1 }), a({ const: 2 }), ['const_changed /properties/a/const']],
    ['a pattern came', a(S), a({ ...S, pattern: 'x' }), ['pattern_changed /properties/a/pattern']],
    ['a pattern went', a({ ...S, pattern: 'x' }), a(S), ['pattern_changed /properties/a/pattern']],
    ['a length was tightened', a({ maxLength: 2 }), a({ maxLength: 1 }), ['bound_tightened /properties/a/maxLength']],
    ['a bound came', a({}), a({ minimum: 0 }), ['bound_tightened /properties/a/minimum']],
    [
      'a bound became exclusive',
      a({ maximum: 1 }),
      a({ exclusiveMaximum: 1 }),
      ['bound_tightened /properties/a/exclusiveMaximum'],
    ],
    ['items must differ now', a({}), a({ uniqueItems: true }), ['unique_items_added /properties/a/uniqueItems']],
    ['a divisor came', a({}), a({ multipleOf: 2 }), ['bound_tightened /properties/a/multipleOf']],
    [
      'a divisor is no divisor of the old',
      a({ multipleOf: 4 }),
      a({ multipleOf: 3 }),
      ['multiple_of_changed /properties/a/multipleOf'],
    ],
    ['a divisor went', a({ multipleOf: 1 }), a({}), ['multiple_of_removed /properties/a/multipleOf']],
    ['an open model was closed', open({}), closed({}), ['additional_properties_closed /additionalProperties']],
    [
      'an open model was closed for some',
      open({}),
      open({}, { additionalProperties: S }),
      ['additional_properties_closed /additionalProperties'],
    ],
    [
      'a property came where another content was taken',
      open({}, { additionalProperties: S }),
      open({ a: { type: 'integer' } }, { additionalProperties: S }),
      ['not_provable /properties/a'],
    ],
    [
      'a property came that a pattern takes',
      closed({}, { patternProperties: { a: S } }),
      closed({ a: address }, { patternProperties: { a: S } }),
      ['not_provable /properties/a'],
    ],
    [
      'a pattern of names came',
      closed({}),
      closed({}, { patternProperties: { a: S } }),
      ['not_provable /patternProperties/a'],
    ],
    [
      'a pattern of names went',
      open({}, { patternProperties: { a: S } }),
      open({}),
      ['not_provable /patternProperties/a'],
    ],
    [
      'a list has a place more',
      a({ prefixItems: [S] }),
      a({ prefixItems: [S, S] }),
      ['not_provable /properties/a/prefixItems'],
    ],
    ['what is contained changed', a({ contains: S }), a({ contains: {} }), ['not_provable /properties/a/contains']],
    [
      'a name depends on another',
      a({}),
      a({}, { dependentRequired: { a: ['b'] } }),
      ['not_provable /dependentRequired'],
    ],
    ['a schema became false', a({}), a(false), ['not_provable /properties/a']],
    ['the change is under not', a({ not: address }), a({ not: grown }), ['not_provable /properties/a/not']],
    [
      'the change is in a branch',
      a({ oneOf: [S, address] }),
      a({ oneOf: [S, grown] }),
      ['not_provable /properties/a/oneOf'],
    ],
    ['a branch came', a({ anyOf: [S] }), a({ anyOf: [S, address] }), ['not_provable /properties/a/anyOf']],
    [
      'a condition came',
      a({}),
      a({ if: S, else: { minimum: 1 } }),
      ['not_provable /properties/a/if', 'not_provable /properties/a/else'],
    ],
    ['a schema depends on a name', a({}), a({}, { dependentSchemas: { a: S } }), ['not_provable /dependentSchemas']],
    [
      'a reference under not leads to the change',
      closed({ x: address, y: { not: { $ref: '#/properties/x' } } }),
      closed({ x: grown, y: { not: { $ref: '#/properties/x' } } }),
      ['not_provable /properties/y/not'],
    ],
    [
      'a reference leads elsewhere',
      a({ $ref: '#/$defs/a' }, { $defs: { a: S, b: {} } }),
      a({ $ref: '#/$defs/b' }, { $defs: { a: S, b: {} } }),
      ['type_widened /$defs/b/type'],
    ],
    [
      'a reference came beside keywords',
      a({ minLength: 1 }, { $defs: { a: S } }),
      a({ minLength: 1, $ref: '#/$defs/a' }, { $defs: { a: S } }),
      ['not_provable /properties/a/$ref'],
    ],
    [
      'less is left over',
      a(S, { unevaluatedProperties: false, additionalProperties: true }),
      closed({ a: S, b: S }, { unevaluatedProperties: false, additionalProperties: true }),
      ['not_provable /unevaluatedProperties'],
    ],
    [
      'what is left over depends on a reference that changed',
      { $ref: '#/$defs/x', unevaluatedProperties: false, $defs: { x: open({ a: S }) } },
      { $ref: '#/$defs/x', unevaluatedProperties: false, $defs: { x: open({ a: S, b: S }) } },
      ['not_provable /unevaluatedProperties'],
    ],
    [
      'a dynamic reference has a choice',
      {
        $id: 'https://a.test/',
        $ref: 'b',
        $defs: {
          b: { $id: 'b', $defs: { x: { $dynamicAnchor: 'x' } }, $dynamicRef: '#x' },
          x: { $dynamicAnchor: 'x', ...address },
        },
      },
      {
        $id: 'https://a.test/',
        $ref: 'b',
        $defs: {
          b: { $id: 'b', $defs: { x: { $dynamicAnchor: 'x' } }, $dynamicRef: '#x' },
          x: { $dynamicAnchor: 'x', ...grown },
        },
      },
      ['not_provable /$defs/b/$dynamicRef'],
    ],
    ['a schema leads back to itself', a({ $ref: '#' }), closed({ a: { $ref: '#' }, b: S }), ['not_provable ']],
  ])('where %s', (_title, old, next, expected) => {
    expect(told(old, next).refused).toEqual(expect.arrayContaining(expected))
  })

  it('with all reasons, each saying how to go on', () => {
    const { findings } = checkMinor(
      closed({ a: S, b: S, c: { maxLength: 2 } }),
      closed({ a: { type: 'integer' }, c: { maxLength: 1 } }),
    )
    expect(findings.map(({ rule }) => rule).sort()).toEqual(['bound_tightened', 'property_removed', 'type_changed'])
    for (const { message } of findings) expect(message).toMatch(/: (keep|add|leave|make|use)/)
  })
})

describe('a verdict takes time in proportion to the two schemas', () => {
  const cpuMs = (run: () => void): number => {
    const cpu = countCpu()
    run()
    return cpu()
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
    expect(cpuMs(() => checkMinor(old, next))).toBeLessThan(500)
  })
})
