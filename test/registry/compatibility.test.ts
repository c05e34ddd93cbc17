import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { checkMinor, checkPatch } from '../../src/registry/compatibility.ts'
import type { SchemaObject } from '../../src/registry/schema-positions.ts'
import { createValidators } from '../../src/registry/validators.ts'

const closed = (properties: Record<string, unknown>, rest: SchemaObject = {}): SchemaObject => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...rest,
})
const open = (properties: Record<string, unknown>, rest: SchemaObject = {}): SchemaObject => ({ type: 'object', properties, ...rest })
const S = { type: 'string' }
const minor = (old: SchemaObject, next: SchemaObject) => checkMinor(old, next).map(f => `${f.rule} ${f.path}`)

describe('a patch', () => {
  it.each<[string, SchemaObject, SchemaObject, string | undefined]>([
    ['nothing changed', closed({ a: S }), closed({ a: S }), undefined],
    ['members in another order', { a: 1, type: 'object' }, { type: 'object', a: 1 }, undefined],
    ['a description changed', closed({ a: { ...S, description: 'x' } }), closed({ a: { ...S, description: 'y' } }), undefined],
    ['a description came', closed({ a: S }), closed({ a: S }, { description: 'new' }), undefined],
    ['a property named description came', closed({}), closed({ description: S }), '/properties/description'],
    ['a description inside const', { const: { description: 'x' } }, { const: { description: 'y' } }, '/const/description'],
    ['a title changed', { title: 'a' }, { title: 'b' }, '/title'],
    ['examples came', {}, { examples: [] }, '/examples'],
    ['a comment went', { $comment: '' }, {}, '/$comment'],
  ])('where %s', (_title, old, next, expected) => {
    expect(checkPatch(old, next)?.path).toBe(expected)
  })
})

