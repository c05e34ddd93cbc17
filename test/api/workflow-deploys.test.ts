import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

const WORKFLOWS = '/api/v1/workflows'
type Org = Awaited<ReturnType<TestApi['organization']>>
let api: TestApi

beforeAll(async () => {
  api = await openTestApi({ timeScale: 0.001 })
})
afterAll(() => api?.close())

const LISTENING = { name: 'Reorder', trigger: { kind: 'event', event: 'sku_reorder' } }
const stop = (key = 'end') => ({ key, type: 'stop', with: {} })
const of = (...actions: object[]) => ({ language: 1, actions })
const emitting = { key: 'emit', type: 'create_event', with: { event: 'done', params: {} } }
const calling = (header: string) => ({
  ...{ key: 'call', type: 'http_request' },
  with: { url: 'https://supplier.example/orders', headers: { authorization: header } },
})

async function made(own: Org, definition: object = of(stop()), more: object = {}): Promise<string> {
  const reply = await own.call('POST', WORKFLOWS, { ...LISTENING, definition, ...more })
  expect([reply.status, reply.body.error]).toEqual([201, undefined])
  return `${WORKFLOWS}/${reply.data.id}`
}
async function keyWith(own: Org, scopes: string[]) {
  const key = await own.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes })
  return api.as(key.data.apiKey)
}
const save = (own: Org, path: string, definition: object) => own.call('PUT', `${path}/draft`, { definition })
const evaluate = async (own: Org, body: object = { event: 'sku_reorder', payload: {} }) =>
  (await own.call('POST', `${WORKFLOWS}/evaluate`, body)).data

