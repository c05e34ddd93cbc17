import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseJson } from '../../../src/json/json.ts'
import { hasTemplate, parseTemplate } from '../../../src/workflows/language/template-syntax.ts'
import { problemOf, reportsOf, resolved, textOfTemplate } from './evaluated.ts'

const body = {
  sku: { id: 'A-1', name: ' Größe "L" ' },
  quantity: '3',
  price: 12.5,
  lines: [{ n: 1 }, { n: 2 }, { n: 3 }],
  none: null,
  yes: true,
  when: '2026-03-01T12:00:00+01:00',
  'odd key': { 'a.b': 7, 'it}}s': 8 },
}
const values = {
  roots: { $body: body, $run: { id: 'run_1', error: null } },
  actions: { left: { first: { quantity: 49 } }, 'each-line': { i: 2, item: { n: 3 } } },
  variables: { minus: -3 },
  environment: { HOST: 'https://a.test' },
}

describe('a template', () => {
  it.each([
    ['{{$body.sku.id}}', 'A-1'],
    ['{{ $body . quantity }}', undefined],
    ['{{$body.price}}', 12.5],
    ['{{$body.yes}}', true],
    ['{{$body.sku}}', body.sku],
    ['{{$body.lines[0].n}}', 1],
    ['{{$body.lines[-1].n}}', 3],
    ["{{$body['odd key']['a.b']}}", 7],
    ["{{$body['odd key']['it}}s']}}", 8],
    ["{{$action['left'].first.quantity}}", 49],
    ['{{$action.left.first.quantity}}', 49],
    ["{{$action['each-line'].item.n}}", 3],
    ["{{$var['minus']}}", -3],
    ['{{$env.HOST}}', 'https://a.test'],
    ['{{$run.error}}', null],
  ] as const)('that is one expression keeps the type of its value: %s', (template, expected) => {
    if (expected === undefined) expect(problemOf(template)).toBe('template_syntax')
    else expect(resolved(template, values)).toEqual(expected)
  })

  it('in other text becomes text, objects as JSON and nothing for null', () => {
    const text = 'a {{$body.sku.id}} {{$body.price}} {{$body.yes}} {{$body.none}}|{{$body.lines}} {{$body.nothing}}.'
    expect(resolved(text, values)).toBe('a A-1 12.5 true |[{"n":1},{"n":2},{"n":3}] .')
    expect(textOfTemplate('{{$body.price}}', values)).toBe('12.5')
  })

  it('goes through objects and lists, and leaves what it does not compute as it is', () => {
    const constant = { a: [1, { b: 'x' }] }
    const made = resolved({ constant, list: ['{{$body.price}}', 2], deep: { x: '{{$body.sku.id}}' } }, values)
    expect(made).toEqual({ constant, list: [12.5, 2], deep: { x: 'A-1' } })
    expect((made as { constant: unknown }).constant).toBe(constant)
  })

  it.each([
    [String.raw`\{{$body.sku.id}}`, '{{$body.sku.id}}'],
    [String.raw`\\{{$body.sku.id}}`, String.raw`\A-1`],
    [String.raw`\\\{{x}}`, String.raw`\{{x}}`],
    [String.raw`C:\dir {{$body.sku.id}}\{{`, String.raw`C:\dir A-1{{`],
    ['}} { {', '}} { {'],
  ])('escapes braces with a backslash: %s', (template, expected) => {
    expect(textOfTemplate(template, values)).toBe(expected)
    expect(resolved(template, values)).toBe(expected)
  })

  it.each([
    ['{{$body.quantity | number}}', 3],
    ['{{$body.quantity | number | negate}}', -3],
    ['{{$body.price | negate}}', -12.5],
    ['{{$body.sku.id | lower}}', 'a-1'],
    ['{{$body.sku.name | trim | upper}}', 'GRÖSSE "L"'],
    ['{{$body.lines | length}}', 3],
    ['{{$body.sku | length}}', 2],
    ['{{$body.sku.id | length}}', 3],
    ['{{$body.sku | json}}', JSON.stringify(body.sku)],
    ["{{$body.nothing | default: 'a|b'}}", 'a|b'],
    ['{{$body.none | default: 7}}', 7],
    ['{{$body.none | default: []}}', []],
    ['{{$body.none | default: {}}}', {}],
    ['{{$body.nothing | upper | default: "it\'s"}}', "it's"],
    ['{{$body.yes | default: false}}', true],
    ['{{$body.when | date}}', '2026-03-01T11:00:00.000Z'],
    ["{{$body.when | date: 'day'}}", '2026-03-01'],
    ["{{$body.when | date: 'seconds'}}", 1772362800],
    ["{{$body.price | date: 'milliseconds'}}", 12],
  ] as const)('has filters: %s', (template, expected) => {
    expect(resolved(template, values)).toEqual(expected)
    expect(reportsOf(template, values)).toEqual([])
  })

  it('reports what is missing, and a value that a filter does not take', () => {
    expect(reportsOf(['{{$body.nothing.at.all}}', '{{$body.lines[9]}}'], values)).toEqual([
      'missing $body.nothing.at.all',
      'missing $body.lines[9]',
    ])
    expect(reportsOf('{{$body.none}}', values)).toEqual([])
    expect(reportsOf('{{$body.sku | upper}}', values)).toEqual(['mismatch upper $body.sku | upper'])
    expect(resolved('{{$body.sku | number}}', values)).toBeNull()
    expect(resolved("{{$body.sku | number | default: 'x'}}", values)).toBe('x')
  })

  it.each([
    ['{{', 'template_syntax'],
    ['{{}}', 'template_syntax'],
    ['{{ | upper}}', 'template_syntax'],
    ["{{$body['a}}", 'template_syntax'],
    ['{{$body..a}}', 'template_syntax'],
    ['{{body.a}}', 'unknown_scope'],
    ['{{$payload.a}}', 'unknown_scope'],
    ['{{$action}}', 'unknown_scope'],
    ['{{$body.a | shout}}', 'unknown_filter'],
    ['{{$body.a | toString}}', 'unknown_filter'],
    ['{{$body.a | default}}', 'unknown_filter'],
    ['{{$body.a | default: $body.b}}', 'unknown_filter'],
    ['{{$body.a | upper: 1}}', 'unknown_filter'],
    ["{{$body.a | date: 'year'}}", 'unknown_filter'],
    ['{{$body.a() }}', undefined],
    ['{{1 + 1}}', 'unknown_scope'],
  ])('is refused where it is none: %s', (text, rule) => expect(problemOf(text)).toBe(rule))

  it('keeps the digits of numbers that are passed through', () => {
    const text = '{"big":12345678901234567890,"small":0.12345678901234567890123}'
    const parsed = parseJson(Buffer.from(text), { depthMax: 9, duplicateKeys: 'refuse', exactNumbers: 'all' })
    const exact = parsed.ok ? parsed.exact : undefined
    const read = { roots: { $body: exact } }
    expect(JSON.stringify(resolved('{{$body}}', read))).toBe(text)
    expect(JSON.stringify(resolved({ n: '{{$body.big | negate}}' }, read))).toBe('{"n":-12345678901234567890}')
    expect(textOfTemplate('{{$body.small}}', read)).toBe('0.12345678901234567890123')
    expect(JSON.stringify(resolved('{{$body.t | number}}', { roots: { $body: { t: '9007199254740993' } } }))).toBe(
      '9007199254740993',
    )
  })
})

