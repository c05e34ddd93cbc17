/** The client against a running platform. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import {
  ClarionApiError,
  type Client,
  createClient,
  verifyWebhookSignature,
} from '../../../sdks/typescript/src/index.ts'
import { createProducer } from '../../../sdks/typescript/src/kafka/index.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { createReceiver } from '../../support/receiver.ts'
import { until } from '../../support/until.ts'

let platform: TestPlatform
let organization: TestOrganization
let client: Client
beforeAll(async () => {
  platform = await sharedPlatform()
  organization = await platform.organization('PRO')
  client = createClient({ baseUrl: platform.base, apiKey: organization.apiKey })
}, 120_000)

const payloadSchema = {
  type: 'object',
  required: ['total'],
  properties: { total: { type: 'number' } },
  additionalProperties: false,
}
const template = (name: string, version = '1.0.0') => ({ namespace: organization.slug, name, version, payloadSchema })
const codeOf = (call: Promise<unknown>) => call.then(() => undefined, (error: unknown) => (error as ClarionApiError).code) // biome-ignore format: one thought

describe('registrations', () => {
  it('are made, listed, described, published and archived', async () => {
    const { custom } = client.events
    const dryRun = await custom.dryRun(template('order.paid'))
    expect([dryRun.valid, dryRun.semverBump, dryRun.schemaFlavour]).toEqual([true, 'initial', 'json-schema-2020-12'])
    const draft = await custom.register(template('order.paid'))
    expect([draft.status, draft.schemaHash]).toEqual(['draft', dryRun.schemaHash])
    expect((await custom.update(draft.id, { description: 'paid' })).description).toBe('paid')
    expect(await codeOf(custom.update(draft.id, { description: 'again' }, { ifMatch: draft.revision }))).toBe(
      'revision_conflict',
    )
    expect((await custom.publish(draft.id)).status).toBe('published')
    expect((await custom.list({ namespace: organization.slug, name: 'order.paid' })).data.map(each => each.id)).toEqual(
      [draft.id],
    )
    expect((await custom.archive(draft.id)).status).toBe('archived')
    expect((await custom.get(draft.id)).archivedAt).not.toBeNull()
    const other = await custom.register(template('order.lost'))
    expect(await custom.delete(other.id)).toEqual({ id: other.id, deleted: true })
  })

  it('that are refused throw the code, the status and the findings', async () => {
    const error = await client.events.custom
      .register({ ...template('x.y'), version: '1.0' })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ClarionApiError)
    expect(error).toMatchObject({
      code: 'invalid_version_format',
      status: 400,
      retryable: false,
      requestId: expect.stringMatching(/^req_/),
    })
  })
})

describe('emits', () => {
  it('answer the verdict, are found again, and count', async () => {
    const { custom } = client.events
    await custom.register({ ...template('order.counted'), status: 'published' })
    const name = `${organization.slug}.order.counted`
    const before = (await custom.health()).emits.thisMonth
    const made = await custom.emit({ name, payloadJson: '{"total":12.50}', idempotencyKey: 'once', subject: 's' })
    expect([made.status, made.deduplicated, made.canonicalName]).toEqual([
      'queued',
      false,
      `TENANT_CUSTOM:${organization.org.id}:${name}@1.0.0`,
    ])
    const again = await custom.emit({ name, payloadJson: '{"total":12.50}', idempotencyKey: 'once' })
    expect([again.deduplicated, again.eventId]).toEqual([true, made.eventId])

    const [good, bad] = await custom.emitBatch([
      { name, payload: { total: 1 } },
      { name, payload: { total: 'x' } },
    ])
    expect([good!.status, bad!.status, bad!.error?.code]).toEqual([202, 400, 'payload_invalid'])
    expect(await codeOf(custom.emit({ name, payload: {} }))).toBe('payload_invalid')
    const counted = await until(
      () => custom.health(),
      health => health.emits.thisMonth >= before + 2,
    )
    expect(counted.emits.thisMonth).toBe(before + 2)
    const emitted = () => custom.emits.get(made.emitId)
    expect((await until(emitted, ({ status }) => status !== 'REQUESTED')).eventId).toBe(made.eventId)
    const listed = await until(
      () => custom.emits.list({ name, status: 'REJECTED' }),
      ({ data }) => data.length === 2,
    )
    expect(listed.data.map(emit => emit.code)).toEqual(['payload_invalid', 'payload_invalid'])
    const history = await until(
      () => client.events.get(made.eventId!),
      each => each.emit.status === 'DELIVERED',
    )
    expect(history.payload).toEqual({ total: 12.5 })
  })
})

describe('webhooks', () => {
  it('are made as PLATFORMA’s sample does, and their deliveries verify', async () => {
    const receiver = await createReceiver()
    const webhook = await client.events.webhooks.create({
      url: `${receiver.url}/webhooks/platforma`,
      events: ['platformxe.generic'],
      secret: 'whsec_your_signing_secret',
    })
    expect(webhook.secret).toBe('whsec_your_signing_secret')
    await client.events.custom.emit({ name: 'platformxe.generic', payload: { kind: 'order.created' } })
    const [request] = await receiver.received(1)
    expect(verifyWebhookSignature(request!.body, request!.headers, webhook.secret)).toBe(true)
    expect(verifyWebhookSignature(request!.body, request!.headers, 'whsec_another')).toBe(false)

    const { data: [delivery] } = await until(() => client.events.webhooks.deliveries(webhook.id), ({ data }) => data[0]?.status === 'success') // biome-ignore format: one thought
    expect(await client.events.webhooks.delivery(delivery!.id)).toMatchObject({ id: delivery!.id, responseStatus: 204 })
    expect(await client.events.webhooks.attempts(delivery!.id)).toHaveLength(1)
    expect((await client.events.webhooks.update(webhook.id, { active: false })).active).toBe(false)
    expect((await client.events.webhooks.list()).data.map(each => each.id)).toContain(webhook.id)
    await client.events.webhooks.delete(webhook.id)
    expect(await codeOf(client.events.webhooks.get(webhook.id))).toBe('not_found')
    await receiver.close()
  })
})

describe('a webhook in trouble', () => {
  it('keeps both secrets during a rotation, is tested, tried again by hand, and catches up after a pause', async () => {
    const receiver = await createReceiver()
    const { webhooks } = client.events
    const kind = (name: string) => ({ name: 'platformxe.generic', payload: { kind: name } })
    const webhook = await webhooks.create({
      url: receiver.url,
      events: ['platformxe.generic#trouble'],
      signatureProfiles: ['standard', 'event'],
    })
    expect(await webhooks.test(webhook.id)).toMatchObject({ success: true, responseStatus: 204 })
    const rotated = await webhooks.rotate(webhook.id)
    await client.events.custom.emit(kind('trouble'))
    const request = (await receiver.received(2))[1]!
    for (const profile of ['standard', 'event'] as const)
      for (const secret of [webhook.secret, rotated.secret])
        expect([profile, verifyWebhookSignature(request.body, request.headers, secret, { profile })]).toEqual([
          profile,
          true,
        ])

    const listed = await until(() => webhooks.deliveries(webhook.id, { status: 'success' }), ({ data }) => data.some(each => each.id === request.headers['x-delivery-id'])) // biome-ignore format: one thought
    const delivery = listed.data.find(each => each.id === request.headers['x-delivery-id'])!
    // A retry takes its event from the history, which lags by a moment.
    const history = () => client.events.get(delivery.eventId).catch(() => undefined)
    await until(history, event => event?.payload)
    await webhooks.retry(delivery.id)
    expect((await receiver.received(3))[2]!.headers['webhook-id']).toBe(delivery.id)

    await webhooks.update(webhook.id, { active: false })
    await client.events.custom.emit(kind('trouble'))
    expect((await webhooks.activate(webhook.id)).active).toBe(true)
    expect(JSON.parse((await receiver.received(4))[3]!.body.toString()).data.kind).toBe('trouble')
    expect((await webhooks.deadLetters()).data).toEqual([])
    await receiver.close()
  })
})

describe('quarantine', () => {
  it('shows a Kafka producer’s rejected record, and emits it again, repaired', async () => {
    const { custom } = client.events
    const credentials = await client.kafkaCredentials.create({ name: 'bad', access: 'produce' })
    const producer = await createProducer({ credentials })
    const { emitId } = await producer.emit({ name: 'platformxe.generic', payload: { noKind: true } })
    await producer.close()
    const listed = await until(() => custom.quarantine.list({ code: 'payload_invalid' }), ({ data }) => data.length === 1) // biome-ignore format: one thought
    expect(listed.data).toMatchObject([{ emitId, code: 'payload_invalid', name: 'platformxe.generic' }])
    expect(JSON.parse((await custom.quarantine.get(emitId)).payload as string)).toEqual({ noKind: true })
    const redriven = await custom.quarantine.redrive(emitId, { payloadJson: '{"kind":"repaired","data":{"n":12.50}}' })
    const history = await until(() => client.events.get(redriven.eventId!).catch(() => undefined), Boolean)
    expect(history?.emit).toMatchObject({ kind: 'repaired', causationId: emitId })
  })
})

it('types are made from a schema', async () => {
  const made = await client.events.custom.register({ ...template('order.typed'), status: 'published' })
  const { code, schemaHash } = await client.events.custom.types(made.id, { lang: 'typescript' })
  expect([schemaHash, code]).toEqual([made.schemaHash, expect.stringContaining('total: number')])
})

it('the key, the meters and any other call of the API', async () => {
  expect(await client.whoami()).toMatchObject({ key: expect.anything() })
  expect(await client.usage()).toMatchObject({ environment: 'live' })
  const { data } = await client.request({ method: 'GET', path: '/keys', query: { limit: 1 } })
  expect(data).toHaveLength(1)
  const stranger = createClient({ baseUrl: platform.base, apiKey: 'ck_live_nobody' })
  expect(await codeOf(stranger.whoami())).toBe('unauthorized')
})
