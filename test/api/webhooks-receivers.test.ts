/** Webhooks and a real receiver: tests, ownership, rotation of secrets, and the original's way of making them. */
import { createHmac } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { Webhook as Standard } from 'standardwebhooks'
import { createControlPlane } from '../../src/control-plane/control-plane.ts'
import { createIds } from '../../src/model/ids.ts'
import { createValidators } from '../../src/registry/validators.ts'
import { clock, random } from '../control-plane/control-plane-harness.ts'
import { createRawReceiver } from '../support/raw-receiver.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

/** A day's overlap becomes 20 seconds: long enough for a test, and not a day. */
const TIME_SCALE = 20_000 / 86_400_000

let api: TestApi
let receiver: Receiver
let owner: Awaited<ReturnType<TestApi['organization']>>
let call: typeof owner.call
beforeAll(async () => {
  api = await openTestApi({ egress: { allow: ['127.0.0.0/8'], allowHttp: true }, timeScale: TIME_SCALE })
  receiver = await createReceiver()
  owner = await api.organization('ENTERPRISE')
  call = owner.call
})
afterAll(async () => {
  await receiver?.close()
  await api?.close()
})
afterEach(() => receiver.answerWith(() => ({ status: 204 })))

const WEBHOOKS = '/api/v1/webhooks'
const create = async (fields: object = {}) =>
  (await call('POST', WEBHOOKS, { url: `${receiver.url}/in`, events: ['*'], ...fields })).data
const last = () => receiver.requests.at(-1)!
const verified = (secret: string) => {
  const { body, headers } = last()
  try {
    return Boolean(new Standard(secret).verify(body, headers))
  } catch {
    return false
  }
}

describe('the test of a webhook', () => {
  it('sends a signed event webhook.test now, answers with its result, and is recorded like a delivery', async () => {
    const webhook = await create({ headers: { 'X-Shop': 'eu-1' }, signatureProfiles: ['standard', 'platphorm'] })
    const { status, data } = await call('POST', `${WEBHOOKS}/${webhook.id}/test`)
    expect([status, data]).toEqual([
      200,
      {
        ...{ success: true, responseStatus: 204, responseTimeMs: expect.any(Number), error: null, errorKind: null },
        ...{ deliveryId: expect.stringMatching(/^dlv_/), eventId: expect.stringMatching(/^evt_/) },
      },
    ])
    expect(verified(webhook.secret)).toBe(true)
    const { headers, body } = last()
    expect(headers).toMatchObject({
      'x-shop': 'eu-1',
      'x-delivery-id': data.deliveryId,
      'x-event-id': data.eventId,
      'x-delivery-attempt': '1',
    })
    expect(JSON.parse(body.toString())).toMatchObject({
      type: 'webhook.test',
      deliveryId: data.deliveryId,
      sequence: 0,
      data: { webhookId: webhook.id },
    })
    const row = api.tested.find(({ deliveryId }) => deliveryId === data.deliveryId)
    expect(row).toMatchObject({
      trigger: 'test',
      state: 'success',
      number: 1,
      webhookId: webhook.id,
      eventType: 'webhook.test',
      responseStatus: 204,
    })
    expect(JSON.parse(row!.requestHeaders!)).toMatchObject({
      'x-shop': '[redacted]',
      'webhook-signature': '[redacted]',
      'x-platphorm-signature': '[redacted]',
    })
  })

  it.each([
    [() => ({ status: 500 }) as const, { responseStatus: 500, errorKind: 'status' }],
    [() => ({ redirect: 'https://example.com/' }) as const, { responseStatus: 302, errorKind: 'redirect' }],
    [() => 'hang' as const, { responseStatus: null, errorKind: 'timeout' }],
    [() => 'reset' as const, { responseStatus: null, errorKind: 'connect' }],
  ])('tells what went wrong, once: %#', async (answer, expected) => {
    const webhook = await create({ timeoutMs: 1_000 })
    receiver.answerWith(answer)
    const before = receiver.requests.length
    const { status, data } = await call('POST', `${WEBHOOKS}/${webhook.id}/test`)
    expect([status, data]).toEqual([
      200,
      expect.objectContaining({ success: false, error: expect.any(String), ...expected }),
    ])
    expect(receiver.requests.length).toBe(before + 1)
  })

  it('recognizes interim answers and half a body, and says when the answer cannot be read', async () => {
    let answer = ''
    const raw = await createRawReceiver({ answer: ({ socket }) => socket.write(answer) })
    try {
      const webhook = await create({ url: `${raw.url}/in`, timeoutMs: 1_000 })
      const test = async (bytes: string) => {
        answer = bytes
        return (await call('POST', `${WEBHOOKS}/${webhook.id}/test`)).data
      }
      const half = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nhalf'
      const taken = await test(half)
      expect(taken).toMatchObject({ success: true, responseStatus: 202, errorKind: null, error: null })
      const row = api.tested.find(({ deliveryId }) => deliveryId === taken.deliveryId)
      expect(row).toMatchObject({ state: 'success', responseStatus: 202, responseBody: 'half', errorKind: null })
      expect(JSON.parse(row!.requestHeaders!)).toMatchObject({ accept: '*/*' })
      const refused = { success: false, errorKind: 'protocol', error: expect.any(String) }
      expect(await test('HTTP/1.1 200 OK\n\n')).toMatchObject({ ...refused, responseStatus: null })
      expect(await test('HTTP/1.1 101 Switching Protocols\r\n\r\n')).toMatchObject({ ...refused, responseStatus: 101 })
    } finally {
      await raw.close()
    }
  })

  it('may be made of one that is switched off, and of no other organization', async () => {
    const webhook = await create({ active: false })
    expect((await call('POST', `${WEBHOOKS}/${webhook.id}/test`)).data.success).toBe(true)
    const stranger = await api.organization('ENTERPRISE')
    expect((await stranger.call('POST', `${WEBHOOKS}/${webhook.id}/test`)).status).toBe(404)
  })
})

