import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { ExactNumber } from '../../src/json/exact-number.ts'
import { parseJson } from '../../src/json/json.ts'
import { sliceElements, sliceMembers } from '../../src/json/json-slices.ts'

const limits = { depthMax: 32, duplicateKeys: 'refuse' } as const
const parse = (text: string | Buffer, depthMax = 32) => parseJson(Buffer.from(text as string), { ...limits, depthMax })
const parseAll = (text: string) => parseJson(Buffer.from(text), { ...limits, exactNumbers: 'all' })
const ruleAndPath = (text: string | Buffer, depthMax?: number) => {
  const parsed = parse(text, depthMax)
  return parsed.ok ? 'ok' : parsed.findings.map(f => `${f.rule} ${f.path}`)
}

/** A JSON value as a tree that may hold the same key twice. */
type Node = { scalar: string } | { members: Array<[string, Node]> } | { elements: Node[] }
const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', '', '__proto__', 'a/b', '~', '"', '\\', ':', '{', 'é', '1') },
  fc.string({ unit: 'binary', maxLength: 6 }),
)
const scalar = fc.oneof(
  fc.string({ unit: 'binary' }).map(s => JSON.stringify(s)),
  fc.constantFrom('1', '-0.5e-3', 'true', 'null', '123456789012345678901234567890', '"\\u0061\\\\"'),
)
const { tree } = fc.letrec<{ tree: Node }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    scalar.map(text => ({ scalar: text })),
    fc.array(fc.tuple(key, tie('tree')), { maxLength: 4 }).map(members => ({ members })),
    fc.array(tie('tree'), { maxLength: 3 }).map(elements => ({ elements })),
  ),
}))
const space = fc.constantFrom('', ' ', '\n\t')

/** Writes a character of a key as itself or as an escape, by its place. */
const writeKey = (text: string): string =>
  `"${[...text].map((c, i) => (c < ' ' || '"\\'.includes(c) || c === 'b' || i % 3 === 2 ? asEscape(c) : c)).join('')}"`
const asEscape = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')

/** The meaning of a tree's text, without JSON.parse: V8 13.6 misreads some keys. */
function meaning(node: Node): unknown {
  if ('scalar' in node) return JSON.parse(node.scalar)
  if ('elements' in node) return node.elements.map(meaning)
  return Object.fromEntries(node.members.map(([k, v]) => [k, meaning(v)]))
}

function write(node: Node, gap: string): string {
  if ('scalar' in node) return node.scalar
  if ('elements' in node) return `[${gap}${node.elements.map(e => write(e, gap)).join(`${gap},${gap}`)}${gap}]`
  return `{${gap}${node.members.map(([k, v]) => `${writeKey(k)}${gap}:${gap}${write(v, gap)}`).join(`${gap},${gap}`)}${gap}}`
}
const hasDuplicate = (node: Node): boolean => {
  if ('scalar' in node) return false
  if ('elements' in node) return node.elements.some(hasDuplicate)
  return (
    new Set(node.members.map(([k]) => k)).size < node.members.length || node.members.some(([, v]) => hasDuplicate(v))
  )
}

