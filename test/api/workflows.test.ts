import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

const WORKFLOWS = '/api/v1/workflows'
type Org = Awaited<ReturnType<TestApi['organization']>>
let api: TestApi
let org: Org

beforeAll(async () => {
  api = await openTestApi({ timeScale: 0.001 })
  org = await api.organization('PRO')
})
afterAll(() => api?.close())

const LISTENING = { name: 'Reorder', trigger: { kind: 'event', event: 'sku_reorder' } }
const stop = (key = 'end') => ({ key, type: 'stop', with: {} })
const of = (...actions: object[]) => ({ language: 1, actions })
const setVariable = (value: unknown, key = 'value') => ({ key, type: 'set_variable', with: { value } })

async function made(own: Org, more: object = {}): Promise<string> {
  const reply = await own.call('POST', WORKFLOWS, { ...LISTENING, ...more })
  expect([reply.status, reply.body.error]).toEqual([201, undefined])
  return `${WORKFLOWS}/${reply.data.id}`
}
const deployed = async (own: Org, definition: object = of(stop()), more: object = {}) => {
  const path = await made(own, { definition, ...more })
  expect((await own.call('POST', `${path}/deploy`)).status).toBe(200)
  return path
}
async function keyWith(own: Org, scopes: string[], environment = 'live') {
  const key = await own.call('POST', '/api/v1/keys', { name: 'k', environment, scopes })
  return api.as(key.data.apiKey)
}
const firstDetail = ({ body }: { body: { error?: { details?: Array<{ path: string; rule: string }> } } }) =>
  body.error?.details?.[0]

