import { describe, expect, it } from '@jest/globals'
import { checkPatch } from '../../../src/registry/compatibility/patch.ts'
import type { SchemaObject } from '../../../src/registry/schema-positions.ts'

const closed = (properties: Record<string, unknown>, rest: SchemaObject = {}): SchemaObject => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...rest,
})
const S = { type: 'string' }

describe('a patch', () => {
  it.each<[string, SchemaObject, SchemaObject, string | undefined]>([
    ['nothing changed', closed({ a: S }), closed({ a: S }), undefined],
    ['members in another order', { a: 1, type: 'object' }, { type: 'object', a: 1 }, undefined],
    [
      'a description changed',
      closed({ a: { ...S, description: 'x' } }),
      closed({ a: { ...S, description: 'y' } }),
      undefined,
    ],
    ['a description came', closed({ a: S }), closed({ a: S }, { description: 'new' }), undefined],
    ['a property named description came', closed({}), closed({ description: S }), '/properties/description'],
    [
      'a description inside const',
      { const: { description: 'x' } },
      { const: { description: 'y' } },
      '/const/description',
    ],
    ['a title changed', { title: 'a' }, { title: 'b' }, '/title'],
    ['examples came', {}, { examples: [] }, '/examples'],
    ['a comment went', { $comment: '' }, {}, '/$comment'],
  ])('where %s', (_title, old, next, expected) => {
    expect(checkPatch(old, next)?.path).toBe(expected)
  })
})