describe('parseJson', () => {
  it('refuses a document exactly when some object names a key twice, and otherwise answers its value', () => {
    fc.assert(
      fc.property(tree, space, (node, gap) => {
        const text = write(node, gap)
        const parsed = parse(text)
        expect(parsed.ok).toBe(!hasDuplicate(node))
        if (parsed.ok) expect(parsed.value).toEqual(meaning(node))
        else expect(parsed.findings.every(f => f.rule === 'duplicate_key')).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['{"a":1,"a":1}', ['duplicate_key /a']],
    ['{"a":1,"\\u0061":2}', ['duplicate_key /a']],
    ['{"x":[{"a/b":1,"~":{"k":1,"k":[]},"a/b":2}]}', ['duplicate_key /x/0/~0/k', 'duplicate_key /x/0/a~1b']],
    ['{"__proto__":1,"__proto__":2}', ['duplicate_key /__proto__']],
    ['{"a":"\\":{\\\\","b":":"}', 'ok'],
    ['{"a":{"a":{"a":1}}}', 'ok'],
    [' [1,{"1":2,"0":3}] ', 'ok'],
    ['', ['not_json ']],
    ['{"a":1,}', ['not_json ']],
    ['{"a":1} x', ['not_json ']],
    ['\ufeff{}', ['not_json ']],
    ["{'a':1}", ['not_json ']],
    ['{"a":NaN}', ['not_json ']],
    ['"unfinished', ['not_json ']],
    ['{"a\\', ['not_json ']],
  ])('%j → %j', (text, expected) => {
    expect(ruleAndPath(text)).toEqual(expected)
  })

  it('keeps the digits of numbers that a double cannot carry, wherever they are, and changes nothing else', () => {
    const parsed = parseAll(
      '{"a":[9007199254740993,"9007199254740993",1.5,{"b":-1e400}],"\\u0062":1e-400,"__proto__":0.1234567890123456789012}',
    )
    const shape = (value: unknown): unknown => {
      if (value instanceof ExactNumber) return `exact ${value.text}`
      if (Array.isArray(value)) return value.map(shape)
      return typeof value === 'object' && value !== null
        ? Object.entries(value).map(([key, each]) => [key, shape(each)])
        : value
    }
    expect(parsed.ok && shape(parsed.exact)).toEqual([
      ['a', ['exact 9007199254740993', '9007199254740993', 1.5, [['b', 'exact -1e400']]]],
      ['b', 'exact 1e-400'],
      ['__proto__', 'exact 0.1234567890123456789012'],
    ])
    expect(parsed.ok && shape(parsed.value)).toEqual([
      ['a', [9007199254740992, '9007199254740993', 1.5, [['b', Number.NEGATIVE_INFINITY]]]],
      ['b', 0],
      ['__proto__', 0.12345678901234568],
    ])
  })

  it('answers one value for a document whose numbers doubles carry', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const parsed = parseAll(JSON.stringify(value))
        expect(parsed.ok && parsed.exact === parsed.value).toBe(true)
      }),
    )
  })

  it.each([
    '0.10000000000000001',
    '1e-400',
    '1.00000000000000000001',
    '9007199254740991.00001',
    '0.0000900719925474099312345',
  ])('takes %s for the nearest double unless all numbers are to be exact', text =>
    expect([parse(text), parseAll(text)].map(parsed => parsed.ok && parsed.exact === parsed.value)).toEqual([
      true,
      false,
    ]),
  )

  it.each(['9007199254740993', '-9007199254740992.5', '9007199.254740993e9', '1e400'])(
    'never takes %s for another',
    text => {
      expect([parse(text), parseAll(text)].map(parsed => parsed.ok && parsed.exact === parsed.value)).toEqual([
        false,
        false,
      ])
    },
  )

  it('refuses bytes that are not UTF-8: lone bytes, overlong forms, surrogates', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
    ]) {
      expect(ruleAndPath(Buffer.from(bytes))).toEqual(['not_json '])
    }
  })

  it('takes the nesting that is allowed and refuses one more, with the place', () => {
    expect(ruleAndPath('{"a":[{"b":[]}]}', 4)).toBe('ok')
    expect(ruleAndPath('{"a":[{"b":[]}]}', 3)).toEqual(['too_deep /a/0/b'])
    expect(ruleAndPath(`${'['.repeat(32)}${']'.repeat(32)}`)).toBe('ok')
    expect(ruleAndPath(`${'['.repeat(33)}${']'.repeat(33)}`)).toEqual([`too_deep ${'/0'.repeat(32)}`])
    expect(ruleAndPath('["[[[[["]', 1)).toBe('ok')
  })

  it('does not overflow on nesting as deep as a payload is long', () => {
    expect(ruleAndPath(`${'['.repeat(130_000)}${']'.repeat(130_000)}`)).toEqual([`too_deep ${'/0'.repeat(32)}`])
    expect(ruleAndPath(`${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`)).toEqual([`too_deep ${'/a'.repeat(32)}`])
    expect(ruleAndPath('['.repeat(260_000))).toEqual(['not_json '])
  })

  it('keeps a key __proto__ as plain data', () => {
    const parsed = parse('{"__proto__":{"polluted":true},"a":{"constructor":1}}')
    expect(parsed.ok && Object.keys(parsed.value as object)).toEqual(['__proto__', 'a'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('names at most 20 duplicates', () => {
    const parsed = parse(`{${Array.from({ length: 500 }, () => '"a":1').join(',')}}`)
    expect(parsed.ok ? 0 : parsed.findings.length).toBe(20)
  })
})

describe('sliceMembers and sliceElements', () => {
  it('cut out exactly the bytes of each member and element', () => {
    fc.assert(
      fc.property(tree, space, fc.constantFrom('', ' \n'), (node, gap, around) => {
        const bytes = Buffer.from(around + write(node, gap) + around)
        const cut = (slice: { start: number; end: number }) => bytes.subarray(slice.start, slice.end).toString()
        if ('elements' in node) {
          const answer = sliceElements(bytes)
          expect(answer.ok && answer.elements.map(cut)).toEqual(node.elements.map(e => write(e, gap)))
          expect(sliceMembers(bytes)).toMatchObject({ ok: false, findings: [{ path: '', rule: 'type' }] })
        } else if ('members' in node) {
          const answer = sliceMembers(bytes)
          expect(answer.ok).toBe(new Set(node.members.map(([k]) => k)).size === node.members.length)
          if (answer.ok)
            expect([...answer.members].map(([k, slice]) => [k, cut(slice)])).toEqual(
              node.members.map(([k, v]) => [k, write(v, gap)]),
            )
        } else expect(sliceMembers(bytes).ok).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('cut the payload of each item of a batch as it was sent', () => {
    const bytes = Buffer.from(
      '{ "items" : [ {"name":"a.b","payload": {"n":1.0, "big":12345678901234567890 } } ,7,{"payload":[ ]}] }',
    )
    const body = sliceMembers(bytes)
    const items = body.ok ? sliceElements(bytes, body.members.get('items')) : body
    if (!items.ok) throw new Error('no items')
    const cut = items.elements.map(item => {
      const members = sliceMembers(bytes, item)
      if (!members.ok) return members.findings
      const payload = members.members.get('payload')
      return payload && bytes.subarray(payload.start, payload.end).toString()
    })
    expect(cut).toEqual([
      '{"n":1.0, "big":12345678901234567890 }',
      [{ path: '/items/1', rule: 'type', message: 'must be object' }],
      '[ ]',
    ])
  })

  it('refuse a duplicate key at their own level alone', () => {
    expect(sliceMembers(Buffer.from('{"payload":{"a":1,"a":2}}')).ok).toBe(true)
    expect(sliceMembers(Buffer.from('{"name":"x","n\\u0061me":"y"}'))).toMatchObject({
      findings: [{ path: '/name', rule: 'duplicate_key' }],
    })
  })
})
