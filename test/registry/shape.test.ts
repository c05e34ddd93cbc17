import { describe, expect, it } from '@jest/globals'
import { againstSchema, againstShape, proposalFor } from '../../src/registry/shape/compare-shapes.ts'
import { emptyShape, learn, type Shape, schemaOf } from '../../src/registry/shape/learned.ts'
import { validators } from './registrations.ts'

const shapeOf = (payloads: unknown[]): Shape => {
  const shape = emptyShape()
  for (const payload of payloads) learn(shape, payload)
  return shape
}
const times = (count: number, payload: (at: number) => unknown) => Array.from({ length: count }, (_, at) => payload(at))
const open = {
  ...{ type: 'object', required: ['id'] },
  properties: {
    ...{ id: { type: 'string' }, note: { type: 'string' } },
    lines: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' } } } },
  },
}

describe('a learned shape', () => {
  it('has a schema that every payload of it is valid under', () => {
    const payloads = [
      { a: 1, b: 'x', list: [{ c: 1 }, { c: null, d: true }], 'e/f~g': 1 },
      { a: 1.5, list: [], b: 'y', 'e/f~g': 2 },
      { a: 2, b: 'z', list: [{}], more: {}, 'e/f~g': 3 },
    ]
    const schema = schemaOf(shapeOf(payloads))
    expect(schema).toMatchObject({
      ...{ type: 'object', required: ['a', 'b', 'list', 'e/f~g'] },
      properties: { a: { type: 'number' }, b: { type: 'string' }, list: { items: { properties: { c: {} } } } },
    })
    const judged = { schemaHash: 'learned', schemaFlavour: 'json-schema-2020-12' as const, payloadSchema: schema }
    for (const payload of payloads) expect(validators.validate(judged, payload)).toEqual([])
  })

  it('is bounded, however many members there are', () => {
    const shape = shapeOf([Object.fromEntries(times(5_000, at => [`m${at}`, at]) as Array<[string, unknown]>)])
    expect([shape.places.size, shape.isCut]).toEqual([300, true])
  })
})

describe('payloads against an open schema', () => {
  it('that they do not keep to have what it does not name, at its place', () => {
    const shape = shapeOf(times(30, () => ({ id: 'x', note: 'n', extra: 1, lines: [{ sku: 's', price: 2.5 }] })))
    expect(againstSchema(shape, open)).toEqual([
      { path: '/extra', change: 'unknown_property integer' },
      { path: '/lines/*/price', change: 'unknown_property number' },
    ])
    expect(proposalFor(shape, open)).toMatchObject({
      ...{ required: ['id'], properties: { ...open.properties, extra: { type: 'integer' } } },
    })
  })

  it('never have a member that a hundred of them lack', () => {
    expect(againstSchema(shapeOf(times(100, () => ({ id: 'x', lines: [] }))), open)).toEqual([
      { path: '/note', change: 'never_seen' },
    ])
    expect(againstSchema(shapeOf(times(99, () => ({ id: 'x', lines: [] }))), open)).toEqual([])
  })

  it('say nothing where they are few, a member is rare, the schema is closed, or it depends on the payload', () => {
    const extra = times(30, () => ({ id: 'x', note: 'n', lines: [], extra: 1 }))
    expect(againstSchema(shapeOf(extra.slice(0, 19)), open)).toEqual([])
    const rare = times(30, at => ({ id: 'x', note: 'n', lines: [], ...(at < 2 ? { rare: 1 } : {}) }))
    expect(againstSchema(shapeOf(rare), open)).toEqual([])
    expect(againstSchema(shapeOf(extra), { ...open, additionalProperties: false })).toEqual([])
    expect(againstSchema(shapeOf(extra), { type: 'object' })).toEqual([])
    expect(againstSchema(shapeOf(extra), { ...open, anyOf: [{ properties: { extra: {} } }] })).toEqual([])
  })

  it('are compared with what references and allOf name', () => {
    const composed = { $defs: { base: open }, allOf: [{ $ref: '#/$defs/base' }, { properties: { extra: {} } }] }
    const shape = shapeOf(times(30, () => ({ id: 'x', note: 'n', lines: [], extra: 1, other: true })))
    expect(againstSchema(shape, composed)).toEqual([{ path: '/other', change: 'unknown_property boolean' }])
  })
})

describe('a shape against the one before', () => {
  it('shows new members, other types and members that are gone', () => {
    const before = shapeOf(times(30, () => ({ a: 1, gone: true, count: 2 })))
    const now = shapeOf(times(30, () => ({ a: 'x', fresh: null, count: 3 })))
    expect(againstShape(before, now)).toEqual([
      { path: '/a', change: 'type_changed integer to string' },
      { path: '/fresh', change: 'unknown_property null' },
      { path: '/gone', change: 'never_seen' },
    ])
  })

  it('is the same where an integer comes in place of a number', () => {
    const before = shapeOf(times(30, at => ({ a: at + 0.5 })))
    expect(againstShape(before, shapeOf(times(30, at => ({ a: at }))))).toEqual([])
  })
})
