import { describe, expect, it } from '@jest/globals'
import { CONDITION_LIMITS } from '../../src/events/conditions.ts'
import { findings, holds, parsed } from './matched-conditions.ts'

const test = (path: string, operator: string, value?: unknown, more = {}) =>
  holds({ all: [{ path, operator, value, ...more }] })

describe('an operator', () => {
  it.each([
    ['payload.amount', 'equals', 1000, true],
    ['payload.amount', 'equals', '1000', false],
    ['payload.none', 'equals', null, true],
    ['payload.yes', 'equals', true, true],
    ['payload.day', 'equals', { date: '2026-03-01T00:00:00Z' }, true],
    ['payload.when', 'equals', { date: '2026-03-01T11:00:00Z' }, true],
    ['payload.amount', 'gt', 999, true],
    ['payload.amount', 'gt', 1000, false],
    ['payload.amount', 'gte', 1000, true],
    ['payload.amount', 'lt', 1001, true],
    ['payload.amount', 'lte', 999, false],
    ['payload.amount', 'gt', '999', false],
    ['payload.when', 'gt', '2026-03-01T10:59:59Z', true],
    ['payload.when', 'gt', '2026-03-01T11:00:00Z', false],
    ['payload.when', 'gte', { date: '2026-03-01' }, true],
    ['payload.text', 'gt', 'gr', true],
    ['payload.amount', 'gt', { path: 'payload.limit' }, true],
    ['payload.limit', 'gt', { path: 'payload.amount' }, false],
    ['payload.text', 'contains', 'öß', true],
    ['payload.tags', 'contains', 'y', true],
    ['payload.tags', 'contains', 'z', false],
    ['payload.amount', 'contains', '1', false],
    ['payload.text', 'starts_with', 'grö', true],
    ['payload.text', 'ends_with', 'ßer', true],
    ['payload.text', 'ends_with', 'gr', false],
    ['payload.text', 'length_equals', 6, true],
    ['payload.tags', 'length_equals', 2, true],
    ['payload.empty', 'length_equals', 0, true],
    ['payload.amount', 'length_equals', 4, false],
    ['payload.amount', 'in', [1, 1000], true],
    ['payload.text', 'in', ['größe'], false],
    ['payload.text', 'matches_regex', '^gr.{2}er$', true],
    ['payload.text', 'matches_regex', 'GR', false],
    ['payload.amount', 'matches_regex', '1', false],
    ...(['string', 'number', 'integer', 'boolean', 'null', 'array', 'object', 'date'] as const).map(
      type => ['payload.when', 'is_type', type, type === 'string' || type === 'date'] as const,
    ),
    ['payload.amount', 'is_type', 'integer', true],
    ['payload.items', 'is_type', 'array', true],
    ['payload.nested', 'is_type', 'object', true],
    ['payload.none', 'is_type', 'null', true],
  ] as const)('%s %s %j: %s, and its negation the contrary', (path, operator, value, expected) => {
    expect(test(path, operator, value)).toBe(expected)
    expect(test(path, `not_${operator}`, value)).toBe(!expected)
    expect(test(path, operator, value, { not: true })).toBe(!expected)
    expect(test(path, `not_${operator}`, value, { not: true })).toBe(expected)
  })

  it('coerces a text that looks like a number with `coerce`, and nothing else', () => {
    expect([test('payload.count', 'gt', 11), test('payload.count', 'gt', 11, { coerce: true })]).toEqual([false, true])
    expect(test('payload.text', 'gt', 11, { coerce: true })).toBe(false)
    expect(test('payload.amount', 'equals', '1000', { coerce: true })).toBe(false)
    expect(test('payload.yes', 'equals', 1, { coerce: true })).toBe(false)
  })

  it('on a missing value holds for exists alone', () => {
    for (const path of [
      'payload.nothing',
      'payload.items[2].sku',
      'payload.amount.x',
      'payload.none.x',
      'correlationId',
      'payload.nested.deep.er.x',
    ]) {
      expect([path, test(path, 'exists'), test(path, 'not_exists'), test(path, 'exists', false)]).toEqual([
        path,
        false,
        true,
        true,
      ])
      for (const operator of ['equals', 'gt', 'contains', 'in', 'is_type', 'matches_regex', 'length_equals']) {
        const value = { in: [1], is_type: 'null', matches_regex: '.*', length_equals: 0 }[operator as string] ?? 0
        expect([test(path, operator, value), test(path, `not_${operator}`, value)]).toEqual([false, false])
      }
    }
    expect([test('payload.none', 'exists'), test('payload.none', 'exists', false)]).toEqual([true, false])
    expect([
      test('payload.amount', 'gt', { path: 'payload.nothing' }),
      test('payload.amount', 'not_gt', { path: 'payload.nothing' }),
    ]).toEqual([false, false])
  })
})