describe('what nobody may reach by a template', () => {
  const hostile = [
    '__proto__',
    'constructor',
    'prototype',
    'constructor.constructor',
    '__proto__.polluted',
    "['__proto__']",
    '["constructor"]["prototype"]',
    "lines.constructor('return process')()",
    'lines.length',
    'lines.map',
    'sku.id.length',
    'sku.id.constructor',
    'sku.toString',
    'sku.hasOwnProperty',
    'sku.__defineGetter__',
    'sku.valueOf',
    'lines[0].__lookupGetter__',
  ]
  it.each(hostile)('own properties alone are read: %s', path => {
    const template = `{{$body${path.startsWith('[') ? '' : '.'}${path}}}`
    const parsed = parseTemplate(template)
    if (parsed.ok) expect(resolved(template, values)).toBeNull()
    else expect(parsed.problem.rule).toBe('template_syntax')
  })

  it('what a template yields is never read as one', () => {
    const smuggled = { $body: { a: '{{$env.KEY}}', b: '\\{{$env.KEY}}' } }
    const read = { roots: smuggled, environment: { KEY: 'secret' } }
    expect(resolved(['{{$body.a}}', 'x{{$body.a}}', '{{$body.b}}'], read)).toEqual([
      '{{$env.KEY}}',
      'x{{$env.KEY}}',
      '\\{{$env.KEY}}',
    ])
  })

  it('a member __proto__ of data is data', () => {
    const data = JSON.parse('{"__proto__":{"polluted":1}}') as unknown
    expect(JSON.stringify(resolved({ a: '{{$body}}', b: data }, { roots: { $body: data } }))).toBe(
      '{"a":{"__proto__":{"polluted":1}},"b":{"__proto__":{"polluted":1}}}',
    )
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

describe('any text', () => {
  const pieces = fc.constantFrom(
    '{{',
    '}}',
    '\\',
    "'",
    '"',
    '|',
    '$body',
    '.a',
    '[0]',
    '[-1]',
    "['x']",
    ' ',
    ':',
    'default',
    'upper',
    'ß',
    '{',
    '}',
  )
  const texts = fc.array(pieces, { maxLength: 25 }).map(all => all.join(''))
  const read = { roots: { $body: { a: { a: 1, x: 'q' }, x: [1, 2] } } }

  it('is a template or has a reason, and evaluates without a throw', () => {
    fc.assert(
      fc.property(fc.oneof(texts, fc.string({ maxLength: 60 })), text => {
        const parsed = parseTemplate(text)
        if (!parsed.ok) return expect(parsed.problem.message.length).toBeGreaterThan(10)
        const value = resolved(text, read)
        expect(value).not.toBeUndefined()
        if (!hasTemplate(text)) expect(typeof value).toBe('string')
      }),
      { numRuns: 2_000 },
    )
  })

  it('is itself when its braces are escaped', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.nat(4), (text, slashes) => {
        const plain = `${text.replaceAll('{', '')}${'\\'.repeat(slashes)}{{${text}`
        const escaped = plain.replace(/(\\*)\{\{/g, (_, before: string) => `${before}${before}\\{{`)
        expect(textOfTemplate(escaped, {})).toBe(plain)
      }),
      { numRuns: 1_000 },
    )
  })
})
