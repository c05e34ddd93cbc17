import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

const WEBHOOKS = '/api/v1/webhooks'
const url = 'https://hooks.example.com/in'

describe('a webhook', () => {
  it('is made with defaults, and shows its secret this once', async () => {
    const { call } = await api.organization()
    const made = await call('POST', WEBHOOKS, { url, events: ['*'] })
    expect(made.status).toBe(201)
    const { secret, ...webhook } = made.data
    expect(secret).toMatch(/^whsec_/)
    expect(webhook).toMatchObject({
      ...{
        id: expect.stringMatching(/^wh_/),
        url,
        events: ['*'],
        active: true,
        pausedAt: null,
        environment: 'live',
        revision: 1,
      },
      ...{
        timeoutMs: 30_000,
        maxInFlight: 10,
        retry: { preset: 'six', maxAttempts: 6 },
        name: null,
        description: null,
      },
    })
    expect((await call('GET', `${WEBHOOKS}/${webhook.id}`)).data).toEqual(webhook)
    expect((await call('GET', WEBHOOKS)).data).toEqual([webhook])
  })

  it('keeps a secret that is given, encrypted', async () => {
    const { id, call } = await api.organization()
    const secret = 'my own secret, long enough'
    const made = await call('POST', WEBHOOKS, { url, events: ['*'], secret })
    expect(made.data.secret).toBe(secret)
    expect(api.view.webhooks(id)[0]?.encryptedSecret).not.toContain(secret)
    for (const bad of ['short', 'x'.repeat(257)]) {
      expect((await call('POST', WEBHOOKS, { url, events: ['*'], secret: bad })).body.error?.details?.[0]?.path).toBe(
        '/secret',
      )
    }
  })

  it('is changed field by field, paused and resumed', async () => {
    const { call } = await api.organization()
    const { id } = (await call('POST', WEBHOOKS, { url, events: ['*'], name: 'n' })).data
    const paused = await call('PATCH', `${WEBHOOKS}/${id}`, {
      active: false,
      retry: { delays: [0, '5s'] },
      maxInFlight: 50,
    })
    expect(paused.data).toMatchObject({
      active: false,
      pausedAt: expect.any(String),
      maxInFlight: 50,
      name: 'n',
      revision: 2,
    })
    expect(paused.data.retry).toEqual({ preset: null, delays: [0, 5_000], maxAttempts: 2 })
    expect((await call('PATCH', `${WEBHOOKS}/${id}`, { active: true })).data).toMatchObject({
      active: true,
      pausedAt: null,
    })
    expect((await call('PATCH', `${WEBHOOKS}/${id}`, { name: 'late' }, { 'if-match': '2' })).code).toBe(
      'revision_conflict',
    )
    expect((await call('PATCH', `${WEBHOOKS}/${id}`, {})).code).toBe('validation_failed')
  })

  it('is gone once deleted', async () => {
    const { call } = await api.organization()
    const { id } = (await call('POST', WEBHOOKS, { url, events: ['*'] })).data
    expect((await call('DELETE', `${WEBHOOKS}/${id}`)).data).toEqual({ id, deleted: true })
    expect((await call('GET', `${WEBHOOKS}/${id}`)).status).toBe(404)
    expect((await call('DELETE', `${WEBHOOKS}/${id}`)).status).toBe(404)
  })

  it('of the live environment is not there for a test key', async () => {
    const { call } = await api.organization()
    const { id } = (await call('POST', WEBHOOKS, { url, events: ['*'] })).data
    const key = await call('POST', '/api/v1/keys', { name: 't', environment: 'test', scopes: ['webhooks:manage'] })
    const trial = api.as(key.data.apiKey)
    expect((await trial('GET', `${WEBHOOKS}/${id}`)).status).toBe(404)
    expect((await trial('GET', WEBHOOKS)).data).toEqual([])
    expect((await trial('POST', WEBHOOKS, { url, events: ['*'] })).data.environment).toBe('test')
  })

  it.each([
    ['http://hooks.example.com/', 'https_required'],
    ['https://127.0.0.1/', 'invalid_webhook_url'],
    ['https://[::ffff:10.0.0.1]/', 'invalid_webhook_url'],
    ['https://user:pass@hooks.example.com/', 'invalid_webhook_url'],
    ['hooks.example.com', 'invalid_webhook_url'],
  ])('may not point to %s', async (bad, code) => {
    const { call } = await owner()
    expect((await call('POST', WEBHOOKS, { url: bad, events: ['*'] })).code).toBe(code)
    expect((await call('GET', WEBHOOKS)).data).toEqual([])
  })

  it('listens to selectors that are ones, and the others are named', async () => {
    const { call } = await owner()
    const reply = await call('POST', WEBHOOKS, {
      url,
      events: ['acme.made', 'acme.*', 'Nope!', 'platformxe.generic#k', '**'],
    })
    expect([reply.status, reply.code]).toEqual([400, 'invalid_event_selector'])
    expect(reply.body.error?.details?.map(each => each.path)).toEqual(['/events/2', '/events/4'])
    for (const events of [[], undefined, 'a.b', Array(101).fill('a.b')]) {
      expect((await call('POST', WEBHOOKS, { url, events })).code).toBe('validation_failed')
    }
  })

  it('takes no field that it does not know, and no value out of bounds', async () => {
    const { call } = await owner()
    for (const [field, value] of [
      ['ulr', 'x'],
      ['timeoutMs', 999],
      ['timeoutMs', '5s'],
      ['maxInFlight', 101],
      ['active', 'yes'],
      ['__proto__', 1],
    ] as const) {
      const body = `{"url":"${url}","events":["*"],${JSON.stringify(field)}:${JSON.stringify(value)}}`
      const reply = await call('POST', WEBHOOKS, body)
      expect([field, reply.code, reply.body.error?.details?.[0]?.path]).toEqual([
        field,
        'validation_failed',
        `/${field}`,
      ])
    }
    expect((await call('POST', WEBHOOKS, { url, events: ['*'], retry: { preset: 'often' } })).code).toBe(
      'invalid_retry_policy',
    )
  })

  it('over the plan is refused: 10 at once take exactly the rest of the plan', async () => {
    const { call } = await api.organization('FREE')
    const calls = await Promise.all(Array.from({ length: 10 }, () => call('POST', WEBHOOKS, { url, events: ['*'] })))
    expect(calls.map(each => each.status).sort()).toEqual([201, 201, 402, 402, 402, 402, 402, 402, 402, 402])
    expect(calls.find(each => each.status === 402)?.code).toBe('webhook_quota_exceeded')
  })

  it('is answered bare, in the shape of the original, to a call by the alias header', async () => {
    const { apiKey } = await api.organization()
    const alias = { 'x-platphorm-api-key': apiKey }
    const anonymous = api.as(undefined)
    const made = await anonymous(
      'POST',
      WEBHOOKS,
      { url, events: ['design.created'], description: 'd', active: true },
      alias,
    )
    expect(Object.keys(made.body).sort()).toEqual(['active', 'createdAt', 'events', 'id', 'secret', 'url'])
    expect((await anonymous('GET', `${WEBHOOKS}/${made.body.id}/deliveries`, undefined, alias)).body).toEqual({
      deliveries: [],
    })
  })
})

