import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { rawCall } from '../support/raw-http.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
let owner: Awaited<ReturnType<TestApi['organization']>>
beforeAll(async () => {
  api = await openTestApi()
  owner = await api.organization()
})
afterAll(() => api?.close())

const EVENTS = '/api/v1/events/custom'
const EMIT = `POST ${EVENTS}/emit`
const LIST = `GET ${EVENTS}/emits`
const BODY = '{"name":"a.b","payload":{}}'

describe('a call whose key is not where it belongs', () => {
  it.each<[string, (key: string) => string[], RegExp]>([
    ['nowhere', () => [], /carries no API key.*Authorization: Bearer <key>/],
    [
      'without Bearer',
      key => [`authorization: ${key}`],
      /does not begin with Bearer: send 'Authorization: Bearer <key>'/,
    ],
    ['with nothing behind Bearer', () => ['authorization: Bearer'], /no key behind Bearer/],
    ['with spaces behind Bearer', () => ['authorization: Bearer   '], /no key behind Bearer/],
    ['with a tab behind Bearer', key => [`authorization: Bearer\t${key}`], /no key behind Bearer and a space/],
    [
      'as basic',
      key => [`authorization: Basic ${Buffer.from(`:${key}`).toString('base64')}`],
      /scheme Basic.*not taken.*Bearer/,
    ],
    ['as a token', key => [`authorization: Token ${key}`], /scheme Token/],
    ['behind another word', key => [`authorization: secret ${key}`], /does not begin with Bearer/],
    ['behind Bearer without a space', key => [`authorization: Bearer${key}`], /does not begin with Bearer/],
    ['in an empty header', () => ['authorization:'], /does not begin with Bearer/],
  ])('learns what to send: %s', async (_, lines, message) => {
    const headers = [...lines(owner.apiKey), 'content-type: application/json']
    for (const [start, body] of [
      [EMIT, BODY],
      [LIST, ''],
    ] as const) {
      const { status, body: answer } = await rawCall(api.base, start, headers, body)
      expect([start, status, answer.error.code]).toEqual([start, 401, 'unauthorized'])
      expect(answer.error.message).toMatch(message)
      expect(JSON.stringify(answer)).not.toContain(owner.apiKey)
    }
  })

  it.each([
    (key: string) => `authorization: Bearer ${key}`,
    (key: string) => `authorization: bearer  ${key} `,
    (key: string) => `AUTHORIZATION: BEARER ${key}`,
    (key: string) => `x-api-key: ${key}`,
  ])('is taken in every way that is one (%#)', async line => {
    expect((await rawCall(api.base, LIST, [line(owner.apiKey)])).status).toBe(200)
  })

  it('logs in to the schema registry with Basic, and is refused there without a key behind the colon', async () => {
    const subjects = 'GET /api/v1/schema-registry/subjects'
    const basic = (text: string) => [`authorization: Basic ${Buffer.from(text).toString('base64')}`]
    expect((await rawCall(api.base, subjects, basic(`any:${owner.apiKey}`))).status).toBe(200)
    const empty = await rawCall(api.base, subjects, basic('any:'))
    expect([empty.status, empty.body.message]).toEqual([401, 'The API key is not known.'])
  })
})

describe('a body that is JSON in the wrong encoding', () => {
  const utf16 = (text: string) => Buffer.from(text, 'utf16le')
  it.each<[string, Buffer, RegExp]>([
    [
      'behind a byte order mark',
      Buffer.from(`\ufeff${BODY}`),
      /^The body begins with a byte order mark \(BOM\): send UTF-8 without it\.$/,
    ],
    ['in UTF-16', utf16(`\ufeff${BODY}`), /^The body is in UTF-16 or UTF-32: send UTF-8\.$/],
    ['in UTF-16 without a mark', utf16(BODY), /UTF-16/],
    ['in UTF-16, big end first', utf16(BODY).swap16(), /UTF-16/],
    [
      'in Latin-1',
      Buffer.from('{"name":"a.b","payload":{"a":"\u00e9"}}', 'latin1'),
      /^The body is not UTF-8: send UTF-8\.$/,
    ],
  ])('learns so, wherever it goes: %s', async (_, body, message) => {
    for (const path of [`${EVENTS}/emit`, `${EVENTS}/emit/batch`, EVENTS, '/api/v1/webhooks']) {
      const headers = [`x-api-key: ${owner.apiKey}`, 'content-type: application/json']
      const { status, body: answer } = await rawCall(api.base, `POST ${path}`, headers, body)
      expect([path, status, answer.error.code]).toEqual([path, 400, 'validation_failed'])
      expect(answer.error.message).toMatch(message)
      expect(answer.error.details).toEqual([{ path: '', rule: 'not_json', message: expect.any(String) }])
    }
  })

  it.each<[string[], RegExp]>([
    [
      ['content-type: application/json; charset=utf-16'],
      /content-type must be application\/json in UTF-8, not '.*utf-16': encode the body as UTF-8/,
    ],
    [['content-type: application/json;charset="iso-8859-1"'], /encode the body as UTF-8/],
    [['content-type: text/plain'], /content-type must be application\/json, not 'text\/plain'/],
    [[], /content-type is missing: send application\/json/],
    [
      ['content-type: application/json', 'content-encoding: gzip'],
      /content-encoding must be left out: send the body uncompressed/,
    ],
  ])('learns from its headers %j', async (lines, message) => {
    for (const path of [`${EVENTS}/emit`, EVENTS]) {
      const { status, body } = await rawCall(api.base, `POST ${path}`, [`x-api-key: ${owner.apiKey}`, ...lines], BODY)
      expect([path, status, body.error.code, body.error.message]).toEqual([
        path,
        415,
        'unsupported_media_type',
        expect.stringMatching(message),
      ])
      expect(body.error.details[0].path).toMatch(/^\/headers\/content-/)
    }
  })

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/json; charset=utf8',
  ])('is none with the content type %s', async type => {
    const headers = [`x-api-key: ${owner.apiKey}`, `content-type: ${type}`, 'prefer: respond-async']
    expect((await rawCall(api.base, EMIT, headers, BODY)).status).toBe(202)
  })
})