describe('a deploy', () => {
  it('freezes the draft as the next version, and the first one switches the workflow on', async () => {
    const own = await api.organization('PRO')
    const path = await made(own)
    const first = await own.call('POST', `${path}/deploy`)
    expect(first.data).toMatchObject({
      version: 1,
      live: true,
      active: true,
      warnings: [],
      rollbackOf: null,
      reads: [],
    })
    expect((await own.call('POST', `${path}/deploy`)).code).toBe('workflow_nothing_to_deploy')
    await own.call('POST', `${path}/deactivate`)
    await save(own, path, of(stop('other')))
    expect((await own.call('POST', `${path}/deploy`)).data).toMatchObject({ version: 2, active: false })
    const { data } = await own.call('GET', `${path}/versions/1`)
    expect(data).toMatchObject({ version: 1, live: false, definition: of(stop()), changes: null })
    expect((await own.call('GET', path)).data.deployed.version).toBe(2)
  })

  it('leaves the workflow off where it says so, and needs a draft', async () => {
    const own = await api.organization('PRO')
    const path = await made(own)
    expect((await own.call('POST', `${path}/deploy`, { activate: false })).data.active).toBe(false)
    const without = (await own.call('POST', WORKFLOWS, LISTENING)).data.id
    expect((await own.call('POST', `${WORKFLOWS}/${without}/deploy`)).code).toBe('workflow_nothing_to_deploy')
    expect((await own.call('POST', `${WORKFLOWS}/${without}/activate`)).code).toBe('workflow_not_deployed')
    expect((await own.call('POST', `${WORKFLOWS}/${without}/undeploy`)).code).toBe('workflow_not_deployed')
  })

  it('of a draft that another one has replaced is refused', async () => {
    const own = await api.organization('PRO')
    const path = await made(own)
    const { hash } = (await own.call('GET', path)).data.draft
    const saved = await save(own, path, of(stop('other')))
    const deploy = (body: object, headers = {}) => own.call('POST', `${path}/deploy`, body, headers)
    expect((await deploy({ ifHash: hash })).code).toBe('revision_conflict')
    expect((await deploy({}, { 'if-match': '9' })).code).toBe('revision_conflict')
    expect((await deploy({ ifHash: saved.data.hash }, { 'if-match': '1' })).data.version).toBe(1)
  })

  it('by two callers at once makes one version of one definition', async () => {
    const own = await api.organization('PRO')
    const path = await made(own)
    const replies = await Promise.all(Array.from({ length: 5 }, () => own.call('POST', `${path}/deploy`)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { code } of replies.filter(({ status }) => status !== 200))
      expect(['revision_conflict', 'workflow_nothing_to_deploy']).toContain(code)
    expect((await own.call('GET', `${path}/versions`)).data).toHaveLength(1)
  })

  it('needs the scopes of what the actions do, and names every one that is missing', async () => {
    const own = await api.organization('PRO')
    await own.call('PUT', '/api/v1/secrets/TOKEN', { value: 'hidden' })
    const path = await made(own, of(emitting, calling('Bearer {{$env.TOKEN}}')))
    const limited = await keyWith(own, ['workflows:manage'])
    const refused = await limited('POST', `${path}/deploy`)
    expect([refused.status, refused.code, refused.body.error?.details]).toMatchObject([
      ...[403, 'insufficient_scope'],
      [
        { path: '/actions/0', rule: 'events:emit' },
        { path: '', rule: 'secrets:use' },
      ],
    ])
    expect(refused.body.error?.message).toContain('events:emit, secrets:use')
    const able = await keyWith(own, ['workflows:manage', 'events:emit', 'secrets:use'])
    expect((await able('POST', `${path}/deploy`)).data).toMatchObject({ version: 1, reads: ['TOKEN'] })
    expect((await limited('POST', `${path}/rollback`, { version: 1 })).code).toBe('workflow_nothing_to_deploy')
    await limited('POST', `${path}/undeploy`)
    expect((await limited('POST', `${path}/rollback`, { version: 1 })).code).toBe('insufficient_scope')
  })

  it('of what the plan does not have, or of a secret that is not there, is refused with its place', async () => {
    const own = await api.organization('BASIC')
    const code = { key: 'code', type: 'custom_code', with: { code: 'return 1' } }
    const path = await made(own, of(code, calling('Bearer {{$env.NOWHERE}}')))
    const refused = await own.call('POST', `${path}/deploy`)
    expect([refused.code, refused.body.error?.details]).toMatchObject([
      'workflow_invalid',
      expect.arrayContaining([
        expect.objectContaining({ path: '/actions/0/type', rule: 'plan_does_not_allow' }),
        expect.objectContaining({ rule: 'unknown_variable' }),
      ]),
    ])
  })
})

describe('a version', () => {
  it('shows what it changed in the one before, and is deployed again by a rollback', async () => {
    const own = await api.organization('PRO')
    const path = await made(own, of(stop('a')))
    await own.call('POST', `${path}/deploy`)
    await save(own, path, of({ key: 'a', type: 'stop', with: { reason: 'enough' } }, stop('b')))
    await own.call('POST', `${path}/deploy`)
    const rolledBack = await own.call('POST', `${path}/rollback`, { version: 1 })
    expect(rolledBack.data).toMatchObject({ version: 3, rollbackOf: 1, live: true })
    expect((await own.call('POST', `${path}/rollback`, { version: 1 })).code).toBe('workflow_nothing_to_deploy')
    expect((await own.call('POST', `${path}/rollback`, { version: 9 })).code).toBe('not_found')
    const { data } = await own.call('GET', `${path}/versions?limit=2`)
    expect(data.map(({ version, live, changes }: Record<string, unknown>) => ({ version, live, changes }))).toEqual([
      { version: 3, live: true, changes: expect.arrayContaining([{ kind: 'removed', key: 'b' }]) },
      {
        version: 2,
        live: false,
        changes: [
          { kind: 'changed', key: 'a' },
          { kind: 'added', key: 'b' },
        ],
      },
    ])
    expect((await own.call('GET', `${path}/versions/2`)).data.changes[0].fields).toEqual([
      { path: '/actions/0/with/reason', after: 'enough' },
    ])
    const { nextCursor } = (await own.call('GET', `${path}/versions?limit=2`)).meta
    const last = await own.call('GET', `${path}/versions?limit=2&cursor=${nextCursor}`)
    expect([last.data.map(({ version }: { version: number }) => version), last.meta.nextCursor]).toEqual([[1], null])
    for (const number of ['0', '4', '1.0', 'x'])
      expect((await own.call('GET', `${path}/versions/${number}`)).code).toBe('not_found')
  })

  it('that is live matches events, until it is switched off or taken away', async () => {
    const own = await api.organization('PRO')
    const path = await made(own)
    const reason = async () => (await evaluate(own)).notMatched[0]?.reason
    expect(await reason()).toBe('not_deployed')
    await own.call('POST', `${path}/deploy`)
    expect((await evaluate(own)).matched).toMatchObject([{ name: 'Reorder', version: 1 }])
    for (let again = 0; again < 2; again++) expect((await own.call('POST', `${path}/deactivate`)).status).toBe(200)
    expect(await reason()).toBe('inactive')
    for (let again = 0; again < 2; again++) expect((await own.call('POST', `${path}/activate`)).data.active).toBe(true)
    expect((await own.call('POST', `${path}/undeploy`)).data.deployed).toBeNull()
    expect(await reason()).toBe('not_deployed')
  })
})

describe('a plan', () => {
  it('has a number of active workflows; after a downgrade those beyond it can only be switched off or removed', async () => {
    const own = await api.organization('FREE')
    const [first, second] = [await made(own), await made(own)]
    expect((await own.call('POST', `${first}/deploy`)).status).toBe(200)
    const over = await own.call('POST', `${second}/deploy`)
    expect([over.status, over.code]).toEqual([402, 'workflow_quota_exceeded'])
    expect((await own.call('POST', `${second}/deploy`, { activate: false })).data.active).toBe(false)
    expect((await own.call('POST', `${second}/activate`)).code).toBe('workflow_quota_exceeded')
    const plan = (to: string) => api.operator('PATCH', `/api/v1/organizations/${own.id}`, { plan: to })
    await plan('BASIC')
    expect((await own.call('POST', `${second}/activate`)).status).toBe(200)
    await plan('FREE')
    expect((await own.call('PATCH', first, { strict: true })).status).toBe(200)
    for (const [method, at, body] of [
      ['PATCH', '', { strict: true }],
      ['PUT', '/draft', { definition: {} }],
    ] as const)
      expect((await own.call(method, second + at, body)).code).toBe('workflow_quota_exceeded')
    expect((await evaluate(own)).matched).toHaveLength(2)
    expect((await own.call('POST', `${second}/deactivate`)).status).toBe(200)
    expect((await own.call('PATCH', second, { strict: true })).status).toBe(200)
  })

  it('has a least time between two ticks of a schedule', async () => {
    const own = await api.organization('FREE')
    const every = (cron: string) =>
      own.call('POST', WORKFLOWS, { name: 'w', trigger: { kind: 'schedule', cron, timeZone: 'Europe/Berlin' } })
    const refused = await every('*/10 * * * *')
    expect([refused.status, refused.code, refused.body.error?.details?.[0]?.path]).toEqual([
      ...[402, 'workflow_quota_exceeded', '/trigger/cron'],
    ])
    expect((await every('*/15 * * * *')).status).toBe(201)
  })
})

describe('an evaluation', () => {
  it('judges versions and conditions as an accepted event would be', async () => {
    const own = await api.organization('PRO')
    const name = `${own.slug}.order.paid`
    const register = (version: string) =>
      own.call('POST', '/api/v1/events/custom', {
        ...{ namespace: own.slug, name: 'order.paid', version, status: 'published', payloadSchema: { type: 'object' } },
      })
    await register('1.0.0')
    await register('1.0.1')
    const conditions = { 'payload.amount': { gte: 100 }, subject: 'customer-1' }
    const path = await made(own, of(stop()), { trigger: { kind: 'event', event: name, conditions } })
    await own.call('POST', `${path}/deploy`)
    const judged = async (body: object) => {
      const { matched, notMatched } = await evaluate(own, { event: name, subject: 'customer-1', ...body })
      return matched.length === 1 ? 'matched' : notMatched[0].reason
    }
    expect(await judged({ payload: { amount: 100 } })).toBe('matched')
    expect(await judged({ payload: { amount: 99 } })).toBe('condition_false')
    expect(await judged({ payload: { amount: 100 }, subject: null })).toBe('condition_false')
    expect(await judged({ payload: { amount: 100 }, version: '1.0.0' })).toBe('other_version')
    expect(await judged({ payload: { amount: 100 }, event: 'order.created' })).toBe('other_event')
    const refused = await own.call('POST', `${WORKFLOWS}/evaluate`, { event: 'shop.*', payload: {} })
    expect([refused.code, refused.body.error?.details?.[0]?.path]).toEqual(['validation_failed', '/event'])
  })
})

describe('a dry run', () => {
  it('says what would run, and what hangs on an answer', async () => {
    const own = await api.organization('PRO')
    const asks = { all: [{ path: "$action['call'].status", operator: 'equals', value: 200 }] }
    const knows = { all: [{ path: '$param.left', operator: 'lt', value: 50 }] }
    const definition = of(
      // biome-ignore lint/suspicious/noThenProperty: the language's own field
      { key: 'low', type: 'condition', with: knows, then: [emitting], else: [stop('enough')] },
      calling('none'),
      {
        key: 'ok',
        type: 'condition',
        with: asks,
        // biome-ignore lint/suspicious/noThenProperty: the language's own field
        then: [{ key: 'x', type: 'set_variable', with: { value: 1 } }],
        else: [],
      },
    )
    const path = await made(own, definition, {
      trigger: { kind: 'event', event: 'sku_reorder', conditions: { 'payload.data.left': { lte: 50 } } },
    })
    const would = async (params: object) => {
      const { data } = await own.call('POST', `${path}/dry-run`, { params })
      return [data.trigger.reason, data.actions.map(({ key, would: does }: Record<string, string>) => `${key} ${does}`)]
    }
    expect(await would({ left: 49 })).toEqual([
      ...[null, ['low run', 'emit run', 'enough skip', 'call run', 'ok run', 'x depends']],
    ])
    expect(await would({ left: 50 })).toEqual([
      ...[null, ['low run', 'emit skip', 'enough run', 'call skip', 'ok skip', 'x skip']],
    ])
    expect((await would({ left: 51 }))[0]).toBe('condition_false')
    const reader = await keyWith(own, ['workflows:manage'])
    expect((await reader('POST', `${path}/dry-run`, { params: {} })).code).toBe('insufficient_scope')
    expect((await own.call('POST', `${path}/dry-run`, { params: {}, version: 1 })).code).toBe('not_found')
  })
})
