import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type Reply, type TestApi } from './api-harness.ts'
import { ACCEPTED_SETTINGS, REFUSED_SETTINGS, WEBHOOK_URL } from './webhook-setting-cases.ts'

let api: TestApi
let call: Awaited<ReturnType<TestApi['organization']>>['call']
let organizationId: string
let id: string
beforeAll(async () => {
  api = await openTestApi()
  const owner = await api.organization('ENTERPRISE')
  call = owner.call
  organizationId = owner.id
  id = (await create()).data.id
})
afterAll(() => api?.close())

const WEBHOOKS = '/api/v1/webhooks'
const url = WEBHOOK_URL
const create = (fields: object = {}) => call('POST', WEBHOOKS, { url, events: ['*'], ...fields })
const outcome = ({ status, code, body }: Reply) => [status, code, body.error?.details?.map(each => each.path)]

describe('the settings of a webhook', () => {
  const settings = {
    ...{
      url,
      events: ['acme.*', 'platformxe.generic#k'],
      name: 'Büro 🏠',
      description: 'd',
      active: true,
      timeoutMs: 5_000,
      maxInFlight: 3,
    },
    ...{
      retry: { delays: [0, '1s', 2_000], maxAttempts: 2 },
      signatureProfiles: ['platphorm', 'event', 'ed25519'],
      wireFormat: 'cloudevents',
    },
    ...{ ordering: 'block', autoDisableAfterDays: 5, headers: { 'X-Shop': 'eu 1', Authorization: 'Bearer b' } },
    conditions: { 'payload.amount': { gte: 100 }, subject: 'größer' },
  }
  const shown = {
    ...{
      url,
      events: settings.events,
      name: settings.name,
      description: 'd',
      active: true,
      pausedAt: null,
      timeoutMs: 5_000,
      maxInFlight: 3,
    },
    ...{ retry: { preset: null, delays: [0, 1_000], maxAttempts: 2 }, signatureProfiles: settings.signatureProfiles },
    ...{
      wireFormat: 'cloudevents',
      ordering: 'block',
      autoDisableAfterDays: 5,
      headerNames: ['X-Shop', 'Authorization'],
    },
    ...{
      health: 'healthy',
      failingSince: null,
      previousSecretExpiresAt: null,
      apiVersion: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    },
    publicKey: expect.stringMatching(/^whpk_/),
    conditions: {
      all: [
        { path: 'payload.amount', operator: 'gte', value: 100 },
        { path: 'subject', operator: 'equals', value: 'größer' },
      ],
    },
  }

  it('is shown alike when it is made, got and listed, without its secret and the values of its headers', async () => {
    const { secret, ...made } = (await create(settings)).data
    expect(secret).toMatch(/^whsec_/)
    expect(made).toMatchObject(shown)
    const got = await call('GET', `${WEBHOOKS}/${made.id}`)
    expect(got.data).toEqual(made)
    expect((await call('GET', `${WEBHOOKS}?limit=1`)).data).toEqual([made])
    const stored = JSON.stringify(api.view.find('webhook', organizationId, made.id))
    for (const hidden of ['eu 1', 'Bearer b', secret])
      expect([hidden, JSON.stringify(got.body).includes(hidden), stored.includes(hidden)]).toEqual([
        hidden,
        false,
        false,
      ])
    expect(Object.keys(made).filter(name => /encrypted|peer|resumeAfter|organizationId/.test(name))).toEqual([])
  })

  it('can be set later field by field, and taken back', async () => {
    const made = (await create()).data
    expect(made).toMatchObject({
      publicKey: null,
      signatureProfiles: ['standard'],
      wireFormat: 'default',
      ordering: 'none',
      conditions: null,
      headerNames: [],
    })
    const patched = await call('PATCH', `${WEBHOOKS}/${made.id}`, settings)
    expect(patched.data).toMatchObject({ ...shown, revision: 2 })
    const bare = { name: null, description: null, conditions: null, headers: null, autoDisableAfterDays: null }
    const { headers: _headers, ...rest } = bare
    expect((await call('PATCH', `${WEBHOOKS}/${made.id}`, bare)).data).toMatchObject({
      ...rest,
      headerNames: [],
      revision: 3,
      wireFormat: 'cloudevents',
    })
  })

  it('has its URL in ASCII, and an ASCII URL stays as it was written', async () => {
    expect((await create({ url: 'https://bücher.example/größe?q=ü' })).data.url).toBe(
      'https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe?q=%C3%BC',
    )
    expect((await create({ url: 'https://Hooks.example.com' })).data.url).toBe('https://Hooks.example.com')
    expect((await create({ url: 'https://hooks.example.com:8443/a' })).status).toBe(201)
  })

  it('listens to built-in types by name and by the constants of the original', async () => {
    const { data } = await create({
      events: ['InstanceCreated', 'design.created', 'instance.created', 'HealthCheckPassed', 'WEBHOOK_FAILING'],
    })
    expect(data.events).toEqual(['instance.created', 'design.created', 'health.passed', 'WEBHOOK_FAILING'])
  })
})

describe('an error in a webhook has its code, status and pointer', () => {
  it.each(REFUSED_SETTINGS)('%j', async (fields, status, code, paths) => {
    const body = JSON.stringify({ url, events: ['*'] }).slice(0, -1)
    const merged =
      'url' in fields || 'events' in fields
        ? JSON.stringify({ url, events: ['*'], ...fields })
        : `${body},${JSON.stringify(fields).slice(1)}`
    expect(outcome(await call('POST', WEBHOOKS, merged))).toEqual([status, code, paths])
    expect(outcome(await call('PATCH', `${WEBHOOKS}/${id}`, JSON.stringify(fields)))).toEqual([status, code, paths])
  })

  it.each(ACCEPTED_SETTINGS)('but what is just within its bounds is taken: %#', async fields => {
    expect((await call('PATCH', `${WEBHOOKS}/${id}`, fields)).status).toBe(200)
  })

  it('needs url and events, and nothing else', async () => {
    expect(outcome(await call('POST', WEBHOOKS, {}))).toEqual([400, 'validation_failed', ['/url', '/events']])
    expect(outcome(await call('PATCH', `${WEBHOOKS}/${id}`, {}))).toEqual([400, 'validation_failed', ['']])
    expect((await call('PATCH', `${WEBHOOKS}/${id}`, { name: 'late' }, { 'if-match': '1' })).code).toBe(
      'revision_conflict',
    )
  })
})