describe('a workflow', () => {
  it('has the defaults of its settings, and keeps what it is given', async () => {
    const reply = await org.call('POST', WORKFLOWS, LISTENING)
    expect(reply.data).toMatchObject({
      ...{ organizationId: org.id, environment: 'live', revision: 1, description: null, active: false, priority: 0 },
      ...{ trigger: { kind: 'event', event: 'sku_reorder', version: 'latest', conditions: null }, timeoutSeconds: 300 },
      ...{ cooldownSeconds: null, concurrency: null, catchUp: 'last', strict: false, draft: null, deployed: null },
    })
    const path = `${WORKFLOWS}/${reply.data.id}`
    const patched = await org.call('PATCH', path, { concurrency: { limit: 2 }, trigger: { kind: 'manual' } })
    expect(patched.data).toMatchObject({
      ...{ revision: 2, trigger: { kind: 'manual' }, name: 'Reorder' },
      concurrency: { limit: 2, key: null, overflow: 'queue', whileWaiting: 'release' },
    })
    expect((await org.call('PATCH', path, { strict: true }, { 'if-match': '1' })).code).toBe('revision_conflict')
    expect((await org.call('GET', path)).data).toEqual(patched.data)
    const listed = await org.call('GET', WORKFLOWS)
    expect(listed.data.find((each: { id: string }) => each.id === reply.data.id)).toEqual(patched.data)
  })

  it.each<[string, object, string, string]>([
    ['without an event', { kind: 'event' }, 'workflow_invalid', '/trigger/event'],
    ['on all events', { kind: 'event', event: 'shop.*' }, 'workflow_invalid', '/trigger/event'],
    ['with a version in the name', { kind: 'event', event: 'shop.paid@1.0.0' }, 'workflow_invalid', '/trigger/event'],
    ['with a version that is none', { kind: 'event', event: 'shop.paid', version: '1.0' }, 'workflow_invalid', '/trigger/version'],
    ['with a version of a kind', { kind: 'event', event: 'sku_reorder', version: '1.0.0' }, 'workflow_invalid', '/trigger/version'],
    ['with a schedule and an event', { kind: 'schedule', event: 'a', cron: '0 6 * * *', timeZone: 'UTC' }, 'workflow_invalid', '/trigger/event'],
    ['without a time zone', { kind: 'schedule', cron: '0 6 * * *' }, 'workflow_invalid', '/trigger/timeZone'],
    ['with a time zone nowhere', { kind: 'schedule', cron: '0 6 * * *', timeZone: 'Mars/Base' }, 'workflow_invalid', '/trigger/timeZone'],
    ['with six fields', { kind: 'schedule', cron: '0 0 6 * * *', timeZone: 'UTC' }, 'workflow_invalid', '/trigger/cron'],
    ['with a condition on nothing', { kind: 'event', event: 'a', conditions: { 'payloda.x': 1 } }, 'validation_failed', '/trigger/conditions/payloda.x'],
    ['of an unknown kind', { kind: 'route' }, 'validation_failed', '/trigger/kind'],
  ])('%s is refused at its place', async (_, trigger, code, path) => {
    const reply = await org.call('POST', WORKFLOWS, { name: 'w', trigger })
    expect([reply.status, reply.code, firstDetail(reply)?.path]).toEqual([400, code, path])
  }) // biome-ignore format: a table

  it.each([
    ['{{$param.sku', 'template_syntax'],
    ['{{$nothing.sku}}', 'unknown_scope'],
    ["{{$action['a'].b}}", 'scope_not_available'],
  ])('with the key %s of its concurrency is refused', async (key, rule) => {
    const reply = await org.call('POST', WORKFLOWS, { ...LISTENING, concurrency: { limit: 1, key } })
    expect([reply.code, firstDetail(reply)]).toMatchObject(['workflow_invalid', { path: '/concurrency/key', rule }])
  })

  it('that calls itself cannot hold its slot while it waits, whatever is changed first', async () => {
    const id = (await made(org)).slice(WORKFLOWS.length + 1)
    const path = `${WORKFLOWS}/${id}`
    const call = { key: 'again', type: 'call_workflow', with: { workflowId: id, wait: true } }
    await org.call('PUT', `${path}/draft`, { definition: of(call) })
    expect((await org.call('POST', `${path}/deploy`)).status).toBe(200)
    const held = await org.call('PATCH', path, { concurrency: { limit: 1, whileWaiting: 'hold' } })
    expect([held.code, firstDetail(held)]).toMatchObject(['workflow_invalid', { rule: 'self_call' }])
    await org.call('POST', `${path}/undeploy`)
    expect((await org.call('PATCH', path, { concurrency: { limit: 1, whileWaiting: 'hold' } })).status).toBe(200)
    expect((await org.call('POST', `${path}/deploy`)).code).toBe('workflow_invalid')
  })

  it('of the test environment is not there for a live key, and the other way round', async () => {
    const own = await api.organization('PRO')
    const test = await keyWith(own, ['workflows:manage'], 'test')
    const [live, trial] = [await made(own), (await test('POST', WORKFLOWS, LISTENING)).data.id]
    expect((await test('GET', live)).code).toBe('not_found')
    expect((await own.call('GET', `${WORKFLOWS}/${trial}`)).code).toBe('not_found')
    expect((await test('GET', WORKFLOWS)).data.map(({ id }: { id: string }) => id)).toEqual([trial])
  })

  it('that is deleted is gone from every answer, and its versions stay for what may still run', async () => {
    const own = await api.organization('PRO')
    const path = await deployed(own)
    const id = path.slice(WORKFLOWS.length + 1)
    expect((await own.call('DELETE', path)).data).toEqual({ id, deleted: true })
    for (const [method, at] of [
      ['GET', ''],
      ['GET', '/versions'],
      ['POST', '/activate'],
      ['DELETE', ''],
    ] as const)
      expect((await own.call(method, path + at)).code).toBe('not_found')
    expect((await own.call('GET', WORKFLOWS)).data).toEqual([])
    const evaluated = await own.call('POST', `${WORKFLOWS}/evaluate`, { event: 'sku_reorder', payload: {} })
    expect(evaluated.data).toMatchObject({ matched: [], notMatched: [] })
    expect(api.view.list('workflow-version', own.id)).toHaveLength(1)
    expect(api.view.find('workflow', own.id, id)).toMatchObject({ active: false, deployed: null, draft: null })
  })

  it('is listed in pages, without its definition', async () => {
    const own = await api.organization('PRO')
    for (const name of ['a', 'b', 'c']) await made(own, { name, definition: of(stop()) })
    const first = await own.call('GET', `${WORKFLOWS}?limit=2`)
    expect(first.data.map(({ name }: { name: string }) => name)).toEqual(['c', 'b'])
    expect(first.data[0].draft).toMatchObject({ revision: 1, findings: [] })
    expect(first.data[0].draft.definition).toBeUndefined()
    const next = await own.call('GET', `${WORKFLOWS}?limit=2&cursor=${first.meta.nextCursor}`)
    expect([next.data.map(({ name }: { name: string }) => name), next.meta.nextCursor]).toEqual([['a'], null])
  })
})

