/** Debug runs, live runs and watches of them on a whole platform, from outside. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
let supplier: Receiver
beforeAll(async () => {
  platform = await sharedPlatform()
  supplier = await createReceiver({ answer: () => ({ status: 200, body: '{"ok":true}' }) })
}, 120_000)
afterAll(() => supplier?.close())

interface Run {
  id: string
  status: string
  mode: string
  output: unknown
  steps: Array<{ path: string; status: string; output: Record<string, unknown>; variables?: unknown; error: unknown }>
}

const made = async (organization: TestOrganization, actions: unknown[], trigger: object = { kind: 'manual' }) => {
  const definition = { language: 1, actions }
  const { data, status } = await organization.call<{ id: string }>('POST', '/api/v1/workflows', {
    ...{ name: 'W', trigger, definition },
  })
  expect(status).toBe(201)
  return data.id
}

const variable = { key: 'v', type: 'set_variable', with: { value: '{{$param.n}}' } }
const make = (n: unknown) => ({ key: 'make', type: 'create_event', with: { event: 'order', params: { n } } })
const ask = (path: string) => ({ key: 'ask', type: 'http_request', with: { url: `${supplier.url}${path}` } })

describe('a debug run', () => {
  it('runs the draft, shows each step, emits to nobody and counts nowhere', async () => {
    const organization = await platform.organization()
    const id = await made(organization, [variable, make("{{$var['v']}}"), ask('/debug')])
    const listener = await made(organization, [variable], { kind: 'event', event: 'order' })
    await organization.call('POST', `/api/v1/workflows/${listener}/deploy`)
    const path = `/api/v1/workflows/${id}/debug`
    const { status, data, body } = await organization.call<Run>('POST', path, { params: { n: 7 } })
    expect([status, body]).toEqual([200, expect.objectContaining({ meta: expect.objectContaining({ live: true }) })])
    expect(data).toMatchObject({ status: 'succeeded', mode: 'debug' })
    expect(data.steps.map(step => [step.path, step.status])).toEqual([
      ...[
        ['v', 'succeeded'],
        ['make', 'succeeded'],
        ['ask', 'succeeded'],
      ],
    ])
    expect(data.steps[1]).toMatchObject({
      ...{
        variables: { v: 7 },
        output: { eventId: null, verdict: 'accepted', wouldBe: { payload: { data: { n: 7 } } } },
      },
    })
    expect((await organization.call<Run[]>('GET', `/api/v1/workflows/${listener}/runs`)).data).toEqual([])

    const mocked = { ask: { status: 1 } }
    const stopped = await organization.call<Run>('POST', path, { params: { n: 1 }, mock: mocked, stopAt: 'ask' })
    expect(stopped.data.steps.at(-1)).toMatchObject({ path: 'ask', status: 'mocked', output: { status: 1 } })
    expect(supplier.requests.filter(request => request.path === '/debug')).toHaveLength(1)
  }, 60_000)

  it('takes pins of the draft and a definition of the call; what is wrong with them has its place', async () => {
    const organization = await platform.organization()
    const id = await made(organization, [ask('/pinned')])
    const path = `/api/v1/workflows/${id}`
    const definition = { language: 1, actions: [ask('/pinned')] }
    const saved = await organization.call('PUT', `${path}/draft`, { definition, pins: { ask: { pinned: true } } })
    expect(saved.data).toMatchObject({ pins: { ask: { pinned: true } } })
    const pinned = await organization.call<Run>('POST', `${path}/debug`)
    expect(pinned.data.output).toEqual({ pinned: true })
    const own = { language: 1, actions: [{ key: 'b', type: 'transform', with: { template: '{{$param.x}}' } }] }
    const brought = await organization.call<Run>('POST', `${path}/debug`, { params: { x: 'y' }, definition: own })
    expect(brought.data.output).toEqual({ value: 'y' })
    const details = async (body: object) => (await organization.call('POST', `${path}/debug`, body)).body
    expect(await details({ stopAt: 'none' })).toMatchObject({ error: { details: [{ path: '/stopAt' }] } })
    expect(await details({ mock: { none: 1 } })).toMatchObject({ error: { details: [{ path: '/mock/none' }] } })
    expect(await details({ definition: { language: 1, actions: [{ key: 'x', type: 'no' }] } })).toMatchObject({
      error: { code: 'workflow_invalid' },
    })
  }, 60_000)

  it('of a route takes a request, and shows what it would respond', async () => {
    const organization = await platform.organization()
    const respond = {
      key: 'r',
      type: 'respond',
      with: { status: 201, body: { sku: '{{$body.sku}}', id: '{{$path.id}}' } },
    }
    const { data } = await organization.call<{ id: string }>('POST', '/api/v1/routes', {
      ...{ name: 'R', method: 'POST', path: '/orders/{id}', definition: { language: 1, actions: [respond] } },
    })
    const params = { body: { sku: 'A1' }, path: { id: '7' } }
    const run = await organization.call<Run>('POST', `/api/v1/routes/${data.id}/debug`, { params })
    expect(run.data).toMatchObject({
      ...{ status: 'succeeded', mode: 'debug' },
      steps: [{ path: 'r', input: { status: 201, body: { sku: 'A1', id: '7' } } }],
    })
  }, 60_000)

  it('begins with params of a schema, of an event, or of a run', async () => {
    const organization = await platform.organization()
    const id = await made(organization, [variable], { kind: 'event', event: 'order.created' })
    const params = async (query: string) =>
      (await organization.call<{ params: unknown }>('GET', `/api/v1/workflows/${id}/debug-params?${query}`)).data
    expect((await params('from=schema')).params).toEqual(expect.any(Object))
    await organization.call('POST', `/api/v1/workflows/${id}/debug`, { params: { n: 42 } })
    const listed = await until(
      () => organization.call<Run[]>('GET', `/api/v1/workflows/${id}/runs`),
      ({ data }) => data.length > 0,
    )
    expect(listed.data).toMatchObject([{ mode: 'debug', status: 'succeeded' }])
  }, 60_000)
})

describe('a run that lives', () => {
  const delayed = [variable, { key: 'wait', type: 'delay', with: { seconds: 3_600 } }]

  it('is read from its owner as soon as it has been started, alone and in lists, and cancelled with an answer', async () => {
    const organization = await platform.organization()
    const id = await made(organization, delayed)
    await organization.call('POST', `/api/v1/workflows/${id}/deploy`)
    const started = await organization.call<{ runId: string }>('POST', `/api/v1/workflows/${id}/run`)
    const path = `/api/v1/workflows/runs/${started.data.runId}`
    const shown = await until(
      () => organization.call<Run>('GET', path),
      ({ data }) => data.status === 'waiting',
    )
    expect(shown.data).toMatchObject({ status: 'waiting', steps: [{ path: 'v' }] })
    expect(shown.body).toMatchObject({ meta: { live: true } })
    const listed = await until(
      () => organization.call<Run[]>('GET', '/api/v1/workflows/runs?status=waiting'),
      ({ data }) => data.length > 0,
    )
    expect(listed.data.map(run => run.id)).toEqual([started.data.runId])
    const cancelled = await organization.call<{ run: Run }>('POST', `${path}/cancel`)
    expect([cancelled.status, cancelled.data.run.status]).toEqual([202, 'cancelled'])
    expect((await organization.call('POST', `${path}/cancel`)).code).toBe('run_ended')
    const stranger = await platform.organization()
    for (const call of [stranger.call('GET', path), stranger.call('POST', `${path}/cancel`)])
      expect((await call).status).toBe(404)
  }, 60_000)

  it('keeps the secret that it will read', async () => {
    const organization = await platform.organization()
    await organization.call('PUT', '/api/v1/secrets/TOKEN', { value: 'very-secret' })
    const send = { ...ask('/late'), with: { url: `${supplier.url}/late`, auth: { type: 'bearer', secret: 'TOKEN' } } }
    const id = await made(organization, [...delayed, send])
    await organization.call('POST', `/api/v1/workflows/${id}/deploy`)
    const { data } = await organization.call<{ runId: string }>('POST', `/api/v1/workflows/${id}/run`)
    await organization.call('POST', `/api/v1/workflows/${id}/undeploy`)
    expect((await organization.call('DELETE', '/api/v1/secrets/TOKEN')).code).toBe('in_use')
    await organization.call('POST', `/api/v1/workflows/runs/${data.runId}/cancel`)
    expect((await organization.call('DELETE', '/api/v1/secrets/TOKEN')).status).toBe(200)
  }, 60_000)

  it('is watched: each step under its number, then the end; Last-Event-ID goes on behind a step', async () => {
    const organization = await platform.organization()
    const id = await made(organization, [
      variable,
      { key: 'wait', type: 'delay', with: { seconds: 1 } },
      ask('/watched'),
    ])
    await organization.call('POST', `/api/v1/workflows/${id}/deploy`)
    const started = await organization.call<{ runId: string }>('POST', `/api/v1/workflows/${id}/run`)
    const url = `${platform.base}/api/v1/workflows/runs/${started.data.runId}/stream`
    const read = async (headers: Record<string, string> = {}) => {
      const response = await fetch(url, { headers: { authorization: `Bearer ${organization.apiKey}`, ...headers } })
      const text = await response.text()
      return { status: response.status, ids: [...text.matchAll(/^id: (\d+)$/gm)].map(([, n]) => n), text }
    }
    const live = await read()
    expect(live.ids).toEqual(['1', '2', '3'])
    expect(live.text).toMatch(/event: end\ndata: .*"status":"succeeded"/)
    expect((await read({ 'last-event-id': '2' })).ids).toEqual(['3'])
    expect((await read({ 'last-event-id': 'x' })).status).toBe(400)
  }, 60_000)
})
