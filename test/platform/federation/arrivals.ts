/** An event that is shared, at each of its peers: what arrives, and how it is followed from either side. */
import { createHmac } from 'node:crypto'
import { expect, it } from '@jest/globals'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import type { TestOrganization } from '../../support/platform.ts'
import {
  BASE,
  emit,
  federation,
  GROUPS,
  type History,
  logOf,
  must,
  platform,
  receiver,
  relaysOf,
  type Station,
  until,
} from './set-up.ts'

const keyOf = (secret: string) => Buffer.from(secret.slice('whsec_'.length), 'base64')

export function arrivals(): void {
  it('reaches each peer once, under the peer’s own name, with where it comes from; and a webhook of the peer that waits for it', async () => {
    const { owner, group, push, peers, members, name } = await federation(3)
    const hook = await must(
      peers[0]!.call<{ id: string }>('POST', '/api/v1/webhooks', {
        url: `${receiver.url}/peer`,
        events: [`${name}@1.0.0`],
      }),
    )
    const payload = { amount: 12.5, note: 'as it came in' }
    const emitted = await must(emit(owner, name, payload, { subject: 'order-1', correlationId: 'corr-1' }))
    for (const [index, peer] of peers.entries()) {
      const [record] = await logOf(peer, 1)
      const event = readEventHeaders(record!.headers, peer.org.id)
      expect(record!.value!.toString()).toBe(JSON.stringify(payload))
      expect(event).toMatchObject({
        ...{
          organizationId: peer.org.id,
          type: name,
          canonicalName: `TENANT_CUSTOM:${peer.org.id}:${name}@1.0.0`,
          sequence: 1,
          depth: 1,
        },
        ...{
          subject: 'order-1',
          correlationId: 'corr-1',
          causationId: emitted.eventId,
          rootEventId: emitted.eventId,
          actorId: 'system',
        },
        source: `federation:${group}`,
        federation: {
          ...{ groupId: group, pushId: push.id, sourceOrganizationId: owner.org.id, sourceEventId: emitted.eventId },
          ...{ hops: 1, path: [owner.org.id] },
        },
      })
      expect(event.eventId).not.toBe(emitted.eventId)
      const relays = await until(
        'the relay',
        () => relaysOf(owner, group),
        all => all.length === 3 && all.every(each => each.status === 'relayed'),
      )
      expect(relays.find(each => each.memberId === members[index])).toMatchObject({
        ...{
          sourceEventId: emitted.eventId,
          targetEventId: event.eventId,
          targetCanonicalName: event.canonicalName,
          attempts: 1,
        },
      })
    }
    const request = (await receiver.received(1)).find(each => each.path === '/peer')!
    expect(JSON.parse(request.body.toString())).toMatchObject({
      ...{ organizationId: peers[0]!.org.id, type: name, data: payload },
      federation: { sourceOrganizationId: owner.org.id, sourceEventId: emitted.eventId },
    })
    expect(hook.id).toMatch(/^wh_/)
    const summary = await until(
      'the meter',
      () => must(owner.call<{ meters: Record<string, number> }>('GET', '/api/v1/usage/summary')),
      ({ meters }) => meters.federation_relays === 3,
    )
    expect(summary.meters.emits).toBe(1)
    const peerUsage = await must(peers[0]!.call<{ meters: Record<string, number> }>('GET', '/api/v1/usage/summary'))
    expect([peerUsage.meters.emits, peerUsage.meters.federation_relays]).toEqual([0, 0])
  })

  it('is followed from either side, by each as far as it is its own', async () => {
    const { owner, group, push, peers, members, name } = await federation(2)
    const url = `${receiver.url}/followed`
    await must(owner.call('POST', `${GROUPS}/${group}/external-peers`, { label: 'auditor', webhookUrl: url }))
    await must(peers[0]!.call('POST', '/api/v1/webhooks', { url: `${receiver.url}/own`, events: ['*'] }))
    const { eventId } = await must(emit(owner, name, { n: 1 }))
    // Not there until it is recorded.
    const history = async (org: TestOrganization, id: string) =>
      (await org.call<History | undefined>('GET', `/api/v1/events/${id}`)).data
    const source = await until(
      'the relays',
      () => history(owner, eventId),
      found => found?.federation?.relays.filter(each => each.status === 'relayed').length === 3,
    )
    if (source === undefined) throw new Error('no history')
    expect(source.federation!.relays.map(each => each.memberOrganizationId).sort()).toEqual(
      [...peers.map(each => each.org.id), null].sort(),
    )
    expect(source.deliveries.map(each => each.status)).toEqual(['success'])
    expect(source.attempts.map(each => each.url)).toEqual([url])
    const arrived = source.federation!.relays.find(each => each.memberId === members[0])!
    const target = await until(
      'the peer’s delivery',
      () => history(peers[0]!, arrived.targetEventId!),
      found => found?.attempts.length === 1,
    )
    expect(target?.federation).toEqual({
      source: {
        ...{ groupId: group, sourceOrganizationId: owner.org.id, sourceEventId: eventId, pushId: push.id },
        ...{ memberId: members[0], relayId: arrived.id },
      },
      relays: [],
    })
    expect(target?.attempts.map(each => each.url)).toEqual([`${receiver.url}/own`])
    // The operator sees the whole of it, in one query, from either end.
    for (const [org, id] of [
      [owner, eventId],
      [peers[0]!, arrived.targetEventId!],
    ] as const) {
      const path = `/api/v1/organizations/${org.org.id}/events/${id}/lineage`
      const { stations } = await must(platform.call<{ stations: Station[] }>(platform.adminKey, 'GET', path))
      expect(stations[0]).toMatchObject({
        organizationId: owner.org.id,
        eventId,
        relayId: null,
        deliveries: [{ status: 'success' }],
      })
      expect(stations.slice(1).map(each => each.relayId)).toEqual(source.federation!.relays.map(each => each.id).sort())
      expect(stations.find(each => each.eventId === arrived.targetEventId)).toMatchObject({
        ...{ organizationId: peers[0]!.org.id, relayId: arrived.id, status: 'relayed' },
        deliveries: [{ status: 'success', attempts: [{ number: 1, state: 'success', responseStatus: 204 }] }],
      })
    }
    expect((await owner.call('GET', `/api/v1/organizations/${owner.org.id}/events/${eventId}/lineage`)).code).toBe(
      'insufficient_scope',
    )
    // The other's side of it stays the other's.
    expect(JSON.stringify(source)).not.toContain('/own')
    expect(JSON.stringify(target)).not.toContain(peers[1]!.org.id)
    expect((await peers[0]!.call('GET', `/api/v1/events/${eventId}`)).status).toBe(404)
    expect((await owner.call('GET', `/api/v1/events/${arrived.targetEventId}`)).status).toBe(404)
  })

  it('goes to an external peer as the source’s own event, signed, with its headers and group and push', async () => {
    const { owner, group, push, name, registration } = await federation(0)
    const { peer, secret } = await must(
      owner.call<{ peer: { id: string }; secret: string }>('POST', `${GROUPS}/${group}/external-peers`, {
        ...{ label: 'auditor', webhookUrl: `${receiver.url}/external`, headers: { 'X-Tenant': 'hawthorn' } },
      }),
    )
    const { eventId } = await must(emit(owner, name, { n: 1 }))
    const request = await until(
      'the request',
      async () => receiver.requests.find(each => each.path === '/external'),
      Boolean,
    )
    const body = JSON.parse(request!.body.toString())
    expect(body).toMatchObject({
      ...{ id: eventId, canonicalName: registration.canonicalName, data: { n: 1 } },
      federation: {
        groupId: group,
        pushId: push.id,
        sourceOrganizationId: owner.org.id,
        sourceEventId: eventId,
        hops: 1,
      },
    })
    const signature = `sha256=${createHmac('sha256', secret.startsWith('whsec_') ? keyOf(secret) : secret)
      .update(request!.body)
      .digest('hex')}`
    const plain = `sha256=${createHmac('sha256', secret).update(request!.body).digest('hex')}`
    expect([signature, plain]).toContain(request!.headers['x-platformxe-signature'])
    expect(request!.headers['x-caldera-signature']).toBe(request!.headers['x-platformxe-signature'])
    expect(request!.headers['x-tenant']).toBe('hawthorn')
    const [relay] = await until(
      'the relay',
      () => relaysOf(owner, group),
      all => all[0]?.status === 'relayed',
    )
    expect(relay).toMatchObject({
      memberId: peer.id,
      deliveryId: body.deliveryId,
      responseStatus: 204,
      attempts: 1,
      targetEventId: null,
    })
    const tested = await must(
      owner.call<{ success: boolean; responseStatus: number }>('POST', `${BASE}/external-peers/${peer.id}/test`),
    )
    expect(tested).toMatchObject({ success: true, responseStatus: 204 })
  })
}
