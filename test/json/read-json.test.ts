import { beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { hasEscapedKey, readJson } from '../../src/json/read-json.ts'

/** After these V8 may take a key that begins with the same characters and an escape for one of theirs. */
const POISON = ['{"q":true,"a\\\\":1}', '{"h":[],"\\\\":0}', '{"a":1,"ab\\\\":2}', '{"":0,"é\\\\":1}']

beforeEach(() => {
  for (const text of POISON) JSON.parse(text)
})

const KEY = fc.oneof(
  fc.constantFrom(
    'a',
    'aA',
    'a\\',
    '\\',
    '"',
    'ab',
    'ab"',
    'é',
    'é\n',
    '',
    'q',
    'h',
    '__proto__',
    '1',
    ':',
    '{',
    '}',
    '[',
    ',',
    '\u2028',
    '😀',
  ),
  fc.string({ maxLength: 4, unit: 'binary' }),
)
const SCALAR = fc.oneof(
  fc.constantFrom(null, true, false, 0, -1.5, 1e21, 'a\\', '"', ''),
  fc.double({ noNaN: true }),
  fc.string({ maxLength: 5 }),
)
const SPACE = fc.constantFrom('', ' ', '\n', '\t\r ')

interface Document {
  text: string
  value: unknown
}

/** A string as JSON, its characters escaped or not by `bits`. */
function written(text: string, bits: number): string {
  const units = Array.from({ length: text.length }, (_, at) => {
    const plain = JSON.stringify(text[at]).slice(1, -1)
    return (bits >> (at % 8)) & 1 ? `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}` : plain
  })
  return `"${units.join('')}"`
}

const { document } = fc.letrec<{ document: Document; scalar: Document; array: Document; object: Document }>(tie => ({
  document: fc.oneof({ maxDepth: 4, withCrossShrink: true }, tie('scalar'), tie('array'), tie('object')),
  scalar: SCALAR.map(value => ({ text: JSON.stringify(value), value: JSON.parse(JSON.stringify(value)) })),
  array: fc.tuple(SPACE, fc.array(tie('document'), { maxLength: 4 })).map(([space, parts]) => ({
    text: `[${space}${parts.map(({ text }) => text).join(`${space},${space}`)}${space}]`,
    value: parts.map(({ value }) => value),
  })),
  object: fc
    .tuple(SPACE, fc.array(fc.tuple(KEY, fc.nat(255), tie('document')), { maxLength: 5 }))
    .map(([space, members]) => ({
      text: `${space}{${members.map(([key, bits, { text }]) => `${space}${written(key, bits)}${space}:${space}${text}`).join(',')}}${space}`,
      value: objectOf(members.map(([key, , { value }]) => [key, value])),
    })),
}))

function objectOf(members: Array<[string, unknown]>): object {
  const object = {}
  for (const [key, value] of members)
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  return object
}

/** Keys in their order, which `toEqual` does not look at; numbers and strings by identity. */
const shown = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(shown)
    : typeof value === 'object' && value !== null
      ? Object.entries(value).map(([key, member]) => [key, shown(member)])
      : value

describe('reading JSON', () => {
  it('keeps a key that is written with an escape, whatever documents were read before', () => {
    expect(Object.keys(readJson('{"q":true,"a\\u0041":"x"}') as object)).toEqual(['q', 'aA'])
    expect(Object.keys(readJson('{"h":1,"\\"":2}') as object)).toEqual(['h', '"'])
  })

  it('answers what was written, keys in their order', () => {
    fc.assert(
      fc.property(document, ({ text, value }) => {
        for (const poison of POISON) JSON.parse(poison)
        expect(shown(readJson(text))).toEqual(shown(value))
      }),
      { numRuns: 2_000 },
    )
  })

  it('keeps the last of members of one name, in the place of the first', () => {
    expect(shown(readJson('{"a":1,"\\u0062":2,"\\u0061":3}'))).toEqual([['a', 3], ['b', 2]]) // biome-ignore format: one value
  })

  it('nests as deep as JSON.parse does', () => {
    const levels = 100_000
    let inside = readJson(`${'['.repeat(levels)}{"\\u0061":1}${']'.repeat(levels)}`)
    for (let level = 0; level < levels; level++) inside = (inside as unknown[])[0]
    expect(inside).toEqual({ a: 1 })
  })

  it.each(['{"a\\u0041"', '{"\\x":1}', '{"\\u0061":1}}', ''])('refuses text that is not JSON: %s', text => {
    expect(() => readJson(text)).toThrow(SyntaxError)
  })

  it.each([
    ['{"a\\u0041":1}', true],
    ['[{"x":"\\\\"},{"a\\"" :1}]', true],
    ['{"a":"\\"b\\":1"}', false],
    ['["\\u0041:",":"]', false],
    ['{"a":["\\\\"],"b":":"}', false],
    ['"\\\\"', false],
  ])('sees whether a key is escaped: %s', (text, escaped) => {
    expect(hasEscapedKey(text)).toBe(escaped)
  })
})
