/** Federation on a whole platform: what a peer gets, once, under its own name; what it does not get, and where that is written down. */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join as pathOf } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { CHAIN_DEPTH_MAX, createChainTokens } from '../../src/events/chain.ts'
import { readEventHeaders } from '../../src/events/log-record.ts'
import { readLog } from '../support/ledger.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'

let platform: TestPlatform
let receiver: Receiver
beforeAll(async () => {
  platform = await startPlatform()
  receiver = await createReceiver()
}, 120_000)
afterAll(async () => {
  await receiver?.close()
  await platform?.stop()
}, 60_000)

const BASE = '/api/v1/events/custom/federation'
const GROUPS = `${BASE}/groups`

interface Relay {
  id: string
  memberId: string
  status: string
  skipReason: string | null
  lastError: string | null
  sourceEventId: string
  targetEventId: string | null
  targetCanonicalName: string | null
  deliveryId: string | null
  attempts: number
  responseStatus: number | null
}

interface Station {
  organizationId: string | null
  eventId: string | null
  relayId: string | null
}

interface History {
  federation: { source: object | null; relays: Array<Relay & { memberOrganizationId: string | null }> } | null
  deliveries: Array<{ status: string }>
  attempts: Array<{ url: string }>
}

const emit = (org: TestOrganization, name: string, payload: object, more: object = {}) =>
  org.call<{ eventId: string; emitId: string }>('POST', '/api/v1/events/custom/emit', { name, payload, ...more })

async function must<T>(answer: Promise<{ status: number; data: T; body: unknown }>): Promise<T> {
  const { status, data, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return data
}

async function register(
  org: TestOrganization,
  name = 'order.made',
  namespace = org.slug,
  schema: object = { type: 'object' },
) {
  const body = { namespace, name, version: '1.0.0', payloadSchema: schema, status: 'published' }
  return must(org.call<{ id: string; canonicalName: string }>('POST', '/api/v1/events/custom', body))
}

async function createGroup(owner: TestOrganization, name = 'Partners') {
  return (await must(owner.call<{ id: string }>('POST', GROUPS, { name }))).id
}
const declare = (owner: TestOrganization, group: string, registrationId: string) =>
  must(owner.call<{ id: string }>('POST', `${GROUPS}/${group}/pushes`, { registrationId }))

async function join(owner: TestOrganization, group: string, peer: TestOrganization, body?: object) {
  const member = await must(
    owner.call<{ id: string }>('POST', `${GROUPS}/${group}/invite`, { memberOrganizationId: peer.org.id }),
  )
  await must(peer.call('POST', `${GROUPS}/${group}/accept`, body))
  return member.id
}

/** An owner whose `order.made` goes to so many peers. */
async function federation(peerCount: number) {
  const owner = await platform.organization()
  const group = await createGroup(owner)
  const registration = await register(owner)
  const push = await declare(owner, group, registration.id)
  const peers = await Promise.all(Array.from({ length: peerCount }, () => platform.organization()))
  const members = []
  for (const peer of peers) members.push(await join(owner, group, peer))
  return { owner, group, registration, push, peers, members, name: `${owner.slug}.order.made` }
}

async function until<T>(what: string, ask: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await ask()
    if (holds(found)) return found
    await pause(50)
  }
  throw new Error(`not within ten seconds: ${what}; last ${JSON.stringify(await ask()).slice(0, 1_000)}`)
}
const relaysOf = async (org: TestOrganization, group: string, query = '') =>
  (await must(org.call<Relay[]>('GET', `${GROUPS}/${group}/relays?limit=100${query}`))) as Relay[]
/** The log of an organization, once it has so many events. */
const logOf = (org: TestOrganization, count: number) =>
  until(
    `${count} events in the log of ${org.slug}`,
    () => readLog(platform, org),
    records => records.length >= count,
  )