describe('a webhook whose secret cannot be opened', () => {
  it('can be read and listed, its test says why, and a new secret mends it', async () => {
    const checks = {
      checkUrl: () => undefined,
      validators: createValidators({ cacheMax: 10 }),
      secretKey: 'the key of another installation',
    }
    const elsewhere = createControlPlane({ ...api, ...checks, ids: createIds({ clock, random }), clock, random })
    const given = {
      url: `${receiver.url}/in`,
      events: ['*'],
      signatureProfiles: ['ed25519' as const],
      headers: { 'X-Shop': 'eu-1' },
    }
    const { webhook } = await elsewhere.webhooks.create(
      { actorId: 'operator', requestId: 'req_1' },
      { organizationId: owner.id, environment: 'live' },
      given,
    )
    const path = `${WEBHOOKS}/${webhook.id}`
    await api.view.waitFor(webhook.revision, 5_000)
    expect((await call('GET', path)).data).toMatchObject({ id: webhook.id, publicKey: null })
    expect((await call('GET', WEBHOOKS)).status).toBe(200)
    for (const [method, at, body] of [
      ['POST', `${path}/test`, undefined],
      ['PATCH', path, { name: 'n', verifyOwnership: true }],
    ] as const) {
      const { status, code, body: answer } = await call(method, at, body)
      expect([status, code, answer.error?.message]).toEqual([
        409,
        'secret_unreadable',
        expect.stringContaining('set both again'),
      ])
    }
    expect(
      (await call('PATCH', path, { secret: 'whsec_dGhpcyBpcyBhIG5ldyBzZWNyZXQgb2YgMzIgYnk=', headers: {} })).status,
    ).toBe(200)
    expect((await call('POST', `${path}/test`)).data).toMatchObject({ success: true })
    expect((await call('GET', path)).data.publicKey).toMatch(/^whpk_/)
  })
})

