/** Webhooks as their owners set them, on a whole platform: recipients, wire formats, and the history of deliveries. */
import { createHmac } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import { Webhook as Standard } from 'standardwebhooks'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type ReceivedRequest, type Receiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

interface Made {
  id: string
  secret: string
}
const emit = (organization: TestOrganization, payload: string) =>
  organization.call<{ emitId: string; eventId: string }>(
    'POST',
    '/api/v1/events/custom/emit',
    `{"name":"platformxe.generic","payload":${payload}}`,
  )
const create = async (organization: TestOrganization, receiver: Receiver, path: string, fields: object) =>
  (await organization.call<Made>('POST', '/api/v1/webhooks', { url: receiver.url + path, events: ['*'], ...fields }))
    .data
const at = (receiver: Receiver, path: string): ReceivedRequest[] =>
  receiver.requests.filter(request => request.path === path)

it('an event reaches only the webhooks whose conditions it meets, also those that catch up; the others are shown as skipped', async () => {
  const organization = await platform.organization()
  const receiver = await createReceiver()
  const large = { all: [{ path: 'payload.data.amount', operator: 'gte', value: 100 }] }
  const all = await create(organization, receiver, '/all', {})
  const some = await create(organization, receiver, '/some', { conditions: large })
  const paused = await create(organization, receiver, '/paused', {
    conditions: { 'payload.data.amount': { gte: 100 } },
    active: false,
  })
  const small = await emit(organization, '{"kind":"k","data":{"amount":99}}')
  const exact = await emit(organization, '{"kind":"k","data":{"amount":100.0000000000000000001}}')
  await emit(organization, '{"kind":"k","data":{"amount":"100"}}')
  await receiver.received(4)
  await organization.call('POST', `/api/v1/webhooks/${paused.id}/activate`)
  await receiver.received(5)
  expect(at(receiver, '/all')).toHaveLength(3)
  for (const path of ['/some', '/paused']) {
    const bodies = at(receiver, path).map(({ body }) => body.toString())
    expect([
      path,
      bodies.length,
      bodies[0]?.includes('"data":{"kind":"k","data":{"amount":100.0000000000000000001}}'),
    ]).toEqual([path, 1, true])
  }
  expect(at(receiver, '/paused')[0]?.headers['x-event-replay']).toMatch(/^rpl_/)

  const webhooksOf = async ({ data }: typeof small) =>
    until(
      async () =>
        (await organization.call<{ webhooks?: unknown[] }>('GET', `/api/v1/events/custom/emits/${data.emitId}`)).data
          ?.webhooks ?? [],
      found => found.length === 3,
    )
  const skipped = (webhookId: string) => ({ webhookId, skipped: 'condition_false' })
  expect(await webhooksOf(small)).toEqual(
    expect.arrayContaining([skipped(some.id), skipped(paused.id), { webhookId: all.id, skipped: null }]),
  )
  expect(await webhooksOf(exact)).not.toEqual(expect.arrayContaining([skipped(some.id)]))
  await receiver.close()
}, 60_000)

