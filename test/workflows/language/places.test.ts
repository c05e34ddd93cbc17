import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { specOf } from '../../../src/workflows/language/actions/index.ts'
import { templateOf } from '../../../src/workflows/language/compile-template.ts'
import type { ActionType } from '../../../src/workflows/language/definition.ts'
import { compileWith } from '../../../src/workflows/language/places.ts'
import { type BoundSql, compileSql, sqlProblem } from '../../../src/workflows/language/sql-text.ts'
import { ofAction } from './checked.ts'
import { evaluationFor } from './evaluated.ts'

const evaluated = (type: ActionType, given: unknown, x: unknown): unknown =>
  compileWith(
    specOf(type).schema,
    given,
  )(evaluationFor({ roots: { $body: { x } }, environment: { BASE: 'https://b.test/v1', HOST: 'b.test' } }))
const url = (template: string, x: unknown = null): unknown =>
  (evaluated('http_request', { url: template }, x) as { url: string }).url

describe('a template in a URL', () => {
  it('is percent-encoded behind the host', () => {
    expect(url('https://a.test/orders/{{$body.x}}?q={{$body.x}}', 'a/b?c=ä&d#e')).toBe(
      'https://a.test/orders/a%2Fb%3Fc%3D%C3%A4%26d%23e?q=a%2Fb%3Fc%3D%C3%A4%26d%23e',
    )
    expect(url('{{$env.BASE}}/orders/{{$body.x}}', '@evil.test')).toBe('https://b.test/v1/orders/%40evil.test')
    expect(url('https://{{$env.HOST}}:8080/{{$body.x}}', { a: 1 })).toBe('https://b.test:8080/%7B%22a%22%3A1%7D')
    expect(url('https://a.test/{{$body.x}}', '\ud800')).toBe('https://a.test/%EF%BF%BD')
  })

  it.each(['.', '..'])('cannot climb: %s', x =>
    expect(() => url('https://a.test/orders/{{$body.x}}/items', x)).toThrow('segment of dots'),
  )

  it.each([
    ['https://{{$body.x}}/', true],
    ['https://a.test{{$body.x}}', true],
    ['https://a.test:{{$body.x}}/', true],
    ['https://{{$body.x}}@a.test/', true],
    ['{{$body.x}}', true],
    ['{{$env.BASE}}{{$body.x}}', true],
    ['{{$env.SCHEME}}://{{$body.x}}/', true],
    ['ftp://a.test/', true],
    ['//a.test/', true],
    ['javascript:{{$body.x}}', true],
    ['https://a.test/{{$body.x}}', false],
    ['https://a.test?x={{$body.x}}', false],
    ['HTTPS://a.test/{{$body.x}}', false],
    ['{{$env.BASE}}', false],
    ['{{$env.BASE}}?a={{$body.x}}', false],
    ['{{$env.SCHEME}}://{{$env.HOST}}/{{$body.x}}', false],
  ])('has a host that no event decides: %s', (template, refused) =>
    expect(ofAction({ type: 'http_request', with: { url: template } })).toEqual(
      refused ? ['/with/url url_origin'] : [],
    ),
  )

  it('leads to the same host, whatever the value is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), x => {
        let made: string
        try {
          made = url('https://a.test/{{$body.x}}?y={{$body.x}}', x) as string
        } catch {
          return
        }
        const { host, pathname, hash } = new URL(made)
        expect([host, pathname.split('/').length, hash]).toEqual(['a.test', 2, ''])
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a template in a header, a mail', () => {
  it('breaks no line', () => {
    const header = (x: unknown) => evaluated('respond', { headers: { a: 'v {{$body.x}}' } }, x)
    expect(header('x\ty')).toEqual({ headers: { a: 'v x\ty' } })
    for (const x of ['a\r\nset-cookie: b', 'a\nb', 'a\0b', '\x7f']) expect(() => header(x)).toThrow('line break')
    expect(ofAction({ type: 'respond', with: { headers: { a: 'x\r\ny' } } })).toEqual(['/with/headers/a with_invalid'])
  })

  it('is escaped in HTML and plain in text', () => {
    const mail = { to: ['a@b.test'], subject: 's', html: '<b>{{$body.x}}</b>', text: '{{$body.x}}' }
    expect(evaluated('send_email', mail, `<i a="b">'&`)).toEqual({
      ...mail,
      html: '<b>&lt;i a=&quot;b&quot;&gt;&#39;&amp;</b>',
      text: `<i a="b">'&`,
    })
  })
})

describe('a template in SQL', () => {
  it('is a bound parameter', () => {
    const bound = compileSql(
      templateOf('select * from t where a = {{$body.x}} and b in ({{$body.x}}, {{$var.v}}::int);'),
    )
    expect(bound(evaluationFor({ roots: { $body: { x: "'; drop table t" } }, variables: { v: 7 } }))).toEqual({
      text: 'select * from t where a = $1 and b in ($2, $3::int);',
      values: ["'; drop table t", "'; drop table t", 7],
    })
  })

  it.each([
    "select 'x {{$body.x}}'",
    "select e'\\'{{$body.x}}'",
    'select "{{$body.x}}" from t',
    'select u&"{{$body.x}}"',
    'select $$ {{$body.x}} $$',
    'select $tag$ {{$body.x}} $$ $tag$',
    'select 1 -- {{$body.x}}',
    'select 1 /* /* */ {{$body.x}} */',
    'select * from {{$body.x}}',
    'select * from a join {{$body.x}} on true',
    'select t.{{$body.x}} from t',
    'select {{$body.x}}.a',
    'select a{{$body.x}}',
    'select {{$body.x}}1',
    'select {{$body.x}}{{$body.x}}',
    'insert into {{$body.x}} values (1)',
    'update {{$body.x}} set a = 1',
    'select * from t order by {{$body.x}}',
    "select 'open {{$body.x}}",
  ])('is refused where no value can be: %s', sql => {
    expect(sqlProblem(templateOf(sql))?.rule).toBe('sql_parameter')
    expect(ofAction({ type: 'sql_query', with: { sql } })).toEqual(['/with/sql sql_parameter'])
  })

  it.each([
    'commit; insert into t values (1)',
    'begin',
    'set role clarion_owner',
    'do $$ begin perform 1; end $$',
    "copy t to '/tmp/x'",
    'call p()',
    '-- select\r drop table t',
    '/* select */ drop table t',
    '',
    ';',
    'select 1; select 2',
    'select $1',
    'select 1\0',
  ])('is one statement of those that may run: %s', sql => expect(sqlProblem(templateOf(sql))?.rule).toBe('sql_refused'))

  it.each([
    'select extract(year from {{$body.x}}::timestamptz)',
    'select substring({{$body.x}} from {{$body.x}})',
    'select a is distinct from {{$body.x}} from t',
    'select \';\' , $$;$$ , ";" from t -- ;\n;',
    'with a as (select 1) select * from a where b = {{$body.x}}',
    '(select 1) union (select {{$body.x}})',
    "select 'it''s', a->>'b' from t where c ? {{$body.x}}",
    'insert into t (a) values ({{$body.x}}) on conflict (a) do update set a = {{$body.x}} returning a',
    'delete from t where a = any({{$body.x}})',
    'select * from t limit {{$body.x}} offset {{$body.x}}',
  ])('is taken: %s', sql => expect(sqlProblem(templateOf(sql))).toBeUndefined())

  it('changes rows in mode write alone', () => {
    const sql = 'update t set a = {{$body.x}}'
    expect(ofAction({ type: 'sql_query', with: { sql } })).toEqual(['/with/sql sql_refused'])
    expect(ofAction({ type: 'sql_query', with: { sql, mode: 'write' } })).toEqual([])
  })

  it('never becomes a part of the statement', () => {
    const pieces = fc.constantFrom(
      "'",
      '"',
      '$$',
      '$a$',
      '--',
      '/*',
      '*/',
      '\n',
      ' ',
      'x',
      ';',
      '(',
      ')',
      'select ',
      "E'",
      '\\',
      ',',
      '1',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), fc.array(pieces, { maxLength: 12 }), (before, after) => {
        const template = templateOf(`select ${before.join('')} {{$body.x}}${after.join('')}`)
        if (sqlProblem(template) !== undefined) return
        const bound = compileSql(template)(evaluationFor({ roots: { $body: { x: 'VALUE' } } })) as BoundSql
        expect(bound.text).toBe(`select ${before.join('')} $1${after.join('')}`)
        expect(bound.values).toEqual(['VALUE'])
        // Quotes and comments are closed before the parameter.
        expect(
          (
            before
              .join('')
              .replace(
                /\$a\$[\s\S]*?\$a\$|\$\$[\s\S]*?\$\$|--[^\n]*\n|\/\*[\s\S]*\*\/|E'(?:[^'\\]|\\[\s\S]|'')*'|'[^']*'|"[^"]*"/g,
                '',
              )
              .match(/['"]/g) ?? []
          ).length,
        ).toBe(0)
      }),
      { numRuns: 3_000 },
    )
  })
})
