/** Queries of an organization about its past emits, on a whole platform: states, lifecycle, audit, usage. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { patient } from '../support/patience.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'

const CUSTOM = '/api/v1/events/custom'
const generic = (kind: string, more: object = {}) => ({ name: 'platformxe.generic', payload: { kind }, ...more })

let platform: TestPlatform
let receiver: Receiver
beforeAll(async () => {
  ;[platform, receiver] = await Promise.all([startPlatform({ env: { CLARION_TIME_SCALE: '0.001' } }), createReceiver()])
}, 120_000)
afterAll(async () => {
  await receiver?.close()
  await platform?.stop()
})

interface Emit {
  status: string
  lifecycle: Step[]
}
interface Step {
  type: string
  occurredAt: string
  entityId: string
  data: Record<string, unknown>
}

const short = (step: { type: string }) => step.type.replace('CUSTOM_EVENT_EMIT_', '')
const emit = async (of: TestOrganization, body: object) => {
  const answer = await of.call<{ emitId: string }>('POST', `${CUSTOM}/emit`, body)
  return answer.headers.get('x-emit-id') ?? answer.data.emitId
}

/** The emit once it is in this state. */
async function inState(of: TestOrganization, id: string, status: string): Promise<Emit> {
  for (let tries = 0; tries < patient(200); tries++) {
    const answer = await of.call<Emit>('GET', `${CUSTOM}/emits/${id}`)
    if (answer.data?.status === status) return answer.data
    await pause(50)
  }
  throw new Error(`${id} did not come to be ${status}`)
}

const webhook = async (of: TestOrganization, more: object = {}) =>
  (await of.call<{ id: string }>('POST', '/api/v1/webhooks', { url: `${receiver.url}/in`, events: ['*'], ...more }))
    .data.id

