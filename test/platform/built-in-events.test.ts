/** Built-in events, as the operator's services publish them and as organizations receive them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import kafkajs from 'kafkajs'
import { BUILT_IN_EVENTS } from '../../src/events/built-in-events.ts'
import { events } from '../../topics/events.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { expectLedger, takeLedger } from '../support/ledger.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { createReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await startPlatform({ env: { CLARION_TIME_SCALE: '0.02' } })
}, 120_000)
afterAll(() => platform?.stop(), 60_000)

interface Published {
  emitId: string
  eventId: string
  canonicalName: string
  status: string
  sequence: number
  deduplicated: boolean
}
const publish = (organization: TestOrganization, type: string, data: object, more: object = {}) =>
  platform.call<Published>(platform.adminKey, 'POST', '/api/v1/platform/events', {
    organizationId: organization.org.id,
    type,
    data,
    ...more,
  })
const operator = (method: string, organization: TestOrganization, what = '') =>
  platform.call(platform.adminKey, method, `/api/v1/organizations/${organization.org.id}${what}`)
const ORDER = { order_id: 'ord_1', customer_id: 'cus_1' }
const bodyOf = (request: { body: Buffer }) => JSON.parse(request.body.toString()) as Record<string, unknown>

async function listening(organization: TestOrganization, ...selectors: string[]) {
  const receiver = await createReceiver()
  const made = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', {
    url: receiver.url,
    events: selectors,
  })
  expect(made.status).toBe(201)
  return receiver
}

/** Data that a type's schema takes, made from the schema. */
function exampleOf(type: string): Record<string, unknown> {
  const { properties, required } = BUILT_IN_EVENTS.get(type)!.schema as {
    properties: Record<string, Record<string, unknown>>
    required: string[]
  }
  const made = (field: Record<string, unknown>): unknown => {
    if (field.format === 'date-time') return '2026-07-25T17:20:00Z'
    const kind = Array.isArray(field.type) ? field.type[0] : field.type
    return { number: 1, array: [], object: {}, string: 'text' }[kind as string] ?? {}
  }
  return Object.fromEntries(required.map(name => [name, made(properties[name]!)]))
}