describe('a time in a query', () => {
  const lists = () =>
    api.routes.filter(
      ({ method, query }) =>
        method === 'GET' &&
        (query?.properties as { from?: { format?: string } } | undefined)?.from?.format === 'date-time',
    )

  it.each<[string, RegExp]>([
    ['2026-01-01T00:00:00+02:00', /has a space where its zone begins.*write %2B.*Z/],
    ['yesterday', /must be a date-time with a zone \(RFC 3339\), such as/],
    ['2026-01-01T00:00:00', /must be a date-time with a zone/],
  ])('that is none is refused with what to write, on every list: %s', async (from, message) => {
    expect(lists().length).toBeGreaterThan(4)
    for (const { path } of lists()) {
      const { status, body } = await owner.call('GET', `${path.replace(':id', 'wh_x')}?from=${from}`)
      expect([path, status]).toEqual([path, 400])
      expect(body.error?.details).toEqual([{ path: '/from', rule: 'format', message: expect.stringMatching(message) }])
    }
  })

  it.each([
    '2026-01-01T00:00:00%2B02:00',
    '2026-01-01t00:00:00.5z',
    `2026-01-01T00:00:00.${'3'.repeat(300)}Z`,
    '2026-12-31T23:59:60Z',
    '2026-01-01T00:00:00-00:00',
    '0000-01-01T00:00:00%2B23:59',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:60Z',
  ])('is taken in every way of RFC 3339, on every list: %s', async time => {
    const url = 'https://hooks.example.com/'
    const webhook = (await owner.call('POST', '/api/v1/webhooks', { url, events: ['*'] })).data.id
    for (const { path } of lists()) {
      for (const bound of ['from', 'to']) {
        const { status, body } = await owner.call('GET', `${path.replace(':id', webhook)}?${bound}=${time}`)
        expect([path, bound, status, body.error]).toEqual([path, bound, 200, undefined])
      }
    }
    await owner.call('DELETE', `/api/v1/webhooks/${webhook}`)
  })
})

describe('a version or a name that is written another way', () => {
  it.each([
    [{ version: 'v1.0.0' }, 'invalid_version_format', '/version', /without the v: 1\.0\.0/],
    [{ version: '1.0' }, 'invalid_version_format', '/version', /MAJOR\.MINOR\.PATCH/],
    [{ name: 'order@1.0.0' }, 'invalid_name', '/name', /field version/],
  ])('is refused with what to write: %j', async (fields, code, path, message) => {
    const template = {
      namespace: owner.slug,
      name: 'order',
      version: '1.0.0',
      payloadSchema: { type: 'object' },
      ...fields,
    }
    const { status, body } = await owner.call('POST', EVENTS, template)
    expect([status, body.error?.code, body.error?.details?.[0]?.path]).toEqual([400, code, path])
    expect(body.error?.message).toMatch(message)
  })

  it.each([
    [{ version: 'v1.0.0' }, '/version', /without the v: 1\.0\.0/],
    [{ name: 'shop.order@1.0.0' }, '/name', /field version/],
  ])('is refused by a subscription, too: %j', async (fields, path, message) => {
    const body = { name: 'shop.order', webhookUrl: 'https://hooks.example.com/', ...fields }
    const reply = await owner.call('POST', `${EVENTS}/subscribe`, body)
    expect([reply.status, reply.body.error?.details?.[0]?.path]).toEqual([400, path])
    expect(reply.body.error?.message).toMatch(message)
  })
})