describe('ownership', () => {
  it('that is to be verified decides whether the webhook is made', async () => {
    receiver.answerWith(() => ({ status: 404 }))
    const before = (await call('GET', WEBHOOKS)).data.length
    const refused = await call('POST', WEBHOOKS, { url: `${receiver.url}/in`, events: ['*'], verifyOwnership: true })
    expect([refused.status, refused.code, refused.body.error?.details?.[0]?.path]).toEqual([
      409,
      'ownership_not_verified',
      '/url',
    ])
    expect((await call('GET', WEBHOOKS)).data.length).toBe(before)
    receiver.answerWith(() => ({ status: 200 }))
    const made = await create({ verifyOwnership: true })
    expect(JSON.parse(last().body.toString())).toMatchObject({ type: 'webhook.test' })
    expect(verified(made.secret)).toBe(true)
  })

  it('decides likewise on another URL and on switching on, by the settings after the change', async () => {
    const webhook = await create({ active: false })
    receiver.answerWith(({ path }) => ({ status: path === '/new' ? 200 : 500 }))
    const path = `${WEBHOOKS}/${webhook.id}`
    expect((await call('POST', `${path}/activate`, { verifyOwnership: true })).code).toBe('ownership_not_verified')
    expect((await call('PATCH', path, { url: `${receiver.url}/other`, verifyOwnership: true })).code).toBe(
      'ownership_not_verified',
    )
    expect((await call('GET', path)).data).toMatchObject({ active: false, url: `${receiver.url}/in`, revision: 1 })
    const asked = receiver.requests.length
    expect((await call('PATCH', path, { verifyOwnership: true }, { 'if-match': '9' })).code).toBe('revision_conflict')
    expect(receiver.requests.length).toBe(asked)
    expect((await call('PATCH', path, { url: `${receiver.url}/new`, verifyOwnership: true })).status).toBe(200)
    expect((await call('POST', `${path}/activate`, { verifyOwnership: true })).data).toMatchObject({
      active: true,
      revision: 3,
    })
  })
})

describe('a webhook that is switched off', () => {
  it('is switched on by activate, from where it stopped or from now on; again it changes nothing', async () => {
    const { id } = await create()
    const path = `${WEBHOOKS}/${id}`
    const stored = () => api.view.find('webhook', owner.id, id)
    for (const [body, expected] of [
      [undefined, null],
      [{}, null],
      [{ resume: 'latest' }, expect.stringMatching(/Z$/)],
      [{ resume: 'from_pause' }, null],
    ] as const) {
      expect((await call('PATCH', path, { active: false })).data).toMatchObject({
        active: false,
        pausedAt: expect.any(String),
      })
      const activated = await call('POST', `${path}/activate`, body)
      expect([activated.status, activated.data.active, activated.data.pausedAt]).toEqual([200, true, null])
      expect(stored()?.resumeAfter).toEqual(expected)
    }
    const { revision } = stored()!
    expect((await call('POST', `${path}/activate`)).data.revision).toBe(revision)
    expect((await call('POST', `${path}/activate`, { resume: 'now' })).code).toBe('validation_failed')
    expect((await call('POST', `${path}/activate`, {}, { 'if-match': '1' })).code).toBe('revision_conflict')
  })
})

describe('the rotation of a secret', () => {
  it('shows the new one once; both sign until the former ends; there is one at a time', async () => {
    const webhook = await create({ signatureProfiles: ['standard', 'platphorm'] })
    const path = `${WEBHOOKS}/${webhook.id}`
    const beforeMs = clock.nowMs()
    const { status, data } = await call('POST', `${path}/rotate`)
    expect([status, data.id, data.revision]).toEqual([200, webhook.id, 2])
    expect(data.secret).toMatch(/^whsec_/)
    expect(Date.parse(data.previousSecretExpiresAt) - beforeMs).toBeGreaterThan(19_000)
    expect(Date.parse(data.previousSecretExpiresAt) - beforeMs).toBeLessThan(40_000)
    expect((await call('GET', path)).data).not.toHaveProperty('secret')

    await call('POST', `${path}/test`)
    expect([verified(data.secret), verified(webhook.secret)]).toEqual([true, true])
    const signed = (secret: string) => `sha256=${createHmac('sha256', secret).update(last().body).digest('hex')}`
    expect(last().headers).toMatchObject({
      'x-platphorm-signature': signed(webhook.secret),
      'x-platphorm-signature-next': signed(data.secret),
    })

    const again = await call('POST', `${path}/rotate-secret`, { secret: 'another secret of mine' })
    expect([again.status, again.code]).toEqual([409, 'secret_rotation_in_progress'])
    const now = await call('POST', `${path}/rotate-secret`, { secret: 'another secret of mine', immediate: true })
    expect(now.data).toMatchObject({ secret: 'another secret of mine', previousSecretExpiresAt: null })
    await call('POST', `${path}/test`)
    expect([verified(data.secret), verified(webhook.secret)]).toEqual([false, false])
    expect(last().headers).toMatchObject({ 'x-platphorm-signature': signed('another secret of mine') })
  })

  it('refuses an invalid secret, and another revision', async () => {
    const { id } = await create()
    for (const secret of ['short', 'x'.repeat(257), `whpk_${'x'.repeat(40)}`]) {
      const reply = await call('POST', `${WEBHOOKS}/${id}/rotate`, { secret })
      expect([reply.code, reply.body.error?.details?.[0]?.path]).toEqual(['validation_failed', '/secret'])
    }
    expect((await call('POST', `${WEBHOOKS}/${id}/rotate`, {}, { 'if-match': '7' })).code).toBe('revision_conflict')
  })

  it('a secret that is patched ends the others at once', async () => {
    const webhook = await create()
    const path = `${WEBHOOKS}/${webhook.id}`
    await call('POST', `${path}/rotate`)
    const patched = await call('PATCH', path, { secret: 'a secret by patch, long enough' })
    expect([patched.data.previousSecretExpiresAt, patched.data.secret]).toEqual([null, undefined])
    await call('POST', `${path}/test`)
    expect(verified(webhook.secret)).toBe(false)
  })
})

