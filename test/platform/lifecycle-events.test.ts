/** Lifecycle events as an organization receives them: those that its webhooks name, from the control plane and from its emits. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

interface Envelope {
  type: string
  canonicalName: string
  subject: string
  sequence: number
  chain: { depth: number; workflowPath: string[] }
  data: Record<string, unknown>
}
const bodyOf = (request: { body: Buffer }) => JSON.parse(request.body.toString()) as Envelope
const typesOf = async (receiver: Receiver, count: number) =>
  (await receiver.received(count)).map(request => bodyOf(request).type)
const emit = (organization: TestOrganization, body: object) =>
  organization.call<{ emitId: string; eventId: string; sequence: number; warnings?: string[] }>(
    'POST',
    '/api/v1/events/custom/emit',
    body,
  )
const generic = (kind: string, more: object = {}) => ({ name: 'platformxe.generic', payload: { kind }, ...more })

async function listening(organization: TestOrganization, ...selectors: string[]) {
  const receiver = await createReceiver()
  const { data } = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', {
    url: receiver.url,
    events: selectors,
  })
  return { receiver, id: data.id }
}

const EMIT_STEPS = ['REQUESTED', 'RELAYED', 'DELIVERED', 'REJECTED', 'DEDUPLICATED'].map(
  step => `CUSTOM_EVENT_EMIT_${step}`,
)
const REGISTER = { name: 'viewing', version: '1.0.0', status: 'published', payloadSchema: { type: 'object' } }

describe('a registration', () => {
  it('announces each step of its chain in order, with the common data and the step’s own, to webhooks that name it and to no others', async () => {
    const organization = await platform.organization()
    const steps = ['REQUESTED', 'VALIDATED', 'PERSISTED', 'MATERIALISED', 'REGISTERED'].map(
      step => `CUSTOM_EVENT_${step}`,
    )
    const all = await listening(organization, '*', 'custom.*')
    const named = await listening(organization, ...steps)
    const canonical = await listening(
      organization,
      `PLATFORM_LIFECYCLE:${organization.org.id}:CUSTOM_EVENT_REGISTERED@1`,
    )
    const made = await organization.call<{ id: string; canonicalName: string }>('POST', '/api/v1/events/custom', {
      ...REGISTER,
      namespace: organization.slug,
    })
    const received = (await named.receiver.received(5)).map(bodyOf).sort((a, b) => a.sequence - b.sequence)
    expect(received.map(each => each.type)).toEqual(steps)
    expect(received[4]).toMatchObject({
      ...{
        canonicalName: `PLATFORM_LIFECYCLE:${organization.org.id}:CUSTOM_EVENT_REGISTERED@1`,
        subject: made.data.id,
      },
      data: {
        ...{
          entityType: 'registration',
          entityId: made.data.id,
          organizationId: organization.org.id,
          canonicalName: made.data.canonicalName,
        },
        ...{
          actorId: expect.any(String),
          occurredAt: expect.any(String),
          requestId: expect.any(String),
          status: 'published',
          registrationId: made.data.id,
        },
      },
    })
    expect(received[0]!.data).toMatchObject({
      namespace: organization.slug,
      name: 'viewing',
      version: '1.0.0',
      requestedStatus: 'published',
    })
    expect(await typesOf(canonical.receiver, 1)).toEqual(['CUSTOM_EVENT_REGISTERED'])
    // Later events have arrived, so nothing was on its way to the others.
    await emit(organization, generic('last'))
    expect(await typesOf(all.receiver, 1)).toEqual(['platformxe.generic'])
    await Promise.all([all, named, canonical].map(each => each.receiver.close()))
  })

  it('announces its later states, and the reason of a refusal', async () => {
    const organization = await platform.organization()
    const names = ['PUBLISHED', 'ARCHIVED', 'INVALIDATED', 'VALIDATION_FAILED'].map(name => `CUSTOM_EVENT_${name}`)
    const { receiver } = await listening(organization, ...names)
    const draft = { ...REGISTER, status: 'draft', namespace: organization.slug }
    const { data } = await organization.call<{ id: string }>('POST', '/api/v1/events/custom', draft)
    await organization.call('POST', `/api/v1/events/custom/${data.id}/publish`)
    await organization.call('PATCH', `/api/v1/events/custom/${data.id}`, { description: 'another' })
    await organization.call('POST', `/api/v1/events/custom/${data.id}/archive`)
    await organization.call('POST', '/api/v1/events/custom', draft)
    await platform.call(platform.adminKey, 'PATCH', `/api/v1/organizations/${organization.org.id}`, { plan: 'PRO' })
    const received = (await receiver.received(7)).map(bodyOf).sort((a, b) => a.sequence - b.sequence)
    expect(received.map(each => [each.type, each.data.cause ?? each.data.code])).toEqual([
      ...[
        ['CUSTOM_EVENT_PUBLISHED', undefined],
        ['CUSTOM_EVENT_INVALIDATED', 'published'],
        ['CUSTOM_EVENT_INVALIDATED', 'description_changed'],
      ],
      ...[
        ['CUSTOM_EVENT_ARCHIVED', undefined],
        ['CUSTOM_EVENT_INVALIDATED', 'archived'],
      ],
      ...[
        ['CUSTOM_EVENT_VALIDATION_FAILED', 'version_already_exists'],
        ['CUSTOM_EVENT_INVALIDATED', 'plan_change'],
      ],
    ])
    expect(received[0]!.data).toMatchObject({ previousStatus: 'draft', status: 'published' })
    await receiver.close()
  })
})

describe('an emit', () => {
  it('announces its steps, never its payload, and no steps of the announcements', async () => {
    const organization = await platform.organization()
    const { receiver } = await listening(organization, ...EMIT_STEPS)
    const first = await emit(organization, generic('secret-kind', { idempotencyKey: 'k' }))
    await emit(organization, generic('secret-kind', { idempotencyKey: 'k' }))
    await emit(organization, { name: 'platformxe.generic', payload: { no: 'kind' } })
    const received = (await receiver.received(7)).map(bodyOf)
    expect(received.map(each => each.type.slice('CUSTOM_EVENT_EMIT_'.length)).sort()).toEqual(
      ['REQUESTED', 'RELAYED', 'DELIVERED', 'REQUESTED', 'DEDUPLICATED', 'REQUESTED', 'REJECTED'].sort(),
    )
    const of = (step: string) => received.find(each => each.type === `CUSTOM_EVENT_EMIT_${step}`)!.data
    expect(of('DELIVERED')).toMatchObject({ entityType: 'emit', emitId: first.data.emitId, subscriberCount: 0 })
    expect(of('RELAYED')).toMatchObject({
      emitId: first.data.emitId,
      eventId: first.data.eventId,
      partition: 0,
      offset: expect.any(Number),
    })
    expect(of('REJECTED')).toMatchObject({ code: 'payload_invalid', name: 'platformxe.generic' })
    expect(JSON.stringify(received)).not.toContain('secret-kind')
    // One more that is known to come last: no step of a lifecycle event came in between.
    await emit(organization, generic('last'))
    await receiver.received(10)
    expect(receiver.requests).toHaveLength(10)
    await receiver.close()
  })

  it('that comes back through a webhook ten times is cut, and announced once; a forged token only warns', async () => {
    const organization = await platform.organization()
    const looping = await listening(organization, 'platformxe.generic')
    const told = await listening(organization, 'CUSTOM_EVENT_CHAIN_TRUNCATED')
    let answer = await emit(organization, generic('loop'))
    let hops = 0
    for (; answer.status === 202; hops++) {
      const request = (await looping.receiver.received(hops + 1)).at(-1)!
      expect(bodyOf(request).chain).toMatchObject({ depth: hops, workflowPath: Array(hops).fill(looping.id) })
      answer = await emit(organization, generic('loop', { chainToken: request.headers['x-event-chain'] }))
    }
    expect([hops, answer.status, answer.code]).toEqual([10, 422, 'chain_depth_exceeded'])
    expect((answer.body as { error: { details: object[] } }).error.details).toMatchObject([{ rule: 'path' }])
    const [cut] = await told.receiver.received(1)
    expect(bodyOf(cut!).data).toMatchObject({
      depth: 9,
      droppedEvent: 'platformxe.generic',
      workflowPath: Array(10).fill(looping.id),
    })
    const forged = await emit(organization, generic('forged', { chainToken: 'c2.0.evt_1..org_1..forged' }))
    expect([forged.status, forged.data.warnings]).toEqual([202, ['chain_token_ignored']])
    expect((await emit(organization, generic('plain'))).data).not.toHaveProperty('warnings')
    await Promise.all([looping, told].map(each => each.receiver.close()))
  })
})

it('a change in one environment is announced there; a change that belongs to none, in both', async () => {
  const organization = await platform.organization()
  const made = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
    name: 't',
    environment: 'test',
    scopes: ['events:emit', 'events:read', 'webhooks:manage'],
  })
  const inTest: TestOrganization = {
    ...organization,
    call: (method, path, body) => platform.call(made.data.apiKey, method, path, body),
  }
  const names = ['CUSTOM_EVENT_EMIT_RELAYED', 'WEBHOOK_CREATED', 'CUSTOM_EVENT_REGISTERED']
  const live = await listening(organization, ...names)
  const test = await listening(inTest, ...names)
  await organization.call('POST', '/api/v1/events/custom', { ...REGISTER, namespace: organization.slug })
  await emit(inTest, generic('trial'))
  expect((await typesOf(test.receiver, 3)).sort()).toEqual([...names].sort())
  await emit(organization, generic('live'))
  expect((await typesOf(live.receiver, 3)).sort()).toEqual([...names].sort())
  expect([live, test].map(each => each.receiver.requests.length)).toEqual([3, 3])
  await Promise.all([live, test].map(each => each.receiver.close()))
})

describe('deliveries', () => {
  it('that are used up are announced once for each subscriber, the last success of an emit once; and nothing about the announcements', async () => {
    const organization = await platform.organization()
    const down = await createReceiver()
    down.close()
    const failing = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', {
      ...{
        url: down.url,
        events: ['platformxe.generic#lost', 'WEBHOOK_DELIVERY_EXHAUSTED', 'CUSTOM_EVENT_EMIT_DELIVERY_FAILED'],
      },
      retry: { maxAttempts: 1 },
    })
    expect(failing.status).toBe(201)
    const told = await listening(
      organization,
      'CUSTOM_EVENT_EMIT_DELIVERED',
      'CUSTOM_EVENT_EMIT_DELIVERY_FAILED',
      'WEBHOOK_DELIVERY_EXHAUSTED',
    )
    const healthy = await listening(organization, 'platformxe.generic#good')
    const lost = await emit(organization, generic('lost'))
    const good = await emit(organization, generic('good'))
    const received = (await told.receiver.received(3)).map(bodyOf)
    const of = (type: string) => received.find(each => each.type === type)!.data
    expect(of('CUSTOM_EVENT_EMIT_DELIVERY_FAILED')).toMatchObject({
      ...{
        emitId: lost.data.emitId,
        subscriberType: 'webhook',
        subscriberId: failing.data.id,
        attempts: 1,
        lastError: expect.any(String),
      },
    })
    expect(of('CUSTOM_EVENT_EMIT_DELIVERED')).toMatchObject({ emitId: good.data.emitId, subscriberCount: 1 })
    expect(of('WEBHOOK_DELIVERY_EXHAUSTED')).toMatchObject({ emitId: lost.data.emitId, webhookId: failing.data.id })
    // Events for the failing webhook itself are lost, too; they are in the audit, and not announced.
    const audited = () => organization.call<object[]>('GET', '/api/v1/audit?type=WEBHOOK_DELIVERY_EXHAUSTED')
    expect((await until(audited, ({ data }) => data.length >= 3)).data).toHaveLength(3)
    expect(told.receiver.requests).toHaveLength(3)
    await Promise.all([told, healthy].map(each => each.receiver.close()))
  })
})
