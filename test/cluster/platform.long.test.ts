/**
 * Two platforms of all roles on three brokers. Whatever a broker does, nothing is lost, doubled or counted twice, and a fault stays with
 * the partitions that it concerns. Order and counts are asserted, not seconds.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { events } from '../../topics/events.ts'
import { outcomes } from '../../topics/outcomes.ts'
import { createReceiver } from '../support/receiver.ts'
import { type Organization, startEmitting } from './emitting.ts'
import { ROLES, SHARDS } from './pair.ts'
import { startReaders } from './readers.ts'
import { accepted, cluster, org, pair, verified } from './two-platforms.ts'
import { until, within } from './until.ts'

describe('a partition of outcomes without a leader', () => {
  it('is waited for and shown, and read on when it has a leader again', async () => {
    const spare = await cluster.addBroker()
    const before = (await cluster.partition(outcomes.name, 3)).replicas
    await cluster.setReplicas(outcomes.name, 3, [spare])
    await accepted(org(3), 30_000)
    await cluster.stop(spare)
    await until('nobody leads it', async () => (await cluster.partition(outcomes.name, 3)).leader === -1)
    await pause(12_000) // longer than a reader takes a topic for a deleted one
    const readies = await Promise.all(pair.slots.map(slot => slot.ready()))
    await cluster.start(spare)
    await cluster.setReplicas(outcomes.name, 3, before)
    await cluster.stop(spare)
    await accepted(org(3), 30_000)
    expect(readies.map(({ status }) => status)).toEqual([200, 200])
    expect(JSON.stringify(readies[0]!.body)).toContain('degraded')
  }, 120_000)
})

it('streams, WebSockets and pulls miss nothing and keep the order while a broker is killed and another one frozen', async () => {
  const organization = org(1)
  const readers = await startReaders(pair.first.base, organization)
  const emitting = startEmitting({ bases: pair.bases, organizations: [organization], ratePerS: 20 })
  const more = (count: number) => {
    const accepted = () => emitting.emits.filter(each => each.acceptedAtMs !== undefined).length
    const wanted = accepted() + count
    return until(`${count} more emits are accepted`, () => accepted() >= wanted)
  }
  const led = [{ topic: events.nameFor(organization.id, 'live'), partition: 0 }]
  await more(20)
  await cluster.moveLeaders(led, 2)
  await more(20)
  await cluster.kill(2)
  await more(40)
  await cluster.start(2)
  await cluster.healed()
  await cluster.moveLeaders(led, 3)
  await more(20)
  cluster.freeze(3)
  await more(40)
  cluster.thaw(3)
  await more(20)
  await emitting.stop()
  expect(await verified([organization], [emitting])).toMatchObject({ lost: [], doubled: [], broken: [] })
  const usage = await pair.usageOf(organization)
  const all = Array.from({ length: usage }, (_, at) => at + 1)
  for (const { name, numbers, faults, close } of readers) {
    await until(`the ${name} has everything`, () => (numbers().at(-1) ?? 0) >= usage)
    expect([name, numbers(), faults()]).toEqual([name, all, []])
    close()
  }
}, 180_000)

describe('an organization whose log takes nothing', () => {
  /** Shard 2 has two organizations: one whose log is struck, and one beside it. */
  let struck: Organization
  let beside: Organization
  beforeAll(async () => {
    struck = org(2)
    for (;;) {
      const made = await pair.organization()
      if (made.shard !== 2) continue
      beside = made
      break
    }
    await accepted(beside, 30_000)
  }, 60_000)

  const reopened = async () => {
    const counts = await Promise.all(
      pair.slots.map(slot => slot.metric(/^clarion_shard_reopened_total\{[^}]*role="admit"/)),
    )
    return counts.reduce((sum, each) => sum + each, 0)
  }

  it('since too few replicas are in sync is paused, and the others of its shard go on', async () => {
    const before = await reopened()
    const restore = await cluster.shrinkIsr([{ topic: events.nameFor(struck.id, 'live'), partition: 0 }])
    const late = startEmitting({ bases: pair.bases, organizations: [struck], ratePerS: 2 })
    try {
      await until('an emit is under way', () => late.emits.length > 1)
      for (let n = 0; n < 5; n++) await accepted(beside)
      expect(late.emits.some(each => each.isPromised && each.acceptedAtMs)).toBe(false)
      expect(await reopened()).toBe(before)
    } finally {
      await restore()
      await late.stop()
    }
    await accepted(struck)
    expect(await verified([struck], [late])).toMatchObject({ lost: [], doubled: [], broken: [], miscounted: [] })
  }, 120_000)

  it('since it was deleted by hand is paused until it is there again, and the others go on', async () => {
    const topic = events.nameFor(struck.id, 'live')
    await cluster.deleteTopic(topic)
    const late = startEmitting({ bases: pair.bases, organizations: [struck], ratePerS: 2 })
    try {
      await until('an emit is under way', () => late.emits.length > 1)
      for (let n = 0; n < 5; n++) await accepted(beside)
      await until('its emits are refused for now', () => late.answers.has('503'))
      expect(late.answers.has('503 without Retry-After')).toBe(false)
    } finally {
      await cluster.createTopic({ topic, partitions: 1 })
      await late.stop()
    }
    await accepted(struck)
  }, 120_000)
})