describe('a subscription', () => {
  const subscribe = (body: object) => call('POST', '/api/v1/events/custom/subscribe', body)
  it.each([
    [undefined, 'shop.order_paid', '*'],
    ['*', 'shop.order_paid', '*'],
    ['1.2.0', 'shop.order_paid@1.2.0', '1.2.0'],
  ])('to version %s is a webhook by another name', async (version, selector, shown) => {
    const webhookUrl = `${receiver.url}/evs`
    const { status, data } = await subscribe({
      name: 'shop.order_paid',
      webhookUrl,
      displayName: 'Orders',
      ...(version && { version }),
    })
    expect([status, data]).toEqual([
      201,
      {
        ...{
          subscriptionId: expect.stringMatching(/^evs_/),
          webhookId: `wh_${data.subscriptionId.slice(4)}`,
          webhookUrl,
        },
        ...{
          canonicalName: `TENANT_CUSTOM:${owner.id}:shop.order_paid@${shown}`,
          secret: expect.stringMatching(/^whsec_/),
        },
      },
    ])
    expect((await call('GET', `${WEBHOOKS}/${data.webhookId}`)).data).toMatchObject({
      events: [selector],
      name: 'Orders',
      url: webhookUrl,
    })
    await call('POST', `${WEBHOOKS}/${data.webhookId}/test`)
    const { headers, body } = last()
    expect(headers['x-event-signature']).toBe(
      createHmac('sha256', data.secret).update(`${headers['x-event-timestamp']}.`).update(body).digest('hex'),
    )
  })

  it.each(['instance.created', 'InstanceCreated'])('to %s listens to the built-in event', async name => {
    const { data } = await subscribe({ name, webhookUrl: receiver.url })
    expect(data.canonicalName).toBe(`PLATFORM:${owner.id}:instance.created@1`)
    expect((await call('GET', `${WEBHOOKS}/${data.webhookId}`)).data.events).toEqual(['instance.created'])
  })

  it.each([
    [{ name: 'instance.created', version: '1.0.0' }, 'invalid_version_format', '/version'],
    [{ name: 'orders' }, 'invalid_event_selector', '/name'],
    [{ version: '1.2' }, 'invalid_version_format', '/version'],
    [{ webhookUrl: 'https://10.0.0.1/' }, 'invalid_webhook_url', '/webhookUrl'],
    [{ webhookUrl: 'ftp://example.com/' }, 'https_required', '/webhookUrl'],
    [{ more: 1 }, 'validation_failed', '/more'],
    [{ secret: 'short' }, 'validation_failed', '/secret'],
  ])('%j is refused with its place', async (fields, code, path) => {
    const reply = await subscribe({ name: 'shop.order_paid', webhookUrl: receiver.url, ...fields })
    expect([reply.status, reply.code, reply.body.error?.details?.[0]?.path]).toEqual([400, code, path])
  })
})