describe('an event that is shared', () => {
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

  it('is only the pushed version, only while it is pushed, and never of the test environment', async () => {
    const { owner, group, push, peers, name } = await federation(1)
    const peer = peers[0]!
    const next = {
      namespace: owner.slug,
      name: 'order.made',
      version: '1.1.0',
      payloadSchema: { type: 'object' },
      status: 'published',
    }
    await must(owner.call('POST', '/api/v1/events/custom', next))
    await must(emit(owner, name, { n: 'newer version' }))
    const key = await must(
      owner.call<{ apiKey: string }>('POST', '/api/v1/keys', {
        name: 't',
        environment: 'test',
        scopes: ['events:emit'],
      }),
    )
    await must(
      platform.call(key.apiKey, 'POST', '/api/v1/events/custom/emit', {
        name,
        version: '1.0.0',
        payload: { n: 'test' },
      }),
    )
    await must(emit(owner, name, { n: 'pushed' }, { version: '1.0.0' }))
    await logOf(peer, 1)
    await must(owner.call('DELETE', `${BASE}/pushes/${push.id}`))
    await must(emit(owner, name, { n: 'undeclared' }, { version: '1.0.0' }))
    // One more that is shared again comes after it, so what did not come before it does not come.
    const registration = (
      await must(owner.call<Array<{ id: string; version: string }>>('GET', '/api/v1/events/custom'))
    ).find(each => each.version === '1.0.0')
    await declare(owner, group, registration!.id)
    await must(emit(owner, name, { n: 'again' }, { version: '1.0.0' }))
    expect((await logOf(peer, 2)).map(record => JSON.parse(record.value!.toString()).n)).toEqual(['pushed', 'again'])
  })

  it('reaches a peer of two groups once; the second relay is skipped as a duplicate', async () => {
    const { owner, group, registration, peers, name } = await federation(1)
    const second = await createGroup(owner, 'Partners too')
    await declare(owner, second, registration.id)
    await join(owner, second, peers[0]!)
    await must(emit(owner, name, { n: 1 }))
    await must(emit(owner, name, { n: 2 }))
    const skipped = await until(
      'both',
      () => relaysOf(owner, second),
      all => all.length === 2,
    )
    expect(skipped.map(each => [each.status, each.skipReason])).toEqual(Array(2).fill(['skipped', 'duplicate']))
    await until(
      'both',
      () => relaysOf(owner, group, '&status=relayed'),
      all => all.length === 2,
    )
    expect(await readLog(platform, peers[0]!)).toHaveLength(2)
  })

  it('is not passed on: two organizations that share with each other do not ping-pong, nor does it travel a chain', async () => {
    const [one, two, three] = [
      await platform.organization(),
      await platform.organization(),
      await platform.organization(),
    ]
    // The same name at all three: each pushes the very name under which the other's events arrive.
    for (const org of [two, three])
      await must(
        platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${org.org.id}/namespaces`, {
          namespace: one.slug,
        }),
      )
    const name = `${one.slug}.order.made`
    const groups: string[] = []
    for (const [owner, peer] of [
      [one, two],
      [two, one],
      [two, three],
    ] as const) {
      const group = await createGroup(owner, `to ${peer.slug}`)
      const known = (await must(owner.call<Array<{ id: string; name: string }>>('GET', '/api/v1/events/custom'))).find(
        each => each.name === 'order.made',
      )
      await declare(owner, group, (known ?? (await register(owner, 'order.made', one.slug))).id)
      await join(owner, group, peer)
      groups.push(group)
    }
    await must(emit(one, name, { from: 'one' }))
    await logOf(two, 1)
    await must(emit(two, name, { from: 'two' }))
    expect((await logOf(one, 2)).map(record => JSON.parse(record.value!.toString()).from)).toEqual(['one', 'two'])
    expect((await logOf(three, 1)).map(record => JSON.parse(record.value!.toString()).from)).toEqual(['two'])
    expect((await readLog(platform, two)).map(record => JSON.parse(record.value!.toString()).from)).toEqual([
      'one',
      'two',
    ])
  })

  it('arrives in the namespace that the member chose', async () => {
    const { owner, group, name } = await federation(0)
    const peer = await platform.organization()
    await join(owner, group, peer, { inboundNamespace: peer.slug })
    await must(emit(owner, name, { n: 1 }))
    const [record] = await logOf(peer, 1)
    expect(record!.headers['canonical-name']!.toString()).toBe(
      `TENANT_CUSTOM:${peer.org.id}:${peer.slug}.order.made@1.0.0`,
    )
    // Inbound-only names are not the peer's to emit.
    const own = await emit(peer, `${peer.slug}.order.made`, { n: 1 })
    expect([own.status, own.code]).toEqual([404, 'event_not_registered'])
  })

  it('keeps the order of its subject', async () => {
    const { owner, peers, name } = await federation(1)
    const items = Array.from({ length: 300 }, (_, n) => ({ name, payload: { n }, subject: `s${n % 3}` }))
    await must(owner.call('POST', '/api/v1/events/custom/emit/batch', { items }))
    const records = await logOf(peers[0]!, 300)
    expect(records.map(record => JSON.parse(record.value!.toString()).n)).toEqual(items.map((_, n) => n))
    expect(records.map(record => Number(record.headers.sequence))).toEqual(items.map((_, n) => n + 1))
  })
})

describe('a peer that', () => {
  it('is paused, or whose plan is gone, gets nothing, which is written down; later events reach it again', async () => {
    const { owner, group, peers, members, name } = await federation(2)
    const [paused, dropped] = peers as [TestOrganization, TestOrganization]
    const plan = (org: TestOrganization, to: string) =>
      must(platform.call(platform.adminKey, 'PATCH', `/api/v1/organizations/${org.org.id}`, { plan: to }))
    await must(owner.call('POST', `${GROUPS}/${group}/members/${members[0]}/pause`))
    await plan(dropped, 'PRO')
    await must(emit(owner, name, { n: 1 }))
    const relays = await until(
      'the relays',
      () => relaysOf(owner, group),
      all => all.length === 2,
    )
    expect(Object.fromEntries(relays.map(each => [each.memberId, [each.status, each.skipReason]]))).toEqual({
      [members[0]!]: ['skipped', 'paused'],
      [members[1]!]: ['skipped', 'plan'],
    })
    await must(owner.call('POST', `${GROUPS}/${group}/members/${members[0]}/resume`))
    await plan(dropped, 'ENTERPRISE')
    await must(emit(owner, name, { n: 2 }))
    for (const peer of [paused, dropped])
      expect((await logOf(peer, 1)).map(record => JSON.parse(record.value!.toString()).n)).toEqual([2])
    await plan(owner, 'PRO')
    await must(emit(owner, name, { n: 3 }))
    const third = await until(
      'the third',
      () => relaysOf(owner, group),
      all => all.length === 6,
    ).catch(() => [])
    // The owner itself reads nothing of federation without the plan.
    expect(third).toEqual([])
    await plan(owner, 'ENTERPRISE')
    const after = await until(
      'the third',
      () => relaysOf(owner, group, '&status=skipped'),
      all => all.length === 4,
    )
    expect(after.filter(each => each.skipReason === 'plan')).toHaveLength(3)
    await must(emit(owner, name, { n: 4 }))
    expect((await logOf(paused, 2)).map(record => JSON.parse(record.value!.toString()).n)).toEqual([2, 4])
  })

  it('registered another schema under the name meanwhile fails the relay; once renamed it can be tried again, and comes once', async () => {
    const { owner, group, peers, members, name } = await federation(1)
    const peer = peers[0]!
    await must(
      platform.call(platform.adminKey, 'POST', `/api/v1/organizations/${peer.org.id}/namespaces`, {
        namespace: owner.slug,
      }),
    )
    await register(peer, 'order.made', owner.slug, { type: 'object', required: ['other'] })
    await must(emit(owner, name, { n: 1 }))
    const [failed] = await until(
      'the failure',
      () => relaysOf(owner, group),
      all => all[0]?.status === 'failed',
    )
    expect([failed!.lastError, failed!.targetEventId]).toEqual(['federation_name_conflict', null])
    expect((await peer.call('POST', `${BASE}/relays/${failed!.id}/retry`)).code).toBe('not_group_owner')
    const stranger = await platform.organization()
    expect((await stranger.call('POST', `${BASE}/relays/${failed!.id}/retry`)).code).toBe('federation_relay_not_found')
    await must(peer.call('PATCH', `${GROUPS}/${group}/members/${members[0]}`, { inboundNamespace: peer.slug }))
    const retried = await Promise.all(
      Array.from({ length: 3 }, () => owner.call('POST', `${BASE}/relays/${failed!.id}/retry`)),
    )
    expect(retried.map(each => each.status)).toEqual([202, 202, 202])
    const [relayed] = await until(
      'the relay',
      () => relaysOf(owner, group),
      all => all[0]?.status === 'relayed',
    )
    expect([relayed!.id, relayed!.targetCanonicalName]).toEqual([
      failed!.id,
      `TENANT_CUSTOM:${peer.org.id}:${peer.slug}.order.made@1.0.0`,
    ])
    await must(emit(owner, name, { n: 2 }))
    expect((await logOf(peer, 2)).map(record => JSON.parse(record.value!.toString()).n)).toEqual([1, 2])
    expect((await owner.call('POST', `${BASE}/relays/${failed!.id}/retry`)).code).toBe('relay_not_failed')
  })

  it('is an endpoint that hangs delays neither the others nor the owner; removed, its waiting deliveries are cancelled', async () => {
    const { owner, group, peers, name } = await federation(1)
    const slow = await createReceiver({ answer: () => 'hang' })
    const add = { label: 'slow', webhookUrl: `${slow.url}/slow` }
    const { peer: external } = await must(
      owner.call<{ peer: { id: string } }>('POST', `${GROUPS}/${group}/external-peers`, add),
    )
    const items = Array.from({ length: 40 }, (_, n) => ({ name, payload: { n } }))
    await must(owner.call('POST', '/api/v1/events/custom/emit/batch', { items }))
    await logOf(peers[0]!, 40)
    await until(
      'a request',
      async () => slow.requests.length,
      count => count > 0,
    )
    await must(owner.call('DELETE', `${BASE}/external-peers/${external.id}`))
    slow.cut()
    const done = await until(
      'no relay open',
      () => relaysOf(owner, group, `&memberId=${external.id}`),
      all => all.length === 40 && all.every(each => each.status === 'skipped'),
    )
    expect(new Set(done.map(each => each.status))).toEqual(new Set(['skipped']))
    await slow.close()
  }, 60_000)
})

it('an event at the end of its chain is delivered at home and not relayed, with one notice', async () => {
  const { owner, group, peers, name } = await federation(2)
  const chains = createChainTokens(
    (JSON.parse(readFileSync(pathOf(platform.dataDir, 'keys.json'), 'utf8')) as { secretKey: string }).secretKey,
  )
  const link = {
    rootEventId: `evt_${'0'.repeat(32)}`,
    eventId: `evt_${'1'.repeat(32)}`,
    organizationId: owner.org.id,
    path: [],
  }
  const last = await must(
    emit(owner, name, { n: 'last' }, { chainToken: chains.sign({ ...link, depth: CHAIN_DEPTH_MAX - 1 }) }),
  )
  const relays = await until(
    'the relays',
    () => relaysOf(owner, group),
    all => all.length === 2,
  )
  expect(relays.map(each => [each.status, each.skipReason])).toEqual(Array(2).fill(['skipped', 'chain_depth_exceeded']))
  expect(await readLog(platform, owner)).toHaveLength(1)
  const notices = await until(
    'the notice',
    () => must(owner.call<Array<{ entityId: string }>>('GET', '/api/v1/audit?type=CUSTOM_EVENT_CHAIN_TRUNCATED')),
    all => all.length > 0,
  )
  expect(notices.map(each => each.entityId)).toEqual([last.emitId])
  await must(emit(owner, name, { n: 'new' }))
  for (const peer of peers)
    expect((await logOf(peer, 1)).map(record => JSON.parse(record.value!.toString()).n)).toEqual(['new'])
})

it('an owner whose webhook names them gets its relays; owner and member get each change of a membership', async () => {
  const { owner, group, peers, members, name } = await federation(1)
  const heard = await createReceiver()
  const events = ['CUSTOM_EVENT_FEDERATION_RELAYED', 'CUSTOM_EVENT_FEDERATION_RELAY_SKIPPED']
  await must(owner.call('POST', '/api/v1/webhooks', { url: heard.url, events }))
  await must(emit(owner, name, { n: 1 }))
  await until(
    'relayed',
    async () => heard.requests.length,
    count => count === 1,
  )
  await must(peers[0]!.call('POST', `${GROUPS}/${group}/members/${members[0]}/pause`))
  await must(emit(owner, name, { n: 2 }))
  await until(
    'skipped',
    async () => heard.requests.length,
    count => count === 2,
  )
  const bodies = heard.requests.map(each => JSON.parse(each.body.toString()))
  expect(bodies.map(each => [each.type, each.data.status, each.data.reason ?? null])).toEqual([
    ['CUSTOM_EVENT_FEDERATION_RELAYED', 'relayed', null],
    ['CUSTOM_EVENT_FEDERATION_RELAY_SKIPPED', 'skipped', 'paused'],
  ])
  // An endpoint's relay ends with its delivery.
  await must(
    owner.call('POST', `${GROUPS}/${group}/external-peers`, { label: 'auditor', webhookUrl: `${receiver.url}/heard` }),
  )
  await must(emit(owner, name, { n: 3 }))
  const later = await until(
    'relayed to the endpoint',
    async () => heard.requests.map(each => JSON.parse(each.body.toString())),
    all => all.length === 4,
  )
  expect(
    later
      .slice(2)
      .map(each => each.type.replace('CUSTOM_EVENT_FEDERATION_', ''))
      .sort(),
  ).toEqual(['RELAYED', 'RELAY_SKIPPED'])
  await heard.close()
  const audit = async (org: TestOrganization) =>
    (
      await must(
        org.call<Array<{ type: string; entityType: string; actorId: string }>>('GET', '/api/v1/audit?limit=100'),
      )
    )
      .filter(each => each.entityType.startsWith('federation-'))
      .toReversed()
  const ofOwner = await until(
    'the audit',
    () => audit(owner),
    all => all.some(each => each.type.endsWith('_PEER_ADDED')),
  )
  expect(ofOwner.map(each => each.type.replace('CUSTOM_EVENT_FEDERATION_', ''))).toEqual([
    ...['GROUP_CREATED', 'PUSH_DECLARED', 'INVITED', 'ACCEPTED', 'PAUSED', 'PEER_ADDED'],
  ])
  const ofMember = await until(
    'the audit of the member',
    () => audit(peers[0]!),
    all => all.some(each => each.type.endsWith('_PAUSED')),
  )
  expect(ofMember.map(each => each.type.replace('CUSTOM_EVENT_FEDERATION_', ''))).toEqual([
    'INVITED',
    'ACCEPTED',
    'PAUSED',
  ])
  expect(ofMember.map(each => each.actorId.slice(0, 4))).toEqual(['org_', 'key_', 'key_'])
  expect(ofOwner.map(each => each.actorId.slice(0, 4))).toEqual(['key_', 'key_', 'key_', 'org_', 'org_', 'key_'])
})

const keyOf = (secret: string) => Buffer.from(secret.slice('whsec_'.length), 'base64')