describe('a broker that is frozen', () => {
  it('holds up no organization whose partitions and coordinators are elsewhere', async () => {
    await cluster.placeShard('admit', 0, 3, [org(0).id])
    await cluster.placeShard('admit', 1, 1, [org(1).id])
    await cluster.placeShard('admit', 3, 2, [org(3).id])
    await cluster.moveCoordinator('group', 'admit', 1)
    await accepted(org(1), 30_000)
    cluster.freeze(3)
    for (let n = 0; n < 5; n++) for (const shard of [1, 3]) await accepted(org(shard))
    expect(cluster.state(3)).toBe('frozen')
    cluster.thaw(3)
    await accepted(org(0), 60_000)
  }, 120_000)
})

describe('shards that move', () => {
  it('are drained first: a process that joins and leaves makes no request again', async () => {
    const receiver = await createReceiver()
    const released = Promise.withResolvers<void>()
    receiver.answerWith(() => ({ late: released.promise }))
    // A third process gets two shards of eight at least.
    const organizations = await pair.organizationsOf([0, 1, 2, 3, 4, 5, 6])
    for (const organization of organizations.values()) {
      const made = await pair.call(organization, 'POST', '/api/v1/webhooks', {
        url: receiver.url,
        events: ['*'],
        name: 'drained',
      })
      expect(made.status).toBe(201)
      await accepted(organization, 30_000)
    }
    await receiver.received(organizations.size) // all in flight
    const joining = pair.join()
    await until('it has joined', async () => (await cluster.describeGroup('deliver')).members.length === 3)
    await pause(2_000) // what a shard that is dropped needs to be opened elsewhere
    released.resolve()
    const third = await joining
    await third.stop()
    await pair.settled()
    const requests = receiver.requests.map(
      ({ headers }) => `${headers['x-delivery-id']}/${headers['x-delivery-attempt']}`,
    )
    await receiver.close()
    expect(requests.length).toBe(new Set(requests).size)
  }, 120_000)
})

describe('two of three brokers that are away', () => {
  it('leave no lease behind without a holder: members and claims agree, and a killed platform is taken over', async () => {
    // Every group is coordinated by the broker that stays, and can write nothing down meanwhile.
    for (const role of ROLES) await cluster.moveCoordinator('group', role, 3)
    await cluster.kill(1, 2)
    await pause(20_000)
    await cluster.start([1, 2])
    await cluster.healed()
    await within(30_000, 'members and claims agree', pair.settled())
    await pair.second.kill()
    try {
      await within(30_000, 'the other takes over', pair.settled())
      for (const role of ROLES)
        expect(await pair.first.metric(new RegExp(`^clarion_shards\\{[^}]*role="${role}"`))).toBe(SHARDS)
      for (const shard of [0, 1, 2, 3]) await accepted(org(shard))
    } finally {
      await pair.second.start()
    }
  }, 180_000)
})