describe('a filter of a list', () => {
  it('by the name of registrations may have the namespace before it, and is refused where no name is written so', async () => {
    const { slug, call } = await api.organization()
    await call('POST', EVENTS, {
      namespace: slug,
      name: 'order.paid',
      version: '1.0.0',
      payloadSchema: { type: 'object' },
    })
    const names = async (query: string) =>
      (await call('GET', `${EVENTS}?${query}`)).data.map((each: { name: string }) => each.name)
    expect(await names('name=order.paid')).toEqual(['order.paid'])
    expect(await names(`name=${slug}.order.paid`)).toEqual(['order.paid'])
    expect(await names('name=order')).toEqual([])
    for (const query of ['name=Order', 'name=order@1.0.0', 'name=order.*', 'name=*', 'namespace=Shop', 'namespace=a.b'])
      expect([query, (await call('GET', `${EVENTS}?${query}`)).status]).toEqual([query, 400])
  })

  it('by type takes the selectors of webhooks, and is refused for anything else', async () => {
    const url = 'https://hooks.example.com/'
    const webhook = (await owner.call('POST', '/api/v1/webhooks', { url, events: ['*'] })).data.id
    const path = `/api/v1/webhooks/${webhook}/deliveries`
    const canonical = `TENANT_CUSTOM:${owner.id}:shop.order@1.0.0`
    for (const type of [
      '*',
      'shop.*',
      'shop.order',
      'shop.order@1.0.0',
      canonical,
      'instance.created',
      'InstanceCreated',
      'WEBHOOK_CREATED',
    ])
      expect([type, (await owner.call('GET', `${path}?type=${type}`)).status]).toEqual([type, 200])
    for (const type of [
      'orders',
      'shop.order@1',
      'shop.order@v1.0.0',
      'Shop.order',
      'shop.**',
      'a:b',
      'platformxe.generic%23k',
    ]) {
      const reply = await owner.call('GET', `${path}?type=${type}`)
      expect([type, reply.status, reply.body.error?.details?.[0]]).toMatchObject([
        type,
        400,
        { path: '/type', rule: 'selector' },
      ])
    }
  })

  it('by the code of a refused record is one of the codes', async () => {
    const quarantine = (code: string) => owner.call('GET', `${EVENTS}/quarantine?code=${code}`)
    expect((await quarantine('payload_invalid')).status).toBe(200)
    const reply = await quarantine('PAYLOAD_INVALID')
    expect([reply.status, reply.body.error?.details?.[0]?.path]).toEqual([400, '/code'])
  })
})

describe('half of a surrogate pair', () => {
  it.each<[string, string, string]>([
    ['/subject', `${EVENTS}/emit`, '{"name":"a.b","payload":{},"subject":"a\\ud83d"}'],
    [
      '/items/0/correlationId',
      `${EVENTS}/emit/batch`,
      '{"items":[{"name":"a.b","payload":{},"correlationId":"\\ude00"}]}',
    ],
    ['/name', '/api/v1/webhooks', '{"url":"https://hooks.example.com/","events":["*"],"name":"\\ud83d\\ud83d"}'],
    ['/name', '/api/v1/kafka-credentials', '{"name":"\\ud83d","access":"both"}'],
  ])('is refused where it would become another character: %s of POST %s', async (path, at, body) => {
    const { status, body: answer } = await rawCall(
      api.base,
      `POST ${at}`,
      [`x-api-key: ${owner.apiKey}`, 'content-type: application/json'],
      body,
    )
    const error = at.endsWith('batch') ? answer.data.results[0].error : answer.error
    expect([at.endsWith('batch') || status === 400, error.code, error.details[0].path]).toEqual([
      true,
      'validation_failed',
      path,
    ])
    expect(error.details[0].message).toMatch(/half of a surrogate pair.*send whole characters/)
  })

  it('is refused in fields that the platform sets for a built-in event', async () => {
    const event = {
      organizationId: (await api.organization()).id,
      type: 'order.failed',
      data: { order_id: 'o', error: 'e' },
    }
    for (const field of ['subject', 'actorId', 'source', 'correlationId']) {
      const reply = await api.operator('POST', '/api/v1/platform/events', { ...event, [field]: 'x\ud83d' })
      expect([reply.status, reply.body.error?.details?.[0]?.path]).toEqual([400, `/${field}`])
    }
  })
})

describe('a secret that a caller brings', () => {
  const bad = `whsec_${Buffer.alloc(16).toString('base64')}`
  it('is checked at every place where one is brought', async () => {
    const url = 'https://hooks.example.com/'
    const { id } = (await owner.call('POST', '/api/v1/webhooks', { url, events: ['*'] })).data
    const path = `/api/v1/webhooks/${id}`
    for (const [method, at, body] of [
      ['POST', '/api/v1/webhooks', { url, events: ['*'] }],
      ['PATCH', path, {}],
      ['POST', `${path}/rotate`, {}],
      ['POST', `${path}/rotate-secret`, { immediate: true }],
      ['POST', `${EVENTS}/subscribe`, { name: 'shop.order', webhookUrl: url }],
    ] as const) {
      for (const secret of [bad, ' sixteen letters and more', 'sixteen letters\n and more']) {
        const reply = await owner.call(method, at, { ...body, secret })
        expect([at, reply.status, reply.code, reply.body.error?.details?.[0]?.path]).toEqual([
          at,
          400,
          'validation_failed',
          '/secret',
        ])
      }
    }
    expect((await owner.call('PATCH', path, { secret: 'whsec_your_signing_secret' })).status).toBe(200)
    expect((await owner.call('POST', `${path}/rotate`, { secret: 'your-webhook-secret' })).data.secret).toBe(
      'your-webhook-secret',
    )
  })
})