describe('the lifecycle of an emit', () => {
  it('is shown from the request to the last delivery, with its position and times', async () => {
    const owner = await platform.organization()
    await webhook(owner)
    const id = await emit(owner, generic('sent', { idempotencyKey: 'once' }))
    const { lifecycle } = await inState(owner, id, 'DELIVERED')
    expect(lifecycle.map(short)).toEqual(['REQUESTED', 'RELAYED', 'DELIVERED'])
    expect(lifecycle[0]!.data).toEqual({
      ...{ emitId: id, name: 'platformxe.generic', version: null, payloadBytes: 15, idempotencyKeyPresent: true },
    })
    expect(lifecycle[1]!.data).toMatchObject({
      emitId: id,
      partition: 0,
      offset: 0,
      sequence: 1,
      latencyMs: expect.any(Number),
    })
    expect(lifecycle[2]!.data).toEqual({ emitId: id, subscriberCount: 1 })
    const times = lifecycle.map(step => Date.parse(step.occurredAt))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('ends at once without subscribers, at a rejection and at a duplicate', async () => {
    const owner = await platform.organization()
    const alone = await emit(owner, generic('alone', { idempotencyKey: 'k' }))
    expect((await inState(owner, alone, 'DELIVERED')).lifecycle.map(short)).toEqual([
      'REQUESTED',
      'RELAYED',
      'DELIVERED',
    ])
    const rejected = await inState(owner, await emit(owner, { name: 'no.such', payload: {} }), 'REJECTED')
    expect(rejected.lifecycle.map(short)).toEqual(['REQUESTED', 'REJECTED'])
    expect(rejected.lifecycle[1]!.data).toMatchObject({ code: 'event_not_registered', name: 'no.such' })
    await emit(owner, generic('alone', { idempotencyKey: 'k' }))
    const listed = await listedWhen(owner, '?status=DEDUPLICATED', 1)
    const duplicate = await inState(owner, listed[0]!.id, 'DEDUPLICATED')
    expect(duplicate.lifecycle.map(step => [short(step), step.data.originalEmitId])).toEqual([
      ['REQUESTED', undefined],
      ['DEDUPLICATED', alone],
    ])
  })

  it('names each subscriber that was given up', async () => {
    const owner = await platform.organization()
    receiver.answerWith(({ path }) => ({ status: path === '/down' ? 500 : 204 }))
    const down = await webhook(owner, { url: `${receiver.url}/down`, retry: { preset: 'four' } })
    await webhook(owner)
    const id = await emit(owner, generic('lost'))
    let { lifecycle } = await inState(owner, id, 'FAILED')
    // The last attempt and the last word are of one transaction, but read from two topics.
    for (let tries = 0; tries < patient(100) && lifecycle.length < 3; tries++)
      lifecycle = (await inState(owner, id, 'FAILED')).lifecycle
    expect(lifecycle.map(short)).toEqual(['REQUESTED', 'RELAYED', 'DELIVERY_FAILED'])
    expect(lifecycle[2]!.data).toMatchObject({
      subscriberType: 'webhook',
      subscriberId: down,
      attempts: 4,
      lastError: expect.any(String),
    })
  })

  it('is listed in the audit trail, by entity, type and page', async () => {
    const owner = await platform.organization()
    const ids = [await emit(owner, generic('a')), await emit(owner, generic('b')), await emit(owner, generic('c'))]
    for (const id of ids) await inState(owner, id, 'DELIVERED')
    const trail = async (query: string) => owner.call<Step[]>('GET', `/api/v1/audit?${query}`)
    expect((await trail(`entity=${ids[1]}`)).data.map(short)).toEqual(['DELIVERED', 'RELAYED', 'REQUESTED'])
    expect((await trail('type=CUSTOM_EVENT_EMIT_RELAYED')).data.map(step => step.entityId)).toEqual(ids.toReversed())
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const page = await trail(`entityType=emit&limit=2${cursor}`)
      seen.push(...page.data.map(step => `${step.entityId} ${short(step)}`))
      const next = (page.body as { meta: { nextCursor: string | null } }).meta.nextCursor
      if (next === null) break
      cursor = `&cursor=${next}`
    }
    expect(seen).toHaveLength(9)
    expect(new Set(seen).size).toBe(9)
    const changes = (await trail('')).data.map(step => step.type)
    expect(changes).toContain('CUSTOM_EVENT_GENERIC_SEEDED')
    const { data: who } = await owner.call<{ key: { id: string } }>('GET', '/api/v1/whoami')
    await owner.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
    for (let tries = 0; tries < patient(100) && (await trail(`actor=${who.key.id}`)).data.length === 0; tries++)
      await pause(50)
    expect((await trail(`actor=${who.key.id}`)).data.map(step => step.type)).toEqual(['API_KEY_CREATED'])
  })
})

async function listedWhen(of: TestOrganization, query: string, count: number) {
  for (let tries = 0; tries < patient(200); tries++) {
    const { data } = await of.call<Array<{ id: string }>>('GET', `${CUSTOM}/emits${query}`)
    if (data.length >= count) return data
    await pause(50)
  }
  throw new Error(`there are not ${count} emits ${query}`)
}

describe('usage', () => {
  it('counts by hour and day, warns from 80 % on, and knows its meters', async () => {
    const owner = await platform.organization('FREE')
    await webhook(owner)
    const batch = (count: number) =>
      owner.call('POST', `${CUSTOM}/emit/batch`, { items: Array.from({ length: count }, () => generic('k')) })
    interface Usage {
      meters: Record<string, number>
      warnings: Array<{ meter: string; level: number; used: number; limit: number }>
    }
    const warned = async () => (await owner.call<Usage>('GET', '/api/v1/usage/summary')).data.warnings
    await batch(799)
    expect(await warned()).toEqual([])
    await batch(1)
    // The api follows the counters; its figure is a moment behind the answer.
    for (let tries = 0; tries < patient(100) && (await warned()).length === 0; tries++) await pause(20)
    expect(await warned()).toEqual([{ meter: 'emits', level: 80, used: 800, limit: 1_000 }])
    expect((await owner.call<Usage>('GET', `${CUSTOM}/health`)).data.warnings).toEqual(await warned())
    const meters = async () => (await owner.call<Usage>('GET', '/api/v1/usage/summary')).data.meters
    const isRecorded = async () => {
      const { deliveries_succeeded: delivered, emits_generic: emitted } = await meters()
      return delivered === 800 && emitted === 800
    }
    for (let tries = 0; tries < patient(300) && !(await isRecorded()); tries++) await pause(50)
    expect(await meters()).toMatchObject({
      emits: 800,
      emits_generic: 800,
      deliveries_succeeded: 800,
      stored_bytes: 800 * 12,
    })
    for (const interval of ['hour', 'day']) {
      const { data } = await owner.call<Array<{ start: string; count: number }>>(
        ...(['GET', `/api/v1/usage/timeseries?meter=emits&interval=${interval}`] as const),
      )
      expect(data.reduce((sum, each) => sum + each.count, 0)).toBe(800)
      expect(data[0]!.start).toMatch(interval === 'day' ? /T00:00:00Z$/ : /:00:00Z$/)
    }
    expect((await owner.call('GET', '/api/v1/usage/timeseries?meter=nothing')).status).toBe(400)
  })
})