describe('a path', () => {
  it.each([
    ['payload.items[1].sku', 'b'],
    ['payload.items.1.sku', 'b'],
    ['payload.items[-1].sku', 'b'],
    ['data.amount', 1000],
    [`payload['a.b']["it's"]`, 1],
    ['subject', 'order-1'],
    ['type', 'shop.order_paid'],
    ['chain.depth', 2],
    ['sequence', 7],
    ['time', '2026-09-21T14:13:20.000Z'],
  ])('%s is %j', (path, value) => expect(test(path, 'equals', value)).toBe(true))

  it("sees only objects's own, whatever its name", () => {
    expect(test('payload.__proto__.hidden', 'equals', 1)).toBe(true)
    for (const path of [
      'payload.constructor',
      'payload.nested.__proto__',
      'payload.tags.length',
      'payload.text.length',
      'payload.toString',
    ])
      expect([path, test(path, 'exists')]).toEqual([path, false])
  })

  it.each([
    '',
    'amount',
    'payload.',
    '.payload',
    'payload..a',
    'payload[a]',
    'payload[0',
    'payload a',
    '__proto__.x',
    'constructor',
    `payload.${'a'.repeat(248)}`,
  ])('%j is none', path =>
    expect(findings({ all: [{ path, operator: 'exists' }] })).toEqual([['/conditions/all/0/path', 'path']]),
  )

  it('may have 255 characters', () =>
    expect(findings({ all: [{ path: `payload.${'a'.repeat(247)}`, operator: 'exists' }] })).toEqual([]))
})

describe('groups', () => {
  const yes = { path: 'payload.yes', operator: 'equals', value: true }
  const no = { path: 'payload.yes', operator: 'equals', value: false }
  it('hold if all, or any, of their members do', () => {
    expect([holds({ all: [yes, no] }), holds({ any: [yes, no] }), holds({ any: [no, { all: [yes, yes] }] })]).toEqual([
      false,
      true,
      true,
    ])
  })

  it('nest five deep, and hold fifty conditions', () => {
    const deep = (levels: number): unknown => (levels === 0 ? yes : { all: [deep(levels - 1)] })
    expect(findings(deep(CONDITION_LIMITS.nesting))).toEqual([])
    expect(findings(deep(CONDITION_LIMITS.nesting + 1))).toEqual([[`/conditions${'/all/0'.repeat(5)}`, 'too_deep']])
    expect(findings({ all: Array(50).fill(yes) })).toEqual([])
    expect(findings({ all: Array(51).fill(yes) })).toEqual([['/conditions', 'too_many']])
    expect(findings({ all: [{ any: Array(50).fill(yes) }, yes] })).toEqual([['/conditions', 'too_many']])
  })
})

