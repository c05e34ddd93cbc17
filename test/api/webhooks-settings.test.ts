import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type Reply, type TestApi } from './api-harness.ts'

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
const url = 'https://hooks.example.com/in'
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
  const longUrl = (length: number) => `${url}?${'x'.repeat(length - url.length - 1)}`
  const header = (name: string, value = 'v') => ({
    headers: JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`),
  })
  const blocked = [
    ...[
      '127.0.0.1',
      '127.1',
      '0x7f000001',
      '2130706433',
      '0177.0.0.1',
      '１２７.0.0.1',
      'localhost',
      'LOCALHOST.',
      '10.1.2.3',
      '172.16.0.1',
      '192.168.1.1',
    ],
    ...[
      '169.254.169.254',
      '168.63.129.16',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
      '100.64.0.1',
      '198.18.0.1',
      '192.0.2.1',
    ],
    ...[
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[fe80::1]',
      '[fc00::1]',
      '[ff02::1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
    ],
  ].map(host => [{ url: `https://${host}/` }, 400, 'invalid_webhook_url', ['/url']] as const)

  it.each([
    ...blocked,
    [{ url: 'http://hooks.example.com/' }, 400, 'https_required', ['/url']],
    [{ url: 'ftp://hooks.example.com/' }, 400, 'https_required', ['/url']],
    [{ url: 'hooks.example.com' }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: '' }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: 'https://' }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: 'https://user@hooks.example.com/' }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: 'https://user:pass@hooks.example.com/' }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: 'https://hooks.example.com:444/' }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: 'https://hooks.example.com:80/' }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: 'https://hooks.example.com/a b' }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: longUrl(2_049) }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: `https://hooks.example.com/${'ü'.repeat(1_000)}` }, 400, 'invalid_webhook_url', ['/url']],
    [{ url: 7 }, 400, 'validation_failed', ['/url']],
    [{ events: [] }, 400, 'validation_failed', ['/events']],
    [{ events: Array(101).fill('a.b') }, 400, 'validation_failed', ['/events']],
    [{ events: ['order'] }, 400, 'invalid_event_selector', ['/events/0']],
    [{ events: ['acme.made', 'Acme.made', 'acme.made@1'] }, 400, 'invalid_event_selector', ['/events/1', '/events/2']],
    [{ events: ['instanceCreated'] }, 400, 'invalid_event_selector', ['/events/0']],
    [{ secret: 'x'.repeat(15) }, 400, 'validation_failed', ['/secret']],
    [{ secret: 'x'.repeat(257) }, 400, 'validation_failed', ['/secret']],
    [{ secret: `whpk_${'x'.repeat(40)}` }, 400, 'validation_failed', ['/secret']],
    [{ name: 'x'.repeat(121) }, 400, 'validation_failed', ['/name']],
    [{ description: 'x'.repeat(501) }, 400, 'validation_failed', ['/description']],
    [{ timeoutMs: 999 }, 400, 'validation_failed', ['/timeoutMs']],
    [{ timeoutMs: 30_001 }, 400, 'validation_failed', ['/timeoutMs']],
    [{ timeoutMs: 1_000.5 }, 400, 'validation_failed', ['/timeoutMs']],
    [{ maxInFlight: 0 }, 400, 'validation_failed', ['/maxInFlight']],
    [{ maxInFlight: 101 }, 400, 'validation_failed', ['/maxInFlight']],
    [{ autoDisableAfterDays: 0 }, 400, 'validation_failed', ['/autoDisableAfterDays']],
    [{ autoDisableAfterDays: 366 }, 400, 'validation_failed', ['/autoDisableAfterDays']],
    [{ active: 'yes' }, 400, 'validation_failed', ['/active']],
    [{ ordering: 'strict' }, 400, 'validation_failed', ['/ordering']],
    [{ wireFormat: 'xml' }, 400, 'validation_failed', ['/wireFormat']],
    [{ signatureProfiles: [] }, 400, 'validation_failed', ['/signatureProfiles']],
    [{ signatureProfiles: ['standard', 'standard'] }, 400, 'validation_failed', ['/signatureProfiles']],
    [{ signatureProfiles: ['standard', 'toString'] }, 400, 'validation_failed', ['/signatureProfiles/1']],
    [{ apiVersion: '2020-01-01' }, 400, 'validation_failed', ['/apiVersion']],
    [{ health: 'healthy' }, 400, 'validation_failed', ['/health']],
    [{ retry: { preset: 'five' } }, 400, 'invalid_retry_policy', ['/retry/preset']],
    [{ retry: { preset: '__proto__' } }, 400, 'invalid_retry_policy', ['/retry/preset']],
    [{ retry: { preset: 'six', delays: [0] } }, 400, 'invalid_retry_policy', ['/retry']],
    [{ retry: { delays: [] } }, 400, 'invalid_retry_policy', ['/retry/delays']],
    [{ retry: { delays: Array(9).fill(0) } }, 400, 'invalid_retry_policy', ['/retry/delays']],
    [{ retry: { delays: [1] } }, 400, 'invalid_retry_policy', ['/retry/delays/0']],
    [{ retry: { delays: [0, 86_400_001] } }, 400, 'invalid_retry_policy', ['/retry/delays/1']],
    [{ retry: { delays: [0, -1] } }, 400, 'invalid_retry_policy', ['/retry/delays/1']],
    [{ retry: { maxAttempts: 0 } }, 400, 'invalid_retry_policy', ['/retry/maxAttempts']],
    [{ retry: { maxAttempts: 9 } }, 400, 'invalid_retry_policy', ['/retry/maxAttempts']],
    [{ retry: { attempts: 3 } }, 400, 'validation_failed', ['/retry/attempts']],
    ...[
      'Host',
      'content-type',
      'Content-Length',
      'Transfer-Encoding',
      'connection',
      'Cookie',
      'User-Agent',
      'webhook-id',
      'Webhook-Signature',
    ].map(name => [header(name), 400, 'header_not_allowed', [`/headers/${name}`]] as const),
    ...[
      'X-Event-Id',
      'x-event-chain',
      'Traceparent',
      'X-Delivery-Id',
      'X-Platphorm-Signature',
      'x-platforma-signature',
      'X-Caldera-Signature-Next',
      '__proto__',
    ].map(name => [header(name), 400, 'header_not_allowed', [`/headers/${name}`]] as const),
    [header(''), 400, 'header_not_allowed', ['/headers/']],
    [header('X Shop'), 400, 'header_not_allowed', ['/headers/X Shop']],
    [header('X/~'), 400, 'header_not_allowed', ['/headers/X~1~0']],
    [header('Größe'), 400, 'header_not_allowed', ['/headers/Größe']],
    [header('X-A', 'größe'), 400, 'header_not_allowed', ['/headers/X-A']],
    [header('X-A', 'a\r\nX-Event-Id: evt_1'), 400, 'header_not_allowed', ['/headers/X-A']],
    [header('X-A', ' a'), 400, 'header_not_allowed', ['/headers/X-A']],
    [header('X-A', 'x'.repeat(1_022)), 400, 'header_not_allowed', ['/headers/X-A']],
    [{ headers: { 'X-A': '1', 'x-a': '2' } }, 400, 'header_not_allowed', ['/headers/x-a']],
    [
      { headers: Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`X-${at}`, 'v'])) },
      400,
      'header_not_allowed',
      ['/headers'],
    ],
    [{ headers: { 'X-A': 1 } }, 400, 'validation_failed', ['/headers/X-A']],
    [{ headers: [] }, 400, 'validation_failed', ['/headers']],
    [{ conditions: [] }, 400, 'validation_failed', ['/conditions']],
    [{ conditions: {} }, 400, 'validation_failed', ['/conditions']],
    [
      { conditions: { all: [{ path: 'amount', operator: 'gt', value: 1 }] } },
      400,
      'validation_failed',
      ['/conditions/all/0/path'],
    ],
    [{ conditions: { 'payload.a': { like: 1 } } }, 400, 'validation_failed', ['/conditions/payload.a/like']],
    [JSON.parse('{"conditions":{"__proto__":{"equals":1}}}'), 400, 'validation_failed', ['/conditions/__proto__']],
    [JSON.parse('{"__proto__":{"active":false}}'), 400, 'validation_failed', ['/__proto__']],
  ] as const)('%j', async (fields, status, code, paths) => {
    const body = JSON.stringify({ url, events: ['*'] }).slice(0, -1)
    const merged =
      'url' in fields || 'events' in fields
        ? JSON.stringify({ url, events: ['*'], ...fields })
        : `${body},${JSON.stringify(fields).slice(1)}`
    expect(outcome(await call('POST', WEBHOOKS, merged))).toEqual([status, code, paths])
    expect(outcome(await call('PATCH', `${WEBHOOKS}/${id}`, JSON.stringify(fields)))).toEqual([status, code, paths])
  })

  it.each([
    { url: longUrl(2_048) },
    { events: Array.from({ length: 100 }, (_, at) => `a${at}.bb`) },
    { secret: 'x'.repeat(16) },
    { secret: '🏠'.repeat(256) },
    { name: 'x'.repeat(120), description: 'ü'.repeat(500) },
    { timeoutMs: 1_000, maxInFlight: 1, autoDisableAfterDays: 1 },
    { timeoutMs: 30_000, maxInFlight: 100, autoDisableAfterDays: 365 },
    { retry: { delays: [0, ...Array(7).fill('24h')], maxAttempts: 8 } },
    { retry: { maxAttempts: 1 } },
    { headers: Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`X-${at}`, 'x'.repeat(1_021)])) },
    { signatureProfiles: ['standard', 'platforma', 'platphorm', 'event', 'relay', 'ed25519'] },
    {
      events: [
        '*',
        'acme.*',
        'acme.made@1.0.0',
        'TENANT_CUSTOM:org_1:aa.bb@1.0.0',
        'platformxe.generic#x',
        'order.created',
        'QUOTA_WARNING',
      ],
    },
  ])('but what is just within its bounds is taken: %#', async fields => {
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