describe('the built-in types', () => {
  it('are 41, all of which can be published and received, those of Ctrl Plane also by their Go constants', async () => {
    const organization = await platform.organization()
    const receiver = await listening(organization, '*')
    expect(BUILT_IN_EVENTS.size).toBe(41)
    for (const { type, alias } of BUILT_IN_EVENTS.values()) {
      const answer = await publish(organization, alias ?? type, exampleOf(type))
      expect([type, answer.status, answer.data?.canonicalName]).toEqual([
        type,
        202,
        `PLATFORM:${organization.org.id}:${type}@1`,
      ])
    }
    const received = (await receiver.received(41)).map(bodyOf)
    expect(new Set(received.map(each => each.type))).toEqual(new Set(BUILT_IN_EVENTS.keys()))
    await receiver.close()
  })

  it('go to webhooks that select them, by name, group, Go constant and canonical name', async () => {
    const organization = await platform.organization()
    const id = organization.org.id
    const receivers = await Promise.all(
      ['order.created', 'order.*', `PLATFORM:${id}:order.created@1`, '*', 'order.failed', 'InstanceCreated'].map(
        selector => listening(organization, selector),
      ),
    )
    const answer = await publish(
      organization,
      'order.created',
      { ...ORDER, items: [{ sku: 'a' }] },
      { actorId: 'user_7', correlationId: 'c-1' },
    )
    expect(answer.data).toMatchObject({ status: 'queued', sequence: 1, deduplicated: false })
    for (const receiver of receivers.slice(0, 4)) {
      const [request] = await receiver.received(1)
      expect(bodyOf(request!)).toMatchObject({
        ...{
          id: answer.data.eventId,
          type: 'order.created',
          canonicalName: `PLATFORM:${id}:order.created@1`,
          subject: 'ord_1',
        },
        ...{
          actorId: 'user_7',
          correlationId: 'c-1',
          environment: 'live',
          chain: { depth: 0 },
          data: { ...ORDER, items: [{ sku: 'a' }] },
        },
      })
    }
    await publish(organization, 'instance.created', { name: 'api', image: 'app:v1' }, { subject: 'inst_1' })
    const [instance] = await receivers[5]!.received(1)
    expect(bodyOf(instance!)).toMatchObject({ type: 'instance.created', subject: 'inst_1' })
    expect(receivers[4]!.requests).toEqual([])
    await Promise.all(receivers.map(receiver => receiver.close()))
  })

  it('are refused with findings, and to every caller but the operator', async () => {
    const organization = await platform.organization()
    const wrong = await publish(organization, 'order.created', { order_id: 7 })
    expect([wrong.status, wrong.code]).toEqual([400, 'payload_invalid'])
    expect(
      (wrong.body as { error: { details: Array<{ rule: string }> } }).error.details.map(each => each.rule).sort(),
    ).toEqual(['required', 'type'])
    expect((await publish(organization, 'order.lost', ORDER)).code).toBe('event_not_registered')
    expect(
      (await publish({ ...organization, org: { ...organization.org, id: 'org_nobody' } }, 'order.created', ORDER)).code,
    ).toBe('organization_not_found')
    const own = await organization.call('POST', '/api/v1/platform/events', {
      organizationId: organization.org.id,
      type: 'order.created',
      data: ORDER,
    })
    expect([own.status, own.code]).toEqual([403, 'insufficient_scope'])
    const emitted = await organization.call('POST', '/api/v1/events/custom/emit', {
      name: 'order.created',
      payload: ORDER,
    })
    expect([emitted.status, emitted.code]).toEqual([404, 'event_not_registered'])
  })

  it('are published once with one idempotency key, and are on no quota', async () => {
    const organization = await platform.organization('FREE')
    const [first, ...others] = await Promise.all(
      Array.from({ length: 5 }, () => publish(organization, 'order.created', ORDER, { idempotencyKey: 'k' })),
    )
    expect(new Set([first, ...others].map(answer => answer!.data.eventId)).size).toBe(1)
    expect([first, ...others].filter(answer => !answer!.data.deduplicated)).toHaveLength(1)
    expect(
      (await publish(organization, 'order.created', { ...ORDER, order_id: 'ord_2' }, { idempotencyKey: 'k' })).code,
    ).toBe('idempotency_key_conflict')
    const health = await organization.call<{ emits: { thisMonth: number } }>('GET', '/api/v1/events/custom/health')
    expect(health.data.emits.thisMonth).toBe(0)
  })
})

