import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { canDeploy, checkDefinition } from '../../../src/workflows/language/check-definition.ts'
import { PERMISSIVE_CONTEXT } from '../../../src/workflows/language/deploy-context.ts'
import { ORDERS, REORDER } from '../worked-example.ts'
import { definitionOf, ofAction, rulesOf } from './checked.ts'

const workflow = { ...PERMISSIVE_CONTEXT, kind: 'workflow' as const }

describe('the check of a definition', () => {
  it('accepts the worked example without a finding', () => {
    const orders = checkDefinition(JSON.stringify(ORDERS))
    expect(orders.findings).toEqual([])
    expect(canDeploy(orders)).toBe(true)
    expect(orders.definition!.actions.map(({ key }) => key)).toEqual(ORDERS.actions.map(({ key }) => key))
    const environmentName = (name: string) => (name === 'SUPPLIER_KEY' ? 'secret' : 'variable') as 'secret' | 'variable'
    expect(checkDefinition(JSON.stringify(REORDER), { ...workflow, environmentName }).findings).toEqual([])
  })

  it.each([
    ['{', ['not_json']],
    ['[]', ['type']],
    ['{"language":1,"actions":[],"actions":[]}', ['duplicate_key']],
    [' '.repeat(65_537), ['too_large']],
    ['['.repeat(100) + ']'.repeat(100), ['too_deep']],
    ['{"actions":[]}', ['no_actions', 'language']],
    ['{"language":2,"actions":[]}', ['no_actions', 'language']],
    ['{"language":1}', ['required']],
    ['{"language":1,"actions":{}}', ['type']],
    ['{"language":1,"actions":[1]}', ['type']],
    [
      '{"language":1,"actions":[{"key":"a","type":"stop","with":{},"x":9007199254740993}]}',
      ['inexact_number', 'unknown_field'],
    ],
  ])('refuses what is no definition, with a code (%#)', (text, rules) => {
    const { definition, findings } = checkDefinition(text)
    expect(findings.map(({ rule }) => rule).sort()).toEqual([...rules].sort())
    expect(definition).toBeUndefined()
  })

  it('reports everything at once, each with the pointer to its place', () => {
    const text = definitionOf([
      { key: 'A b', type: 'delay', with: { seconds: 1 }, retry: { attempts: 6 } },
      { key: 'two', type: 'fly', with: {} },
      { key: 'two', type: 'http_request', with: { url: 'https://a.test/{{$nothing}}', metod: 'GET' }, timeoutMs: 0 },
      {
        key: 'three',
        type: 'condition',
        with: { all: [{ path: 'payload.a', operator: 'equals', value: 1 }] },
        onError: {},
      },
    ])
    expect(rulesOf(text)).toEqual([
      '/actions/0/key invalid_key',
      '/actions/0/retry/attempts type',
      '/actions/1/type unknown_action',
      '/actions/2/key key_not_unique',
      '/actions/2/timeoutMs type',
      '/actions/2/with/metod unknown_field',
      '/actions/2/with/url unknown_scope',
      '/actions/3/onError/branch required',
      '/actions/3/with/all/0/path condition_invalid',
    ])
  })

  it('counts actions in bodies, and refuses the 101st and the sixth level of bodies', () => {
    const stops = (count: number, from = 0) =>
      Array.from({ length: count }, (_, index) => ({
        key: `s${from + index}`,
        type: 'transform',
        with: { template: 1 },
      }))
    const loop = (key: string, body: unknown[]) => ({ key, type: 'loop_data', with: { items: [1] }, do: body })
    expect(rulesOf(definitionOf([loop('l', stops(99))]))).toEqual([])
    expect(rulesOf(definitionOf([loop('l', stops(100))]))).toEqual(['/actions too_many_actions'])
    const nested = (level: number): unknown[] => (level === 0 ? stops(1) : [loop(`l${level}`, nested(level - 1))])
    expect(rulesOf(definitionOf(nested(5)))).toEqual([])
    expect(rulesOf(definitionOf(nested(6)))).toEqual([`/actions/0${'/do/0'.repeat(5)}/do too_deep`])
  })

  it('reads templates where a field takes them, and takes no template for a literal', () => {
    expect(ofAction({ type: 'respond', with: { status: '{{$body.status}}', body: '{{$body}}' } })).toEqual([])
    expect(ofAction({ type: 'respond', with: { status: 'no' } })).toEqual(['/with/status type'])
    expect(ofAction({ type: 'table_get', with: { table: '{{$body.table}}' } })).toEqual(['/with/table with_invalid'])
    expect(ofAction({ type: 'loop_data', with: { items: '{{$body}}', concurrency: '{{$body.n}}' }, do: [] })).toEqual([
      '/with/concurrency type',
    ])
    expect(ofAction({ type: 'transform', with: { template: { '{{$body.a}}': 1 } } })).toEqual([
      '/with/template/{{$body.a}} template_not_allowed',
    ])
  })

  it('asks for one of several fields in one finding', () => {
    expect(ofAction({ type: 'table_update', with: { table: 't', where: { a: 1 } } })).toEqual(['/with with_invalid'])
    expect(ofAction({ type: 'delay', with: {} })).toEqual(['/with with_invalid'])
    expect(ofAction({ type: 'delay', with: { seconds: 1, until: '2026-01-01T00:00:00Z' } })).toEqual([
      '/with with_invalid',
    ])
    expect(
      ofAction({ type: 'http_request', with: { url: 'https://a.test', auth: { type: 'header', secret: 'X' } } }),
    ).toEqual(['/with/auth/name required'])
    expect(ofAction({ type: 'table_delete', with: { table: 't', where: {} } })).toEqual(['/with/where with_invalid'])
  })

  it('says what the organization lacks', () => {
    const nothing = {
      isKnownEvent: () => false,
      isKnownWorkflow: () => false,
      isKnownWebhook: () => false,
      isKnownChannel: () => false,
      isKnownConnection: () => false,
      isKnownMailTemplate: () => false,
      isKnownTable: () => false,
      environmentName: () => undefined,
    }
    const severities = (action: object, context = nothing) =>
      checkDefinition(definitionOf([{ key: 'a', ...action }]), { ...PERMISSIVE_CONTEXT, ...context }).findings.map(
        ({ rule, severity }) => `${severity} ${rule}`,
      )
    expect(severities({ type: 'create_event', with: { event: 'x' } })).toEqual(['warning unknown_event'])
    expect(severities({ type: 'table_get', with: { table: 't' } })).toEqual(['warning unknown_table'])
    expect(severities({ type: 'call_workflow', with: { workflowId: 'wf' } })).toEqual(['error unknown_workflow'])
    expect(severities({ type: 'send_webhook', with: { webhookId: 'w', payload: 1 } })).toEqual([
      'error unknown_webhook',
    ])
    expect(severities({ type: 'send_notification', with: { channel: 'c', message: 'm' } })).toEqual([
      'error unknown_channel',
    ])
    expect(severities({ type: 'sql_query', with: { connection: 'c', sql: 'select 1' } })).toEqual([
      'error unknown_connection',
    ])
    expect(severities({ type: 'http_request', with: { url: 'https://a.test/{{$env.X}}' } })).toEqual([
      'error unknown_variable',
    ])
    expect(
      severities({ type: 'http_request', with: { url: 'https://a.test', auth: { type: 'bearer', secret: 'X' } } }),
    ).toEqual(['error unknown_variable'])
  })

  it.each([
    ['/orders/{{$path.id}}', true],
    ['/o{{$path.id}}', true],
    ['https://shop.example/{{$path.id}}', true],
    ['{{$env.SHOP}}/{{$path.id}}', true],
    ['https://anywhere.example', true],
    ['/{{$path.id}}', false],
    ['//{{$path.id}}', false],
    ['{{$query.next}}', false],
    ['https://{{$query.host}}/', false],
    ['https://shop.example{{$query.rest}}', false],
  ])('lets a route lead to %s: %s', (location, isAllowed) => {
    const actions = [{ key: 'answer', type: 'respond', with: { status: 302, headers: { Location: location } } }]
    const { findings } = checkDefinition(JSON.stringify({ language: 1, actions }))
    expect(findings.map(({ rule }) => rule)).toEqual(isAllowed ? [] : ['url_origin'])
  })

  it('lets secrets only where they are sent, and responds only in routes', () => {
    const secret = { environmentName: () => 'secret' as const }
    expect(ofAction({ type: 'transform', with: { template: '{{$env.KEY}}' } }, secret)).toEqual([
      '/with/template secret_not_allowed',
    ])
    expect(ofAction({ type: 'sql_query', with: { sql: 'select {{$env.KEY}}' } }, secret)).toEqual([
      '/with/sql secret_not_allowed',
    ])
    expect(ofAction({ type: 'condition', with: { all: [{ path: '$env.KEY', operator: 'exists' }] } }, secret)).toEqual([
      '/with/all/0/path secret_not_allowed',
    ])
    const places = { url: 'https://a.test/?k={{$env.KEY}}', headers: { a: '{{$env.KEY}}' }, body: ['{{$env.KEY}}'] }
    expect(ofAction({ type: 'http_request', with: places }, secret)).toEqual([])
    expect(ofAction({ type: 'respond', with: {} }, { kind: 'workflow' })).toEqual(['/type respond_not_allowed'])
    expect(ofAction({ type: 'transform', with: { template: '{{$body.a}}' } }, { kind: 'workflow' })).toEqual([
      '/with/template scope_not_available',
    ])
  })

  it('refuses a workflow that would wait for its own slot', () => {
    const call = { type: 'call_workflow', with: { workflowId: 'wf_1' } }
    expect(ofAction(call, { workflowId: 'wf_1', holdsWhileWaiting: true })).toEqual(['/with/workflowId self_call'])
    expect(ofAction(call, { workflowId: 'wf_1', holdsWhileWaiting: false })).toEqual([])
  })

  it('names the reason of a plan', () => {
    expect(ofAction({ type: 'custom_code', with: { code: 'return 1' } }, { planRefuses: () => 'Pro has it.' })).toEqual(
      ['/type plan_does_not_allow'],
    )
  })
})