describe('a draft', () => {
  it('is kept unfinished, with everything that a deploy would find', async () => {
    const path = await made(org)
    const unfinished = { language: 1, actions: [{ key: 'A b', type: 'stop' }, { key: 'x', type: 'nothing' }, 5] }
    const saved = await org.call('PUT', `${path}/draft`, { definition: unfinished })
    expect(saved.data).toMatchObject({ revision: 1, definition: unfinished })
    expect(saved.data.findings.map(({ path: at, rule }: { path: string; rule: string }) => [at, rule])).toEqual(
      expect.arrayContaining([
        ['/actions/0/key', 'invalid_key'],
        ['/actions/1/type', 'unknown_action'],
        ['/actions/2', 'type'],
      ]),
    )
    const refused = await org.call('POST', `${path}/deploy`)
    expect([refused.status, refused.code, refused.body.error?.details?.length]).toEqual([
      ...[400, 'workflow_invalid', saved.data.findings.length],
    ])
    expect((await org.call('GET', path)).data.draft).toEqual(saved.data)
  })

  it.each([[null], [5], ['text'], [[]], [{}]])('may be any JSON: %j', async definition => {
    const path = await made(org)
    const saved = await org.call('PUT', `${path}/draft`, { definition })
    expect([saved.status, saved.data.definition]).toEqual([200, definition])
    expect((await org.call('POST', `${path}/deploy`)).code).toBe('workflow_invalid')
  })

  it('has a revision of its own, which a save may name', async () => {
    const path = await made(org, { definition: of(stop()) })
    const save = (definition: object, revision: number) =>
      org.call('PUT', `${path}/draft`, { definition }, { 'if-match': String(revision) })
    expect((await save(of(stop('b')), 7)).code).toBe('revision_conflict')
    expect((await save(of(stop('b')), 1)).data.revision).toBe(2)
    await org.call('PATCH', path, { strict: true })
    expect((await save(of(stop('c')), 2)).data.revision).toBe(3)
    expect((await org.call('GET', path)).data.revision).toBe(2)
    const none = await made(org)
    expect((await org.call('PUT', `${none}/draft`, { definition: {} }, { 'if-match': '0' })).data.revision).toBe(1)
  })

  it('that is larger than 64 KB, or no JSON, is refused and the one before stays', async () => {
    const path = await made(org, { definition: of(stop()) })
    const large = await org.call('PUT', `${path}/draft`, { definition: of(setVariable('x'.repeat(65_536))) })
    expect([large.status, large.code, firstDetail(large)]).toMatchObject([
      ...[400, 'workflow_invalid', { path: '/definition', rule: 'too_large' }],
    ])
    expect((await org.call('PUT', `${path}/draft`, '{"definition": {')).code).toBe('validation_failed')
    expect((await org.call('PUT', `${path}/draft`, '{"definition": "\\ud800"}')).status).toBe(400)
    expect((await org.call('PUT', `${path}/draft`, {})).code).toBe('validation_failed')
    expect((await org.call('GET', path)).data.draft.revision).toBe(1)
  })

  it('says what is unknown, of its trigger too, as a warning', async () => {
    const path = await made(org, { trigger: { kind: 'event', event: 'shop.unknown' }, definition: of(stop()) })
    expect((await org.call('GET', path)).data.draft.findings).toMatchObject([
      { path: '/trigger/event', rule: 'unknown_event', severity: 'warning' },
    ])
    expect((await org.call('POST', `${path}/deploy`)).data.warnings).toMatchObject([{ rule: 'unknown_event' }])
  })
})