let shared: Awaited<ReturnType<TestApi['organization']>> | undefined
async function owner() {
  shared ??= await api.organization()
  return shared
}

describe('any request', () => {
  it('that is not JSON is refused with the place of the fault', async () => {
    const { call } = await owner()
    for (const text of ['{"url": }', '{"url":"a"', 'url', '', '\u0000']) {
      const reply = await call('POST', WEBHOOKS, text)
      expect([text, reply.status, reply.code]).toEqual([text, 400, 'validation_failed'])
      expect(reply.body.error?.details).toEqual([
        expect.objectContaining({ path: '', rule: 'not_json', message: expect.stringMatching(/position \d+/) }),
      ])
    }
    const twice = await call(
      'POST',
      WEBHOOKS,
      `{"url":"${url}","events":["*"],"retry":{"preset":"six","preset":"four"}}`,
    )
    expect(twice.body.error?.details).toEqual([
      expect.objectContaining({ path: '/retry/preset', rule: 'duplicate_key' }),
    ])
  })

  it('too large, of another type or compressed is refused', async () => {
    const { call } = await owner()
    expect((await call('POST', WEBHOOKS, 'x'.repeat(301 * 1024))).status).toBe(413)
    expect((await call('POST', WEBHOOKS, '{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await call('POST', WEBHOOKS, '{}', { 'content-encoding': 'gzip' })).status).toBe(415)
  })

  it('to a path that is not there is 404, with a method that is not there 405, in the envelope', async () => {
    const { call } = await owner()
    const lost = await call('GET', '/api/v1/nothing')
    expect([lost.status, lost.code, lost.body.success]).toEqual([404, 'not_found', false])
    const wrong = await call('PUT', WEBHOOKS, {})
    expect([wrong.status, wrong.code]).toEqual([405, 'method_not_allowed'])
    expect(wrong.headers.get('allow')).toContain('GET')
    expect((await call('GET', `${WEBHOOKS}/%E0%A4%A`)).body.success).toBe(false)
  })

  it('carries a request id of its own, the same in head and body', async () => {
    const { call } = await owner()
    const [one, two] = [await call('GET', WEBHOOKS), await call('GET', '/api/v1/nothing')]
    expect(one.meta.requestId).toBe(one.headers.get('x-request-id'))
    expect(two.body.error?.requestId).toBe(two.headers.get('x-request-id'))
    expect(one.meta.requestId).not.toBe(two.body.error?.requestId)
  })
})

describe('the process', () => {
  it('is alive, and ready when nothing is missing', async () => {
    const anonymous = api.as(undefined)
    expect((await anonymous('GET', '/health')).status).toBe(200)
    expect((await anonymous('GET', '/ready')).status).toBe(200)
    api.missing.push('admit: no shard yet')
    const unready = await anonymous('GET', '/ready')
    api.missing.pop()
    expect([unready.status, unready.body.error?.message]).toEqual([503, 'Not ready: admit: no shard yet.'])
    expect((await anonymous('GET', '/metrics')).body).toContain('clarion_up 1')
  })
})