describe('any JSON', () => {
  const places = (value: unknown, path: string[] = []): string[][] =>
    typeof value === 'object' && value !== null
      ? [path, ...Object.entries(value).flatMap(([key, member]) => places(member, [...path, key]))]
      : [path]
  const all = [...places(ORDERS), ...places(REORDER).map(path => ['reorder', ...path])]
  const texts = fc.constantFrom(
    '',
    '{{',
    '{{$body}}',
    "{{$action['answer'].x}}",
    'loop_data',
    '\ud800',
    '__proto__',
    'condition',
  )

  it('in any place of a definition has findings, and no throw, and their pointers lead into the text', () => {
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.oneof(texts, fc.jsonValue()), fc.boolean(), (path, value, remove) => {
        const definition = structuredClone({ ...ORDERS, reorder: REORDER }) as Record<string, unknown>
        const { reorder, ...orders } = definition
        const [root, steps] = path[0] === 'reorder' ? [reorder, path.slice(1)] : [orders, path]
        const last = steps.at(-1)
        let parent = root as Record<string, unknown>
        for (const key of steps.slice(0, -1)) parent = parent[key] as Record<string, unknown>
        if (last !== undefined && remove && !Array.isArray(parent)) delete parent[last]
        else if (last !== undefined) parent[last] = value
        const { findings } = checkDefinition(JSON.stringify(root))
        for (const { path: pointer, message } of findings) {
          expect(message).not.toBe('')
          expect(pointer === '' || pointer.startsWith('/')).toBe(true)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})