describe('an organization', () => {
  it('gets its suspension and its deletion, before its webhooks are removed', async () => {
    const organization = await platform.organization()
    const told = await listening(organization, 'TenantSuspended', 'tenant.deleted', 'ORGANIZATION_DELETED')
    await listening(organization, 'platformxe.generic').then(receiver => receiver.close())
    await operator('POST', organization, '/suspend')
    const [suspended] = await told.received(1)
    expect(bodyOf(suspended!)).toMatchObject({
      type: 'tenant.suspended',
      subject: organization.org.id,
      data: { plan: 'ENTERPRISE' },
    })
    expect((await operator('DELETE', organization)).status).toBe(200)
    const types = (await told.received(3)).map(request => bodyOf(request).type)
    expect(types.slice(1).sort()).toEqual(['ORGANIZATION_DELETED', 'tenant.deleted'])
    expect((await organization.call('GET', '/api/v1/webhooks')).status).toBe(401)
    await told.close()
  })

  it('gets one event when its quota is used up, and 50 emits at its last one let exactly one pass', async () => {
    const organization = await platform.organization('FREE')
    const receiver = await listening(organization, 'quota.exceeded', 'CUSTOM_EVENT_QUOTA_EXCEEDED', 'QUOTA_WARNING')
    const generic = { name: 'platformxe.generic', payload: { kind: 'k' } }
    await organization.call('POST', '/api/v1/events/custom/emit/batch', {
      items: Array.from({ length: 999 }, () => generic),
    })
    const raced = await Promise.all(
      Array.from({ length: 50 }, () =>
        organization.call<{ quota: { used: number } }>('POST', '/api/v1/events/custom/emit', generic),
      ),
    )
    expect(raced.filter(answer => answer.status === 202).map(answer => answer.data.quota)).toEqual([
      { used: 1_000, limit: 1_000 },
    ])
    expect(new Set(raced.filter(answer => answer.status !== 202).map(answer => answer.code))).toEqual(
      new Set(['monthly_emit_quota_exceeded']),
    )
    const received = (await receiver.received(5)).map(bodyOf)
    expect(received.map(each => each.type).sort()).toEqual([
      ...['CUSTOM_EVENT_QUOTA_EXCEEDED', 'QUOTA_WARNING', 'QUOTA_WARNING', 'QUOTA_WARNING', 'quota.exceeded'],
    ])
    expect(received.find(each => each.type === 'quota.exceeded')!.data).toEqual({
      plan: 'FREE',
      quota: 'emits',
      used: 1_000,
      limit: 1_000,
    })
    const warnings = () =>
      organization.call<object[]>('GET', '/api/v1/audit?entityType=organization&type=QUOTA_WARNING')
    await until(warnings, ({ data }) => data.length === 3)
    await receiver.close()
  })
})

describe('an emit that could not be written to the log', () => {
  it('is redriven under its id, once, then takes quota, sequence and its key', async () => {
    const organization = await platform.organization()
    const limited = async (bytes: string) => {
      const admin = createClient(connectionsOf(platform).kafka).admin()
      await admin.connect()
      const topic = { type: kafkajs.ConfigResourceTypes.TOPIC, name: events.nameFor(organization.org.id, 'live') }
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ ...topic, configEntries: [{ name: 'max.message.bytes', value: bytes }] }],
      })
      await admin.disconnect()
    }
    const emit = (body: object) => organization.call<Published>('POST', '/api/v1/events/custom/emit', body)
    const large = {
      name: 'platformxe.generic',
      payload: { kind: 'large', data: { pad: 'x'.repeat(8_000) } },
      idempotencyKey: 'large',
      subject: 's',
    }
    await limited('4000')
    const failed = await emit(large)
    const emitId = failed.headers.get('x-emit-id')!
    const path = `/api/v1/events/custom/emits/${emitId}`
    const redrive = () => organization.call<Published>('POST', `${path}/redrive`)
    const refused = await redrive()
    expect([refused.status, refused.code, (refused.body as { error: { emitId: string } }).error.emitId]).toEqual([
      502,
      'bus_relay_failed',
      emitId,
    ])
    const failures = async () =>
      (await organization.call<{ recentFailures: Array<{ id: string }> }>('GET', '/api/v1/events/custom/health')).data
        .recentFailures
    expect((await failures()).map(({ id }) => id)).toEqual([emitId])
    await limited('8388608')
    const answers = await Promise.all([redrive(), redrive()])
    expect(answers.map(answer => answer.status).sort()).toEqual([202, 409])
    const { data } = answers.find(answer => answer.status === 202)!
    expect(data).toMatchObject({ emitId, eventId: emitId.replace('cee_', 'evt_'), sequence: 1, quota: { used: 1 } })
    expect((await emit(large)).data).toMatchObject({ emitId, deduplicated: true, sequence: 1 })
    expectLedger(await takeLedger(platform, organization, 1), 1)
    const states = async () => (await organization.call<{ status: string }>('GET', path)).data.status
    await until(states, state => state !== 'FAILED')
    expect(await states()).toBe('DELIVERED')
    expect(await failures()).toEqual([])
    expect((await redrive()).code).toBe('conflict')
    expect((await organization.call('POST', `/api/v1/events/custom/emits/cee_${'0'.repeat(32)}/redrive`)).code).toBe(
      'not_found',
    )
  })
})