it('each webhook gets its own format, signed in its own profiles, with its own headers; the log does not show secrets', async () => {
  const organization = await platform.organization()
  const receiver = await createReceiver()
  const hooks = {
    cloudevents: await create(organization, receiver, '/cloudevents', {
      wireFormat: 'cloudevents',
      headers: { 'X-Key': 'of the shop' },
    }),
    ctrlplane: await create(organization, receiver, '/ctrlplane', {
      wireFormat: 'ctrlplane',
      signatureProfiles: ['relay'],
    }),
    platforma: await create(organization, receiver, '/platforma', {
      wireFormat: 'platforma',
      signatureProfiles: ['platforma', 'standard'],
    }),
    platphorm: await create(organization, receiver, '/platphorm', {
      wireFormat: 'platphorm',
      signatureProfiles: ['platphorm'],
    }),
  }
  const { data } = await emit(organization, '{"kind":"k"}')
  await receiver.received(4)
  const got = (name: keyof typeof hooks) => at(receiver, `/${name}`)[0]!
  const hex = (name: keyof typeof hooks) =>
    createHmac('sha256', hooks[name].secret).update(got(name).body).digest('hex')
  const read = (name: keyof typeof hooks) => JSON.parse(got(name).body.toString())
  expect(got('cloudevents').headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'x-key': 'of the shop',
  })
  for (const name of ['cloudevents', 'platforma'] as const)
    expect(() => new Standard(hooks[name].secret).verify(got(name).body, got(name).headers)).not.toThrow()
  expect(got('ctrlplane').headers).toMatchObject({
    'x-platformxe-signature': `sha256=${hex('ctrlplane')}`,
    'x-caldera-signature': `sha256=${hex('ctrlplane')}`,
  })
  expect(got('platforma').headers['x-platforma-signature']).toBe(hex('platforma'))
  expect(got('platphorm').headers['x-platphorm-signature']).toBe(`sha256=${hex('platphorm')}`)
  expect(read('cloudevents')).toMatchObject({ specversion: '1.0', id: data.eventId, data: { kind: 'k' } })
  expect(read('ctrlplane')).toMatchObject({ id: data.eventId, tenant_id: organization.org.id, payload: { kind: 'k' } })
  expect(read('platforma')).toMatchObject({ type: 'platformxe.generic', data: { kind: 'k' } })
  expect(read('platphorm').id).toBe(got('platphorm').headers['x-delivery-id'])

  const id = got('cloudevents').headers['x-delivery-id']
  const attempts = await until(
    async () =>
      (
        await organization.call<Array<{ requestHeaders: Record<string, string> }>>(
          'GET',
          `/api/v1/webhooks/deliveries/${id}/attempts`,
        )
      ).data ?? [],
    found => found.length > 0,
  )
  expect(attempts[0]?.requestHeaders).toMatchObject({
    'x-key': '[redacted]',
    'webhook-signature': '[redacted]',
    'webhook-id': id,
  })
  await receiver.close()
}, 60_000)

it('a test is sent at once, is in the delivery log as one, and counts on its webhook', async () => {
  const organization = await platform.organization()
  const receiver = await createReceiver()
  const { id } = await create(organization, receiver, '/in', {})
  const test = await organization.call<{ deliveryId: string; success: boolean }>('POST', `/api/v1/webhooks/${id}/test`)
  expect(test.data).toMatchObject({ success: true, responseStatus: 204 })
  const deliveries = await until(
    async () =>
      (await organization.call<Array<Record<string, unknown>>>('GET', `/api/v1/webhooks/${id}/deliveries`)).data,
    found => found.length > 0,
  )
  expect(deliveries).toEqual([
    expect.objectContaining({
      id: test.data.deliveryId,
      trigger: 'test',
      status: 'success',
      eventType: 'webhook.test',
      attempts: 1,
      maxAttempts: 1,
    }),
  ])
  const shown = await until(
    async () => (await organization.call('GET', `/api/v1/webhooks/${id}`)).data,
    webhook => webhook.lastDeliveryAt !== null,
  )
  expect(shown).toMatchObject({
    ...{ lastDeliveryAt: expect.any(String), lastDeliveryStatus: 'success' },
    counters: { attempts: 1, succeeded: 1, failed: 0 },
  })
  await receiver.close()
}, 60_000)

it("a subscription's replay waits for its end, and answers how many were delivered again", async () => {
  const organization = await platform.organization()
  const receiver = await createReceiver()
  const { data: subscription } = await organization.call<{ subscriptionId: string }>(
    'POST',
    '/api/v1/events/custom/subscribe',
    {
      ...{ name: 'platformxe.generic', webhookUrl: `${receiver.url}/in` },
    },
  )
  for (const kind of ['one', 'two', 'three']) await emit(organization, `{"kind":"${kind}"}`)
  await receiver.received(3)
  const from = new Date(Date.now() - 60_000).toISOString()
  const path = `/api/v1/event-subscriptions/${subscription.subscriptionId}/replay`
  const replayed = await organization.call<{ id?: string }>('POST', path, { from })
  // It waits for so long; on a machine that is busier than that, it answers with the replay.
  const { id } = replayed.data
  if (id === undefined)
    expect([replayed.status, replayed.data]).toEqual([200, { replayed: 3, succeeded: 3, failed: 0 }])
  else {
    const shown = () => organization.call<{ state: string; progress: object }>('GET', `/api/v1/replays/${id}`)
    const ended = await until(shown, ({ data }) => data.state !== 'running')
    expect(ended.data).toMatchObject({ state: 'completed', progress: { succeeded: 3, failed: 0 } })
  }
  expect(
    (await receiver.received(6)).slice(3).every(({ headers }) => headers['x-event-replay']?.startsWith('rpl_')),
  ).toBe(true)
  expect((await organization.call('POST', '/api/v1/event-subscriptions/evs_none/replay', { from })).status).toBe(404)
  await receiver.close()
}, 60_000)

