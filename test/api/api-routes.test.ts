/** API routes as they are kept, and what a call meets before any run begins. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
}, 120_000)
afterAll(() => api?.close())

const PATH = '/api/v1/routes'
const definition = { language: 1, actions: [{ key: 'answer', type: 'respond', with: { body: 'hello' } }] }
const orders = { method: 'POST', path: '/orders/{id}', definition }

type Organization = Awaited<ReturnType<TestApi['organization']>>

async function served({ call }: Organization, more: object = {}): Promise<string> {
  const made = await call('POST', PATH, { ...orders, ...more })
  expect([made.status, made.body]).toEqual([201, expect.anything()])
  expect((await call('POST', `${PATH}/${made.data.id}/deploy`)).status).toBe(200)
  return made.data.id
}

const request = (path: string, init: RequestInit = {}) => fetch(`${api.base}${path}`, init)

describe('a route', () => {
  it('has its settings and where it is served, and is no workflow', async () => {
    const { call, slug } = await api.organization()
    const made = await call('POST', PATH, {
      ...orders,
      auth: 'bearer',
      origins: ['https://shop.example'],
      ratePerSecond: 5,
    })
    expect(made.data).toMatchObject({
      ...{ name: 'POST /orders/{id}', method: 'POST', path: '/orders/{id}', auth: 'bearer', active: false, tokens: [] },
      ...{ bodySchema: null, origins: ['https://shop.example'], ratePerSecond: 5, responseTimeoutMs: 10_000 },
      ...{ servedAt: `/run/${slug}/orders/{id}`, deployed: null, draft: { findings: [], definition } },
    })
    const { id } = made.data
    expect(id).toMatch(/^rte_/)
    const patched = await call('PATCH', `${PATH}/${id}`, { path: '/orders', timeoutSeconds: 9 })
    expect(patched.data).toMatchObject({ path: '/orders', timeoutSeconds: 9, auth: 'bearer', ratePerSecond: 5 })
    expect((await call('GET', PATH)).data).toMatchObject([{ id, path: '/orders' }])
    expect((await call('GET', '/api/v1/workflows')).data).toEqual([])
    for (const path of ['', '/versions', '/run'])
      expect((await call(path === '/run' ? 'POST' : 'GET', `/api/v1/workflows/${id}${path}`)).code).toBe('not_found')
    const workflow = await call('POST', '/api/v1/workflows', { name: 'W', trigger: { kind: 'manual' } })
    expect((await call('GET', `${PATH}/${workflow.data.id}`)).code).toBe('not_found')
    expect((await call('DELETE', `${PATH}/${id}`)).status).toBe(200)
    expect((await call('GET', `${PATH}/${id}`)).code).toBe('not_found')
  })

  it.each([
    ['a path without a slash', { path: 'orders' }, 'workflow_invalid', '/path'],
    ['a parameter twice', { path: '/{a}/{a}' }, 'workflow_invalid', '/path'],
    ['an origin with a path', { origins: ['https://a.example/b'] }, 'workflow_invalid', '/origins/0'],
    [
      'a schema that is none',
      { bodySchema: { type: 'object', properties: 1 } },
      'workflow_invalid',
      '/bodySchema/properties',
    ],
    ['a schema of no object', { bodySchema: { type: 'string' } }, 'workflow_invalid', '/bodySchema/type'],
    ['a schema of a GET', { method: 'GET', bodySchema: { type: 'object' } }, 'workflow_invalid', '/bodySchema'],
    ['another method', { method: 'HEAD' }, 'validation_failed', '/method'],
    ['a trigger', { trigger: { kind: 'manual' } }, 'validation_failed', '/trigger'],
  ])('with %s is refused at its place', async (_, more, code, path) => {
    const { call } = await api.organization()
    const refused = await call('POST', PATH, { ...orders, ...more })
    expect([refused.code, (refused.body as { error: { details: object[] } }).error.details[0]]).toEqual([
      code,
      expect.objectContaining({ path }),
    ])
  })

  it('that matches what another one does is refused, whatever its parameters are called', async () => {
    const { call } = await api.organization()
    const made = await call('POST', PATH, orders)
    expect((await call('POST', PATH, { ...orders, path: '/orders/{order}' })).code).toBe('route_conflict')
    const other = await call('POST', PATH, { ...orders, method: 'PUT' })
    expect((await call('PATCH', `${PATH}/${other.data.id}`, { method: 'POST' })).code).toBe('route_conflict')
    await call('DELETE', `${PATH}/${made.data.id}`)
    expect((await call('PATCH', `${PATH}/${other.data.id}`, { method: 'POST' })).status).toBe(200)
  })

  it('counts against the routes of the plan, not against its workflows', async () => {
    const organization = await api.organization('FREE')
    for (const path of ['/a', '/b']) await served(organization, { path })
    const third = await organization.call('POST', PATH, { ...orders, path: '/c' })
    const refused = await organization.call('POST', `${PATH}/${third.data.id}/deploy`)
    expect([refused.code, JSON.stringify(refused.body)]).toEqual([
      'workflow_quota_exceeded',
      expect.stringContaining('2 active routes'),
    ])
    const workflow = await organization.call('POST', '/api/v1/workflows', {
      ...{ name: 'W', trigger: { kind: 'manual' } },
      definition: { language: 1, actions: [{ key: 'end', type: 'stop', with: {} }] },
    })
    expect((await organization.call('POST', `/api/v1/workflows/${workflow.data.id}/deploy`)).status).toBe(200)
  })

  it.each([['Set-Cookie'], ['content-length'], ['X-Clarion-Run'], ['Content-Security-Policy']])(
    'cannot respond with the header %s',
    async name => {
      const { call } = await api.organization()
      const actions = [{ key: 'answer', type: 'respond', with: { headers: { [name]: 'x' } } }]
      const made = await call('POST', PATH, { ...orders, definition: { language: 1, actions } })
      expect((await call('POST', `${PATH}/${made.data.id}/deploy`)).code).toBe('workflow_invalid')
    },
  )

  it('says which actions a request would run', async () => {
    const { call } = await api.organization()
    const when = { all: [{ path: '$body.n', operator: 'gt', value: 5 }] }
    // biome-ignore lint/suspicious/noThenProperty: the language's own field
    const big = { key: 'big', type: 'condition', with: when, then: [{ key: 'end', type: 'stop', with: {} }], else: [] }
    const made = await call('POST', PATH, {
      ...orders,
      definition: { language: 1, actions: [big, definition.actions[0]] },
    })
    const dryRun = async (body: object) =>
      (await call('POST', `${PATH}/${made.data.id}/dry-run`, { body })).data.actions.map(
        ({ key, would }: Record<string, string>) => `${key} ${would}`,
      )
    expect(await dryRun({ n: 6 })).toEqual(['big run', 'end run', 'answer skip'])
    expect(await dryRun({ n: 5 })).toEqual(['big run', 'end skip', 'answer run'])
    expect((await call('POST', `/api/v1/workflows/${made.data.id}/dry-run`, { params: {} })).code).toBe('not_found')
  })

  it('has at most 20 tokens, each shown once', async () => {
    const { call } = await api.organization()
    const { data } = await call('POST', PATH, orders)
    const names = Array.from({ length: 20 }, (_, n) => `t${n}`)
    const tokens: string[] = []
    for (const name of names) tokens.push((await call('POST', `${PATH}/${data.id}/tokens`, { name })).data.token)
    expect((await call('POST', `${PATH}/${data.id}/tokens`, { name: 'more' })).code).toBe('conflict')
    const shown = JSON.stringify((await call('GET', `${PATH}/${data.id}`)).body)
    expect(tokens.filter(token => shown.includes(token))).toEqual([])
    expect((await call('DELETE', `${PATH}/${data.id}/tokens/rtk_none`)).code).toBe('not_found')
  })
})

describe('a call', () => {
  it('finds nothing before the deploy, when switched off, or of a deleted or unknown organization', async () => {
    const organization = await api.organization()
    const path = `/run/${organization.slug}/orders/1`
    const codes = async (at: string) =>
      ((await (await request(at, { method: 'POST' })).json()) as { error: { code: string } }).error.code
    const made = await organization.call('POST', PATH, orders)
    expect(await codes(path)).toBe('not_found')
    await organization.call('POST', `${PATH}/${made.data.id}/deploy`)
    expect(await codes(path)).toBe('unauthorized')
    expect(await codes('/run/nobody-here/orders/1')).toBe('not_found')
    for (const odd of [
      '/run/',
      '/run//orders/1',
      `/run/${organization.slug}/orders/%ff`,
      `/run/${organization.slug}/orders//`,
    ])
      expect([odd, await codes(odd)]).toEqual([odd, 'not_found'])
    await organization.call('POST', `${PATH}/${made.data.id}/deactivate`)
    expect(await codes(path)).toBe('not_found')
  })

  it('of a page is allowed for its origins alone', async () => {
    const organization = await api.organization()
    await served(organization, { origins: ['https://shop.example'] })
    await served(organization, { method: 'PUT' })
    const path = `/run/${organization.slug}/orders/1`
    const preflight = (origin: string) => request(path, { method: 'OPTIONS', headers: { origin } })
    const allowed = (await preflight('https://shop.example')).headers
    expect([allowed.get('access-control-allow-origin'), allowed.get('access-control-allow-methods')]).toEqual([
      'https://shop.example',
      'POST',
    ])
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
    const failed = await request(path, { method: 'POST', headers: { origin: 'https://shop.example' } })
    expect([failed.status, failed.headers.get('access-control-allow-origin')]).toEqual([401, 'https://shop.example'])
  })

  it('beyond the rate of its route is told when to come again', async () => {
    const organization = await api.organization()
    await served(organization, { auth: 'none', ratePerSecond: 1, responseTimeoutMs: 100 })
    const path = `/run/${organization.slug}/orders/1`
    const answers = await Promise.all([request(path, { method: 'POST' }), request(path, { method: 'POST' })])
    expect(answers.map(({ status }) => status).sort()).toEqual([429, 504])
    expect(answers.find(({ status }) => status === 429)!.headers.get('retry-after')).toBe('1')
  })

  it('gets every answer under the sandbox, errors too, and never a cookie', async () => {
    const organization = await api.organization()
    await served(organization)
    for (const path of ['/run/nobody/x', `/run/${organization.slug}/orders/1`]) {
      const { headers } = await request(path, { method: 'POST' })
      expect([headers.get('content-security-policy'), headers.get('x-content-type-options')]).toEqual([
        "sandbox; default-src 'none'",
        'nosniff',
      ])
    }
  })
})
