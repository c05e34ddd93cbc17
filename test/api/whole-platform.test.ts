/** Parts of the API that need a whole platform: answers about things that an emit made, to their owner and to others. */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
let receiver: Receiver
beforeAll(async () => {
  ;[platform, receiver] = await Promise.all([sharedPlatform(), createReceiver()])
}, 120_000)
afterAll(async () => {
  await receiver?.close()
})

interface Emitted {
  emitId: string
  eventId: string
}

const CUSTOM = '/api/v1/events/custom'
const generic = { name: 'platformxe.generic', payload: { kind: 'k', data: { precise: 1 } } }

async function delivered(organization: TestOrganization) {
  const made = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', {
    url: `${receiver.url}/in`,
    events: ['*'],
  })
  const emitted = await organization.call<Emitted>('POST', `${CUSTOM}/emit`, generic)
  const path = `/api/v1/webhooks/${made.data.id}/deliveries`
  const list = await until(
    () => organization.call<Array<{ id: string; status: string }>>('GET', path),
    answer => answer.data[0]?.status === 'success',
  )
  return { ...emitted.data, deliveryId: list.data[0]!.id, webhookId: made.data.id }
}

describe('the results of an emit', () => {
  it('is there for its organization, and for no other, nor for its own test key', async () => {
    const [owner, stranger] = [await platform.organization(), await platform.organization()]
    const { emitId, eventId, deliveryId, webhookId } = await delivered(owner)
    const key = await owner.call<{ apiKey: string }>('POST', '/api/v1/keys', {
      ...{ name: 'trial', environment: 'test', scopes: ['events:read', 'webhooks:manage'] },
    })
    const paths = [
      `${CUSTOM}/emits/${emitId}`,
      `/api/v1/events/${eventId}`,
      `/api/v1/webhooks/deliveries/${deliveryId}`,
      `/api/v1/webhooks/deliveries/${deliveryId}/attempts`,
      `/api/v1/webhooks/${webhookId}/deliveries`,
    ]
    for (const path of paths) {
      expect([path, (await owner.call('GET', path)).status]).toEqual([path, 200])
      const foreign = await stranger.call('GET', path)
      expect([path, foreign.status, foreign.code]).toEqual([path, 404, 'not_found'])
      const trial = await platform.call(key.data.apiKey, 'GET', path)
      expect([path, trial.status, trial.code]).toEqual([path, 404, 'not_found'])
    }
    for (const path of [`${CUSTOM}/emits`, '/api/v1/audit', `${CUSTOM}/health`]) {
      const body = JSON.stringify((await stranger.call('GET', path)).body)
      for (const id of [emitId, eventId, webhookId, owner.org.id]) expect(body).not.toContain(id)
    }
  })

  it('is shown in one call, with the payload as it was sent', async () => {
    const owner = await platform.organization()
    const payload = '{"kind":"k","data":{"big":123456789012345678901,"n":1.0}}'
    const emitted = await owner.call<Emitted>(
      'POST',
      `${CUSTOM}/emit`,
      `{"name":"platformxe.generic","payload":${payload}}`,
    )
    const path = `${platform.base}/api/v1/events/${emitted.data.eventId}`
    const text = await until(
      async () => (await fetch(path, { headers: { 'x-api-key': owner.apiKey } })).text(),
      answer => answer.includes('"success":true'),
    )
    expect(text).toContain(`"payload":${payload}`)
    expect(JSON.parse(text).data).toMatchObject({
      id: emitted.data.eventId,
      emit: { status: 'DELIVERED', verdict: 'accepted' },
      deliveries: [],
    })
  })
})

describe('an emit', () => {
  it('is judged by what was registered, published and archived a moment before', async () => {
    const owner = await platform.organization()
    const name = `${owner.slug}.order.made`
    const emit = (payload: object = { n: 1 }, version?: string) =>
      owner.call<Emitted>('POST', `${CUSTOM}/emit`, { name, payload, version })
    expect((await emit()).code).toBe('event_not_registered')
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    }
    const draft = { namespace: owner.slug, name: 'order.made', version: '1.0.0', payloadSchema: schema }
    const { id } = (await owner.call<{ id: string }>('POST', CUSTOM, draft)).data
    expect((await emit()).code).toBe('event_not_published')
    await owner.call('POST', `${CUSTOM}/${id}/publish`)
    expect((await emit()).status).toBe(202)
    expect((await emit({ n: 'x' })).code).toBe('payload_invalid')
    expect((await emit({ n: 1 }, '2.0.0')).code).toBe('event_not_registered')
    await owner.call('POST', `${CUSTOM}/${id}/archive`)
    expect((await emit()).code).toBe('event_not_published')
  })

  it('of a suspended organization is refused, and recorded as that', async () => {
    const owner = await platform.organization()
    await platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${owner.org.id}/suspend`)
    const refused = await owner.call('POST', `${CUSTOM}/emit`, generic)
    expect([refused.status, refused.code]).toEqual([403, 'organization_suspended'])
    const emitId = refused.headers.get('x-emit-id')
    const state = await until(
      () => owner.call<{ status: string; code: string }>('GET', `${CUSTOM}/emits/${emitId}`),
      answer => answer.status === 200 && answer.data.status !== 'REQUESTED',
    )
    expect(state.data).toMatchObject({ status: 'REJECTED', code: 'organization_suspended' })
    await platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${owner.org.id}/activate`)
    expect((await owner.call('POST', `${CUSTOM}/emit`, generic)).status).toBe(202)
  })

  it('of the test environment has its own numbers and is not on the quota', async () => {
    const owner = await platform.organization()
    const key = await owner.call<{ apiKey: string }>('POST', '/api/v1/keys', {
      name: 't',
      environment: 'test',
      scopes: ['events:emit', 'events:read', 'usage:read'],
    })
    await owner.call('POST', `${CUSTOM}/emit`, generic)
    const trial = await platform.call<{ sequence: number; quota: object }>(
      key.data.apiKey,
      'POST',
      `${CUSTOM}/emit`,
      generic,
    )
    expect([trial.status, trial.data.sequence, trial.data.quota]).toEqual([202, 1, { used: 1, limit: 1_000 }])
    const used = (as: string) => platform.call<{ emits: { thisMonth: number } }>(as, 'GET', `${CUSTOM}/health`)
    await until(
      () => used(key.data.apiKey),
      answer => answer.data.emits.thisMonth === 1,
    )
    expect((await used(owner.apiKey)).data.emits.thisMonth).toBe(1)
  })
})
