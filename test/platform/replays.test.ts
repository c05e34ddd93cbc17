/** Replays to several targets on a whole platform, from outside: what arrives, what does not, and where that is written down. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { sharedPlatform, type TestPlatform } from '../support/platform.ts'
import { createReceiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { emit, ended, get, hook, itemsOf, numberOf, range, replay } from './replaying.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

const GROUPS = '/api/v1/events/custom/federation/groups'

describe('a replay to everybody who subscribes now', () => {
  it('counts first, then delivers just that, and says of each event and webhook what became of it', async () => {
    const organization = await platform.organization()
    const [receiver, refusing] = [await createReceiver(), await createReceiver({ answer: () => ({ status: 500 }) })]
    const from = new Date(Date.now() - 1_000).toISOString()
    const events = await emit(organization, 20)
    const all = await hook(organization, receiver.url)
    const some = await hook(organization, `${receiver.url}/some`, {
      conditions: { all: [{ path: 'payload.data.n', operator: 'gt', value: 14 }] },
    })
    const bad = await hook(organization, refusing.url, { retry: { delays: [0], maxAttempts: 1 } })
    const off = await hook(organization, receiver.url, { active: false })
    const body = { source: { from }, target: { kind: 'original' }, options: { ratePerSecond: 500 } }

    const counted = await replay(organization, { ...body, options: { dryRun: true } })
    const count = await until(
      () => get(organization, counted.id),
      ({ state }) => state === 'completed',
    )
    expect(Object.fromEntries(count.targets.map(({ id, progress }) => [id, progress.matched]))).toEqual({
      [all]: 20,
      [some]: 5,
      [bad]: 20,
      [off]: 20,
    })
    const samples = await until(
      () => itemsOf(organization, counted),
      found => found.length === 10,
    )
    expect(samples.every(({ id, outcome }) => id === null && outcome === 'would_deliver')).toBe(true)
    expect(receiver.requests).toEqual([])

    const done = await ended(organization, await replay(organization, body))
    expect([done.state, done.stateReason]).toEqual(['completed', null])
    const byTarget = Object.fromEntries(done.targets.map(({ id, progress }) => [id, progress]))
    expect(byTarget[all]).toMatchObject({ matched: 20, succeeded: 20, failed: 0, skipped: 0 })
    expect(byTarget[some]).toMatchObject({ matched: 20, succeeded: 5, failed: 0, skipped: 15 })
    expect(byTarget[bad]).toMatchObject({ matched: 20, succeeded: 0, failed: 20, skipped: 0 })
    expect(byTarget[off]).toMatchObject({ matched: 20, succeeded: 0, failed: 0, skipped: 20 })
    expect(done.progress).toMatchObject({ matched: 80, processed: 80, succeeded: 25, failed: 20, skipped: 35 })
    const items = await until(
      () => itemsOf(organization, done),
      found => found.length === 80,
    )
    expect(items).toHaveLength(80)
    const of = (id: string) => items.filter(({ target }) => target.id === id)
    expect(of(off).map(({ eventId, outcome, reason }) => [eventId, outcome, reason])).toEqual(
      events.map(id => [id, 'skipped', 'inactive']),
    )
    expect(of(some).filter(({ reason }) => reason === 'condition_false')).toHaveLength(15)
    expect(of(bad).every(({ outcome, reason }) => outcome === 'failed' && reason === 'exhausted')).toBe(true)
    expect(
      receiver.requests
        .filter(({ path }) => path === '/')
        .map(numberOf)
        .sort((a, b) => a - b),
    ).toEqual(range(0, 20))
    expect(receiver.requests.every(({ headers }) => headers['x-event-replay'] === done.id)).toBe(true)
    const usage = await until(
      () => organization.call<{ meters: { replayed_deliveries: number } }>('GET', '/api/v1/usage/summary'),
      ({ data }) => data.meters.replayed_deliveries === 45,
    )
    expect(usage.data.meters.replayed_deliveries).toBe(45)
    await receiver.close()
    await refusing.close()
  }, 90_000)

  it('takes events by their ids, whatever the webhook selects', async () => {
    const organization = await platform.organization()
    const receiver = await createReceiver()
    const events = await emit(organization, 12)
    const id = await hook(organization, receiver.url, { events: ['nothing.else'] })
    const eventIds = [events[9]!, events[2]!, events[5]!]
    const target = { kind: 'subscription', ids: [id.replace('wh_', 'evs_')] }
    const done = await ended(organization, await replay(organization, { source: { eventIds }, target }))
    expect(done).toMatchObject({ state: 'completed', progress: { matched: 3, succeeded: 3 } })
    // They have no subject, so their requests run side by side.
    expect(receiver.requests.map(numberOf).toSorted((a, b) => a - b)).toEqual([2, 5, 9])
    expect((await itemsOf(organization, done)).map(({ target: { kind, id: of } }) => [kind, of])).toEqual(
      range(0, 3).map(() => [target.kind, target.ids[0]]),
    )
    await receiver.close()
  }, 60_000)
})

it('a replay may begin at the cursor of a pull', async () => {
  const organization = await platform.organization()
  const receiver = await createReceiver()
  await emit(organization, 12)
  const { body } = await organization.call('GET', '/api/v1/events?types=*&from=earliest&limit=7')
  const from = (body as { meta: { nextCursor: string } }).meta.nextCursor
  const id = await hook(organization, receiver.url)
  const done = await ended(
    organization,
    await replay(organization, { source: { from }, target: { kind: 'webhook', ids: [id] } }),
  )
  expect(done).toMatchObject({ state: 'completed', source: { from }, progress: { matched: 5, succeeded: 5 } })
  expect(receiver.requests.map(numberOf).toSorted((a, b) => a - b)).toEqual(range(7, 5))
  await receiver.close()
}, 60_000)

it('a replay to a member brings what it has missed, once, and to an external peer what it would have had', async () => {
  const [owner, member] = [await platform.organization(), await platform.organization()]
  const [receiver, peer] = [await createReceiver(), await createReceiver()]
  const registration = await owner.call<{ id: string }>('POST', '/api/v1/events/custom', {
    ...{ namespace: owner.slug, name: 'order.made', version: '1.0.0', payloadSchema: { type: 'object' } },
    status: 'published',
  })
  const group = (await owner.call<{ id: string }>('POST', GROUPS, { name: 'Partners' })).data.id
  await owner.call('POST', `${GROUPS}/${group}/pushes`, { registrationId: registration.data.id })
  const invited = await owner.call<{ id: string }>('POST', `${GROUPS}/${group}/invite`, {
    memberOrganizationId: member.org.id,
  })
  const id = invited.data.id
  await member.call('POST', `${GROUPS}/${group}/accept`, {})
  await hook(member, receiver.url, { events: [`${owner.slug}.order.made`] })
  const from = new Date(Date.now() - 1_000).toISOString()
  const order = (n: number) =>
    owner.call('POST', '/api/v1/events/custom/emit', { name: `${owner.slug}.order.made`, payload: { n } })
  for (const n of range(0, 5)) await order(n)
  await receiver.received(5)
  await owner.call('POST', `${GROUPS}/${group}/members/${id}/pause`, {})
  for (const n of range(5, 5)) await order(n)
  await owner.call('POST', `${GROUPS}/${group}/members/${id}/resume`, {})

  const body = { source: { from }, target: { kind: 'federation_member', ids: [id] }, options: { ratePerSecond: 500 } }
  const done = await ended(owner, await replay(owner, body))
  expect(done).toMatchObject({ state: 'completed', progress: { matched: 10, succeeded: 5, skipped: 5 } })
  const arrived = (await receiver.received(10)).map(
    ({ body: text }) => (JSON.parse(text.toString()) as { data: { n: number } }).data.n,
  )
  expect(arrived.sort((a, b) => a - b)).toEqual(range(0, 10))
  const items = await until(
    () => itemsOf(owner, done),
    found => found.length === 10,
  )
  expect(items.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ...range(0, 5).map(() => ['skipped', 'duplicate']),
    ...range(0, 5).map(() => ['delivered', null]),
  ])
  // Until the relay log has the arrivals, a relay would be repeated, and the member's shard would ignore it.
  await until(
    async () => (await owner.call<unknown[]>('GET', `${GROUPS}/${group}/relays?status=relayed&limit=100`)).data,
    found => found.length === 10,
  )
  const again = await ended(owner, await replay(owner, body))
  expect(again.progress).toMatchObject({ matched: 10, succeeded: 0, skipped: 10 })
  expect(receiver.requests).toHaveLength(10)
  // The member sees its owner's replay neither in its list nor by its id.
  expect((await member.call('GET', `/api/v1/replays/${done.id}`)).status).toBe(404)

  const external = await owner.call<{ peer: { id: string } }>('POST', `${GROUPS}/${group}/external-peers`, {
    ...{ label: 'auditor', webhookUrl: peer.url },
  })
  const ofPeer = { ...body, target: { kind: 'federation_member', ids: [external.data.peer.id] } }
  expect((await ended(owner, await replay(owner, ofPeer))).progress).toMatchObject({ matched: 10, succeeded: 10 })
  expect(peer.requests).toHaveLength(10)
  await receiver.close()
  await peer.close()
}, 120_000)
