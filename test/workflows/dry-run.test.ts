import { describe, expect, it } from '@jest/globals'
import { dryRun } from '../../src/workflows/dry-run.ts'
import type { Action, Definition } from '../../src/workflows/language/definition.ts'
import { createFindings } from '../../src/workflows/language/findings.ts'
import { readDefinition } from '../../src/workflows/language/read-definition.ts'

const set = (key: string, value: unknown) => ({ key, type: 'set_variable', with: { value } })
const ask = (key: string) => ({ key, type: 'http_request', with: { url: 'https://a.example' } })
const stop = (key: string) => ({ key, type: 'stop', with: {} })
const leaf = (path: string, operator: string, value: unknown) => ({ all: [{ path, operator, value }] })
function when(key: string, conditions: object, yes: object[], no: object[] = []) {
  // biome-ignore lint/suspicious/noThenProperty: the language's own field
  return { key, type: 'condition', with: conditions, then: yes, else: no }
}
const each = (key: string, items: unknown, ...body: object[]) => ({ key, type: 'loop_data', with: { items }, do: body })

function read(actions: object[], onError: object[] = []): Definition {
  const findings = createFindings()
  const definition = readDefinition(JSON.stringify({ language: 1, actions, onError }), findings)
  expect(findings.list()).toEqual([])
  return definition!
}
function would(actions: object[], params: unknown = {}, environment: Record<string, string> = {}) {
  const listed = dryRun(read(actions), { scopes: { $param: params }, environment: name => environment[name] })
  return Object.fromEntries(
    listed.map(({ key, would: does, because }) => [key, because === null ? does : `${does}: ${because}`]),
  )
}

describe('a dry run', () => {
  it('follows params, variables and what is computed from them', () => {
    const actions = [
      set('limit', '{{$param.left}}'),
      { key: 'shape', type: 'transform', with: { template: { region: '{{$env.REGION}}' } } },
      when('low', leaf("$var['limit']", 'lt', 50), [set('yes', 1)], [set('no', 1)]),
      when('there', leaf("$action['shape'].value.region", 'equals', 'eu'), [set('eu', 1)]),
    ]
    expect(would(actions, { left: 49 }, { REGION: 'eu' })).toEqual({
      ...{ limit: 'run', shape: 'run', low: 'run', there: 'run', yes: 'run', eu: 'run' },
      no: 'skip: the condition low chooses another branch',
    })
  })

  it('takes both branches where an answer, a secret or the run itself decides', () => {
    const conditions = [
      leaf("$action['ask'].status", 'equals', 200),
      leaf('$env.TOKEN', 'equals', 'x'),
      leaf('$run.mode', 'equals', 'live'),
    ]
    for (const [at, because] of ['the answer of ask', 'the value of TOKEN', '$run of the run'].entries()) {
      const found = would([ask('ask'), when('c', conditions[at]!, [set('yes', 1)], [set('no', 1)])])
      expect(found).toMatchObject({ ask: 'run', c: 'run', yes: `depends: ${because}`, no: `depends: ${because}` })
    }
  })

  it('knows of a variable only what is certain: not what a branch or an iteration may have set', () => {
    const depends = leaf("$action['ask'].status", 'equals', 200)
    const afterBranch = would([
      ask('ask'),
      when('c', depends, [set('v', 1)]),
      when('d', leaf("$var['v']", 'equals', 1), [stop('end')]),
    ])
    expect(afterBranch.end).toBe('depends: the answer of v')
    const inLoop = would(
      [each('loop', '{{$param.items}}', when('d', leaf("$var['v']", 'exists', true), [stop('end')]), set('v', 1))],
      { items: [1, 2] },
    )
    expect(inLoop).toMatchObject({ d: 'run', v: 'depends: the run may end at end', end: 'depends: the answer of v' })
  })

  it('skips what comes after the end of the run, and doubts it after an end that may come', () => {
    expect(would([stop('end'), ask('after')])).toMatchObject({ after: 'skip: the run ends at end' })
    const maybe = would([
      ask('ask'),
      when('c', leaf("$action['ask'].status", 'equals', 200), [stop('end')]),
      ask('after'),
    ])
    expect(maybe.after).toBe('depends: the run may end at end')
    const both = would([when('c', leaf('$param.a', 'equals', 1), [stop('end')]), ask('after')], { a: 1 })
    expect(both.after).toBe('skip: the run ends at end')
    const looped = would([each('loop', '{{$param.items}}', stop('end')), ask('after')], { items: [1] })
    expect(looped.after).toBe('skip: the run ends at end')
  })

  it('skips the body of a loop without items, and of what is disabled with all that is in it', () => {
    expect(would([each('loop', '{{$param.items}}', ask('inner'))], { items: [] }).inner).toBe('skip: loop has no items')
    expect(would([each('loop', "{{$action['ask'].body}}", ask('inner')), ask('ask')]).inner).toMatch(/^(?:run|depends)/)
    const off = { ...when('c', leaf('$param.a', 'exists', true), [ask('inner')]), disabled: true }
    expect(would([off, ask('after')], { a: 1 })).toEqual({
      ...{ c: 'skip: it is disabled', inner: 'skip: it is disabled', after: 'run' },
    })
  })

  it('lists what runs after an error as depending on it, with its pointer and how often its effect happens', () => {
    const branch = { ...ask('ask'), onError: { branch: [set('mend', 1)] } }
    const listed = dryRun(read([branch], [stop('end')]), { scopes: { $param: {} }, environment: () => undefined })
    expect(listed).toEqual([
      { key: 'ask', type: 'http_request', path: '/actions/0', effect: 'outward', would: 'run', because: null },
      {
        key: 'mend',
        type: 'set_variable',
        path: '/actions/0/onError/branch/0',
        effect: 'pure',
        would: 'depends',
        because: 'ask fails',
      },
      { key: 'end', type: 'stop', path: '/onError/0', effect: 'pure', would: 'depends', because: 'the run fails' },
    ])
  })

  it('chooses the case of a switch, and its default', () => {
    const choose = {
      ...{ key: 's', type: 'switch', with: { value: '{{$param.a}}' } },
      ...{
        cases: [
          { value: 1, do: [ask('one')] },
          { value: 'b', do: [ask('two')] },
        ],
        default: [ask('rest')],
      },
    }
    const runs = (a: unknown) =>
      Object.entries(would([choose], { a }))
        .filter(([, does]) => does === 'run')
        .map(([key]) => key)
    expect([runs(1), runs('b'), runs('c')]).toEqual([
      ['s', 'one'],
      ['s', 'two'],
      ['s', 'rest'],
    ])
  })

  it('of a hundred actions that make much text ends', () => {
    const actions: Action[] = Array.from({ length: 99 }, (_, at) => {
      const value = at === 0 ? 'x'.repeat(1_000) : `{{$var['v${at - 1}']}}{{$var['v${at - 1}']}}`
      return { key: `v${at}`, type: 'set_variable', with: { value } }
    })
    expect(Object.keys(would(actions))).toHaveLength(99)
  })
})