it("the originals' receivers work with webhooks that were made as their documents say", async () => {
  const organization = await platform.organization()
  const receiver = await createReceiver()
  const publish = (type: string, data: object, subject?: string) =>
    platform.call(platform.adminKey, 'POST', '/api/v1/platform/events', {
      ...{ organizationId: organization.org.id, type, data, actorId: 'usr_7' },
      ...(subject === undefined ? {} : { subject }),
    })
  // Platphorm: the documented call, with the alias header.
  const design = await fetch(`${platform.base}/api/v1/webhooks`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-PlatPhorm-API-Key': organization.apiKey },
    body: JSON.stringify({
      ...{
        url: `${receiver.url}/design`,
        events: ['design.created', 'design.exported', 'design.shared'],
        secret: 'your-webhook-secret',
      },
      ...{ description: 'Production webhook for design events', active: true },
    }),
  })
  expect(Object.keys((await design.json()) as object).sort()).toEqual([
    'active',
    'createdAt',
    'events',
    'id',
    'secret',
    'url',
  ])
  // PLATFORMA: url, events and secret; its header by profile.
  const secret = 'whsec_your_signing_secret'
  const order = {
    events: ['order.created', 'order.provisioned', 'order.failed'],
    secret,
    signatureProfiles: ['platforma'],
  }
  await create(organization, receiver, '/order', { ...order, wireFormat: 'platforma' })
  // Ctrl Plane: by its constants.
  await create(organization, receiver, '/instance', {
    events: ['InstanceCreated', 'InstanceFailed'],
    wireFormat: 'ctrlplane',
  })

  const exported = { designId: 'dsg_1', format: 'png', preset: 'print', exportUrl: 'https://example.com/1.png' }
  await publish('design.exported', exported)
  await publish('order.failed', { order_id: 'ord_1', error: 'no capacity' })
  await publish('InstanceCreated', { name: 'api-server', image: 'myapp:v1.0' }, 'inst_1')
  await receiver.received(3)
  const [got, data] = [
    (path: string) => at(receiver, path)[0]!,
    (path: string) => JSON.parse(at(receiver, path)[0]!.body.toString()),
  ]
  const hex = (key: string, path: string) => createHmac('sha256', key).update(got(path).body).digest('hex')
  expect(got('/design').headers['x-platphorm-signature']).toBe(`sha256=${hex('your-webhook-secret', '/design')}`)
  expect(data('/design')).toEqual({
    ...{ id: got('/design').headers['x-delivery-id'], type: 'design.exported', timestamp: expect.stringMatching(/Z$/) },
    ...{ apiVersion: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), data: exported },
    metadata: { source: 'platphorm-design', environment: 'production', userId: 'usr_7', designId: 'dsg_1' },
  })
  expect(got('/order').headers['x-platforma-signature']).toBe(hex(secret, '/order'))
  expect(data('/order')).toMatchObject({ type: 'order.failed', data: { order_id: 'ord_1', error: 'no capacity' } })
  expect(data('/instance')).toEqual({
    ...{
      id: got('/instance').headers['x-event-id'],
      type: 'instance.created',
      tenant_id: organization.org.id,
      instance_id: 'inst_1',
    },
    ...{ actor_id: 'usr_7', timestamp: expect.any(String), payload: { name: 'api-server', image: 'myapp:v1.0' } },
  })
  await receiver.close()
}, 60_000)