describe('a minor', () => {
  const address = closed({ street: S })
  it.each<[string, SchemaObject, SchemaObject]>([
    ['nothing changed', closed({ a: S }), closed({ a: S })],
    [
      'annotations changed',
      closed({ a: S }, { title: 'a' }),
      closed({ a: { ...S, default: 1, examples: [1], description: 'd', $comment: 'c' } }),
    ],
    ['an optional property came to a closed model', closed({ a: S }), closed({ a: S, b: { not: {} } })],
    ['the first property came to a closed model', { type: 'object', additionalProperties: false }, closed({ a: S })],
    ['an optional property came below', closed({ x: address }), closed({ x: closed({ street: S, zip: S }) })],
    [
      'an optional property came to the items of a list',
      closed({ x: { items: address } }),
      closed({ x: { items: closed({ street: S, zip: S }) } }),
    ],
    [
      'an optional property came to what a reference leads to',
      closed({ x: { $ref: '#/$defs/address' } }, { $defs: { address } }),
      closed({ x: { $ref: '#/$defs/address' } }, { $defs: { address: closed({ street: S, zip: S }) } }),
    ],
  ])('is taken where %s', (_title, old, next) => {
    expect(minor(old, next)).toEqual([])
  })

  it.each<[string, SchemaObject, SchemaObject, string]>([
    ['a property came to an open model', open({ a: S }), open({ a: S, b: S }), 'open_model /properties/b'],
    [
      'a property came to a closed model with patterns',
      closed({}, { patternProperties: { b: {} } }),
      closed({ b: S }, { patternProperties: { b: {} } }),
      'open_model /properties/b',
    ],
    ['a model was closed and a property came', open({}), closed({ b: S }), 'open_model /properties/b'],
    ['a required property came', closed({ a: S }), closed({ a: S, b: S }, { required: ['b'] }), 'property_required /properties/b'],
    ['a property was made required', closed({ a: S }), closed({ a: S }, { required: ['a'] }), 'not_provable /required'],
    ['a property was made optional', closed({ a: S }, { required: ['a'] }), closed({ a: S }), 'not_provable /required'],
    ['a property went', closed({ a: S, b: S }), closed({ a: S }), 'removed /properties/b'],
    ['a property named title went', closed({ title: S }), closed({}), 'removed /properties/title'],
    ['a type was widened', closed({ a: S }), closed({ a: { type: ['string', 'null'] } }), 'not_provable /properties/a/type'],
    ['an enum was widened', closed({ a: { enum: [1] } }), closed({ a: { enum: [1, 2] } }), 'not_provable /properties/a/enum'],
    ['a pattern came', closed({ a: S }), closed({ a: { ...S, pattern: 'x' } }), 'not_provable /properties/a/pattern'],
    ['a length was tightened', closed({ a: { maxLength: 2 } }), closed({ a: { maxLength: 1 } }), 'not_provable /properties/a/maxLength'],
    ['a schema became a boolean', closed({ a: {} }), closed({ a: true }), 'not_provable /properties/a'],
    [
      'the change is under not',
      closed({ a: { not: address } }),
      closed({ a: { not: closed({ street: S, zip: S }) } }),
      'not_provable /properties/a/not',
    ],
    [
      'the change is beside a combinator',
      closed({}, { not: { required: ['b'] } }),
      closed({ b: S }, { not: { required: ['b'] } }),
      'not_provable /not',
    ],
    [
      'a reference under not leads to the change',
      closed({ x: address, y: { not: { $ref: '#/properties/x' } } }),
      closed({ x: closed({ street: S, zip: S }), y: { not: { $ref: '#/properties/x' } } }),
      'not_provable ',
    ],
    [
      'a reference leads elsewhere',
      closed({ a: { $ref: '#/$defs/a' } }, { $defs: { a: {}, b: {} } }),
      closed({ a: { $ref: '#/$defs/b' } }, { $defs: { a: {}, b: {} } }),
      'not_provable /properties/a/$ref',
    ],
  ])('is refused where %s', (_title, old, next, expected) => {
    expect(minor(old, next)[0]).toBe(expected)
  })

  it('that is taken takes every payload that the old version took', () => {
    const leaf = fc.constantFrom<SchemaObject>(
      {},
      S,
      { type: 'integer' },
      { enum: ['x', 1] },
      { maxLength: 1 },
      { not: S },
      { $ref: '#/$defs/d' },
    )
    const name = fc.constantFrom('a', 'b', 'c')
    const { object } = fc.letrec<{ object: SchemaObject }>(tie => ({
      object: fc
        .record({
          properties: fc.dictionary(name, fc.oneof({ maxDepth: 2, depthIdentifier: 'o' }, leaf, leaf, tie('object')), {
            maxKeys: 3,
            noNullPrototype: true,
          }),
          additionalProperties: fc.constantFrom(false, false, false, true, S),
          required: fc.uniqueArray(name, { maxLength: 1 }),
          extra: fc.constantFrom<SchemaObject>(
            {},
            {},
            {},
            { patternProperties: { '^[ab]$': S } },
            { not: { required: ['b'] } },
            { maxProperties: 1 },
          ),
        })
        .map(({ extra, ...rest }) => ({ type: 'object', ...rest, ...extra })),
    }))
    const root = fc.tuple(object, leaf).map(([schema, d]): SchemaObject => ({ ...schema, $defs: { d: '$ref' in d ? {} : d } }))
    /** The same schema with one more property somewhere, so that the interesting case is common. */
    const grown = fc.tuple(root, name, leaf, fc.boolean()).map(([old, added, schema, below]): [SchemaObject, SchemaObject] => {
      const properties = old.properties as Record<string, SchemaObject>
      const child = Object.keys(properties).find(key => properties[key]?.type === 'object')
      const grow = (of: SchemaObject): SchemaObject => ({ ...of, properties: { ...(of.properties as object), [added]: schema } })
      return [old, below && child ? { ...old, properties: { ...properties, [child]: grow(properties[child] as SchemaObject) } } : grow(old)]
    })
    const scalar = fc.constantFrom<unknown>('x', 'xyz', 1, 1.5, null)
    const payload = fc.dictionary(name, fc.oneof(scalar, fc.dictionary(name, scalar, { noNullPrototype: true })), { noNullPrototype: true })
    const validators = createValidators({ cacheMax: 4 })
    const accepts = (schema: SchemaObject, value: unknown) =>
      validators.validate({ schemaHash: JSON.stringify(schema), payloadSchema: schema, schemaFlavour: 'json-schema-2020-12' }, value)
        .length === 0
    let proved = 0
    fc.assert(
      fc.property(fc.oneof(grown, fc.tuple(root, root)), fc.array(payload, { minLength: 5, maxLength: 12 }), ([old, next], payloads) => {
        if (checkMinor(old, next).length > 0) return
        proved++
        for (const value of payloads) if (accepts(old, value)) expect(accepts(next, value)).toBe(true)
      }),
      { numRuns: 1500 },
    )
    expect(proved).toBeGreaterThan(100)
  })
})