describe('the calls of the originals work unchanged', () => {
  it("Platphorm's: answered bare, signed, rendered and retried as its documents say", async () => {
    const alias = { 'x-platphorm-api-key': owner.apiKey }
    const anonymous = api.as(undefined)
    const body = {
      ...{ url: `${receiver.url}/webhooks/platphorm`, events: ['design.created', 'design.exported', 'design.shared'] },
      ...{ secret: 'your-webhook-secret', description: 'Production webhook for design events', active: true },
    }
    const made = await anonymous('POST', WEBHOOKS, body, alias)
    expect([made.status, made.body]).toEqual([
      201,
      {
        ...{ id: expect.stringMatching(/^wh_/), url: body.url, events: body.events, secret: body.secret, active: true },
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    ])
    expect((await call('GET', `${WEBHOOKS}/${made.body.id}`)).data).toMatchObject({
      ...{
        wireFormat: 'platphorm',
        signatureProfiles: ['platphorm', 'standard'],
        retry: { preset: 'four', maxAttempts: 4 },
      },
    })
    await call('POST', `${WEBHOOKS}/${made.body.id}/test`)
    expect(last().headers['x-platphorm-signature']).toBe(
      `sha256=${createHmac('sha256', body.secret).update(last().body).digest('hex')}`,
    )
    expect(JSON.parse(last().body.toString())).toMatchObject({
      ...{
        id: expect.stringMatching(/^dlv_/),
        type: 'webhook.test',
        apiVersion: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      },
      metadata: { source: 'platphorm-design', environment: 'production' },
    })
    expect((await anonymous('GET', `${WEBHOOKS}/${made.body.id}/deliveries`, undefined, alias)).body).toEqual({
      deliveries: [],
    })
    const failed = await anonymous('POST', WEBHOOKS, { ...body, url: 'ftp://your-app.com/' }, alias)
    expect([failed.status, failed.code]).toEqual([400, 'https_required'])
  })

  it("PLATFORMA's: url, events and a secret of one's own", async () => {
    const secret = 'whsec_your_signing_secret'
    const made = await call('POST', WEBHOOKS, {
      url: `${receiver.url}/webhooks/platforma`,
      events: ['order.created', 'order.provisioned', 'order.failed'],
      secret,
    })
    expect([made.status, made.data.secret, made.data.events]).toEqual([
      201,
      secret,
      ['order.created', 'order.provisioned', 'order.failed'],
    ])
    await call('PATCH', `${WEBHOOKS}/${made.data.id}`, { signatureProfiles: ['platforma'], wireFormat: 'platforma' })
    await call('POST', `${WEBHOOKS}/${made.data.id}/test`)
    expect(last().headers['x-platforma-signature']).toBe(createHmac('sha256', secret).update(last().body).digest('hex'))
    expect(JSON.parse(last().body.toString())).toMatchObject({ type: 'webhook.test', data: {} })
  })
})

it('after a downgrade the newest beyond the plan can be paused and deleted, and nothing else', async () => {
  const { id: organizationId, call } = await api.organization('BASIC')
  const ids: string[] = []
  for (let n = 0; n < 4; n++)
    ids.push((await call('POST', WEBHOOKS, { url: receiver.url, events: ['*'], active: n !== 3 })).data.id)
  await api.operator('PATCH', `/api/v1/organizations/${organizationId}`, { plan: 'FREE' })
  const code = async (method: string, at: number, path = '', body?: object) => {
    const reply = await call(method, `${WEBHOOKS}/${ids[at]}${path}`, body)
    return [reply.status, reply.code]
  }
  for (const at of [0, 1]) expect(await code('PATCH', at, '', { name: 'kept' })).toEqual([200, undefined])
  for (const at of [2, 3]) {
    expect(await code('PATCH', at, '', { name: 'beyond' })).toEqual([402, 'webhook_quota_exceeded'])
    expect(await code('POST', at, '/rotate')).toEqual([402, 'webhook_quota_exceeded'])
    expect(await code('GET', at)).toEqual([200, undefined])
  }
  expect(await code('PATCH', 2, '', { active: false })).toEqual([200, undefined])
  expect(await code('POST', 2, '/activate')).toEqual([402, 'webhook_quota_exceeded'])
  expect(await code('DELETE', 0)).toEqual([200, undefined])
  expect(await code('POST', 2, '/activate')).toEqual([200, undefined])
})
