import { describe, expect, it } from '@jest/globals'
import { checkMinor } from '../../../src/registry/compatibility/minor.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'
import { a, address, closed, grown, open, S, told } from './minors.ts'

const tagged = (kind: string, properties: Record<string, unknown>): SchemaObject =>
  open({ kind: { const: kind }, ...properties }, { required: ['kind'] })

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
      'a pattern of names went',
      open({}, { patternProperties: { a: S } }),
      open({}),
      ['keyword_widened /patternProperties/a'],
    ],
    [
      'a list has a place more',
      a({ prefixItems: [S] }),
      a({ prefixItems: [S, S] }),
      ['type_narrowed /properties/a/prefixItems/1/type'],
    ],
    ['what is contained changed', a({ contains: S }), a({ contains: {} }), ['keyword_widened /properties/a/contains']],
    [
      'a name depends on another',
      a({}),
      a({}, { dependentRequired: { a: ['b'] } }),
      ['keyword_narrowed /dependentRequired'],
    ],
    ['a schema became false', a({}), a(false), ['keyword_narrowed /properties/a']],
    ['the change is under not', a({ not: address }), a({ not: grown }), ['keyword_narrowed /properties/a/not']],
    ['a branch came', a({ anyOf: [S] }), a({ anyOf: [S, address] }), ['type_widened /properties/a/anyOf/0/type']],
    ['a condition came', a({}), a({ if: S, else: { minimum: 1 } }), ['keyword_narrowed /properties/a/else']],
    [
      'a schema depends on a name',
      a({}),
      a({}, { dependentSchemas: { a: S } }),
      ['keyword_narrowed /dependentSchemas'],
    ],
    [
      'a reference under not leads to the change',
      closed({ x: address, y: { not: { $ref: '#/properties/x' } } }),
      closed({ x: grown, y: { not: { $ref: '#/properties/x' } } }),
      ['keyword_narrowed /properties/y/not'],
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
      ['type_narrowed /$defs/a/type'],
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
    [
      'an alternative went',
      a({ anyOf: [S, { type: 'integer' }, address] }),
      a({ anyOf: [S, address] }),
      ['keyword_narrowed /properties/a/anyOf'],
    ],
    [
      'an alternative came beside others',
      a({ oneOf: [tagged('a', {}), tagged('b', {})] }),
      a({ oneOf: [tagged('a', {}), tagged('b', {}), tagged('c', {})] }),
      ['keyword_widened /properties/a/oneOf'],
    ],
    [
      'a type changed within one of several alternatives',
      a({ oneOf: [tagged('a', { x: S }), tagged('b', { x: S })] }),
      a({ oneOf: [tagged('a', { x: S }), tagged('b', { x: { type: 'integer' } })] }),
      ['type_changed /properties/a/oneOf/1/properties/x/type'],
    ],
    [
      'alternatives came to overlap',
      a({
        oneOf: [
          { maximum: 1, type: 'number' },
          { minimum: 2, type: 'number' },
        ],
      }),
      a({
        oneOf: [
          { maximum: 3, type: 'number' },
          { minimum: 2, type: 'number' },
        ],
      }),
      ['keyword_narrowed /properties/a/oneOf'],
    ],
    [
      'a property came under another content of its pattern',
      closed({}, { additionalProperties: S }),
      closed({}, { additionalProperties: S, patternProperties: { '^x-': { type: 'integer' } } }),
      ['keyword_narrowed /patternProperties/^x-', 'keyword_widened /patternProperties/^x-'],
    ],
    [
      'an annotation that consumers rely on went',
      a({ readOnly: true }),
      a({}),
      ['not_provable /properties/a/readOnly'],
    ],
    [
      'what is left over depends on a choice that changed',
      open({}, { anyOf: [open({ a: S }), open({ b: S })], unevaluatedProperties: false }),
      open({}, { anyOf: [open({ a: S }), open({ c: S })], unevaluatedProperties: false }),
      ['not_provable /unevaluatedProperties'],
    ],
    ['a schema leads back to itself', a({ $ref: '#' }), closed({ a: { $ref: '#' }, b: S }), ['not_provable ']],
  ])('where %s', (_title, old, next, expected) => {
    expect(told(old, next).refused).toEqual(expect.arrayContaining(expected))
  })

  it('with a value that shows it, where no keyword has a reason of its own', () => {
    const { findings } = checkMinor(a({ not: { const: 2 } }), a({ not: { const: 1 } }))
    expect(findings[0]?.message).toMatch(/\(the value is 1\)$/)
  })

  it('as not provable where nothing is known: a pattern within another', () => {
    const anyOf = (pattern: string) => a({ not: { anyOf: [{ pattern }, { minLength: 9 }] } })
    expect(told(anyOf('^[a-c]{3}k+$'), anyOf('^[a-c]{3}kk+$')).refused).toEqual(['not_provable /properties/a/not'])
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