describe('the compact form', () => {
  it('is stored as groups of conditions', () => {
    expect(
      parsed({
        'payload.amount': { gte: 1000, not_equals: 5 },
        'payload.currency': 'EUR',
        'payload.x': { exists: false },
      }),
    ).toEqual({
      all: [
        { path: 'payload.amount', operator: 'gte', value: 1000 },
        { path: 'payload.amount', operator: 'equals', value: 5, not: true },
        { path: 'payload.currency', operator: 'equals', value: 'EUR' },
        { path: 'payload.x', operator: 'exists', not: true },
      ],
    })
    expect(parsed({ any: [{ 'payload.a': 1, 'payload.b': null }, { 'payload.c': { date: '2026-01-01' } }] })).toEqual({
      any: [
        {
          all: [
            { path: 'payload.a', operator: 'equals', value: 1 },
            { path: 'payload.b', operator: 'equals', value: null },
          ],
        },
        { path: 'payload.c', operator: 'equals', value: { date: '2026-01-01' } },
      ],
    })
  })

  it('and others spell the path as attribute or field', () => {
    const expected = { all: [{ path: 'payload.a', operator: 'gt', value: 1 }] }
    for (const name of ['path', 'attribute', 'field'])
      expect(parsed({ all: [{ [name]: 'payload.a', operator: 'gt', value: 1 }] })).toEqual(expected)
  })

  it('is the same again when it is parsed again', () => {
    for (const input of [
      { 'payload.amount': { not_gte: 1 } },
      {
        any: [
          { 'payload.a': 1, 'payload.b': 2 },
          { path: 'type', operator: 'exists', value: false },
        ],
      },
    ]) {
      expect(parsed(parsed(input))).toEqual(parsed(input))
    }
  })
})

describe('each error is named with its place', () => {
  it.each([
    [null, '/conditions', 'type'],
    [[], '/conditions', 'type'],
    [{}, '/conditions', 'group'],
    [{ all: [] }, '/conditions/all', 'group'],
    [{ all: {} }, '/conditions/all', 'group'],
    [{ all: [1] }, '/conditions/all/0', 'type'],
    [{ all: [{ path: 'type', operator: 'exists' }], any: [] }, '/conditions', 'group'],
    [{ all: [{ operator: 'exists' }] }, '/conditions/all/0', 'required'],
    [{ all: [{ path: 'type', operator: 'exists', more: 1 }] }, '/conditions/all/0/more', 'unknown_field'],
    [{ all: [{ path: 7, operator: 'exists' }] }, '/conditions/all/0/path', 'type'],
    [{ all: [{ path: 'type', operator: 7 }] }, '/conditions/all/0/operator', 'type'],
    [{ all: [{ path: 'type', operator: 'like', value: 1 }] }, '/conditions/all/0/operator', 'operator'],
    [{ all: [{ path: 'type', operator: 'toString', value: 1 }] }, '/conditions/all/0/operator', 'operator'],
    [{ all: [{ path: 'type', operator: 'equals' }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'equals', value: {} }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'equals', value: { date: 'soon' } }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'equals', value: { path: 'x' } }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'equals', value: 'x'.repeat(1001) }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'in', value: [] }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'in', value: Array(101).fill(1) }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'is_type', value: 'text' }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'length_equals', value: -1 }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'exists', value: 'no' }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'matches_regex', value: '(' }] }, '/conditions/all/0/value', 'operand'],
    [{ all: [{ path: 'type', operator: 'matches_regex', value: '(a)\\1' }] }, '/conditions/all/0/value', 'operand'],
    [
      { all: [{ path: 'type', operator: 'matches_regex', value: 'a'.repeat(257) }] },
      '/conditions/all/0/value',
      'operand',
    ],
    [
      { all: [{ path: 'type', operator: 'matches_regex', value: '(a{50}){50}' }] },
      '/conditions/all/0/value',
      'operand',
    ],
    [{ all: [{ path: 'type', operator: 'equals', value: 1, not: 1 }] }, '/conditions/all/0/not', 'type'],
    [{ 'payload/a~': { gt: {} } }, '/conditions/payload~1a~0', 'path'],
    [{ 'payload.a': {} }, '/conditions/payload.a', 'operator'],
    [{ 'payload.a': { like: 1 } }, '/conditions/payload.a/like', 'operator'],
    [{ 'payload.a': { gt: {} } }, '/conditions/payload.a/gt', 'operand'],
    [JSON.parse('{"__proto__":{"gt":1}}'), '/conditions/__proto__', 'path'],
    [
      JSON.parse('{"all":[{"path":"type","operator":"exists","__proto__":1}]}'),
      '/conditions/all/0/__proto__',
      'unknown_field',
    ],
  ])('%j', (input, path, rule) => expect(findings(input)).toEqual([[path, rule]]))
})
