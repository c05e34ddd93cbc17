import { describe, expect, it } from '@jest/globals'
import type { ClusterMap, TopicInfo } from '../../src/kafka/protocol/cluster.ts'
import { createAvailability } from '../../src/kafka/runtime/availability.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { settle } from '../support/scripted-wire.ts'

const REFUSED = 'NOT_ENOUGH_REPLICAS'

function watched() {
  const clock = createManualClock()
  /** The cluster's true state, and the map's knowledge of it. */
  const real = new Map<string, TopicInfo>()
  const map = new Map<string, TopicInfo>()
  const suspects = new Set<number>()
  const probed: string[] = []
  const cluster = {
    known: (topic: string) => map.get(topic),
    stale: () => undefined,
    isSuspect: (node: number) => suspects.has(node),
    async load(topics: Iterable<string>) {
      for (const topic of topics) {
        probed.push(topic)
        map.set(topic, real.get(topic)!)
      }
    },
  } as unknown as ClusterMap
  const unwanted = new Set<string>()
  const reported: string[] = []
  const released: string[] = []
  const availability = createAvailability({
    clock,
    cluster,
    minInSync: replicas => Math.min(2, replicas),
    isAwaited: topic => !unwanted.has(topic),
    onChange: topic => reported.push(`${topic} ${availability.of(topic)?.isPaused ? 'paused' : 'resumed'}`),
    onRelease: topic => released.push(topic),
  })
  /** One partition with three replicas. */
  function become(
    topic: string,
    { leader = 1, isr = [1, 2, 3], errorCode = 0, id = topic }: Partial<Shape> = {},
    isKnown = false,
  ) {
    const partitions = errorCode === 0 ? [{ partition: 0, leader, leaderEpoch: 1, replicas: [1, 2, 3], isr }] : []
    const info = { topic, id: errorCode === 0 ? id : '', errorCode, partitions }
    real.set(topic, info)
    if (isKnown) map.set(topic, info)
  }
  const advance = async (ms: number) => {
    clock.advance(ms)
    await settle()
  }
  const fail = (...topics: string[]) =>
    availability.failed(topics.map(topic => ({ topic, partition: 0, type: REFUSED })))
  return { availability, advance, become, clock, fail, probed, released, suspects, reported, unwanted }
}

interface Shape {
  leader: number
  isr: number[]
  errorCode: number
  id: string
}

describe('a topic', () => {
  it.each([
    ['does not exist', { errorCode: 3 }, 'unknown_topic'],
    ['may not be described', { errorCode: 29 }, 'unauthorized'],
    ['has no leader', { leader: -1 }, 'no_leader'],
    ['has too few replicas in sync', { isr: [1] }, 'too_few_replicas'],
  ] as const)(
    'that %s, as the cluster map knows, is held before anything fails, and until a probe finds it well',
    async (_, shape, reason) => {
      const { availability, advance, become, released, reported } = watched()
      become('a', shape as Partial<Shape>, true)
      expect(availability.of('a')).toMatchObject({ reason, isPaused: false })
      await advance(1_000)
      expect(availability.of('a')).toMatchObject({ reason })
      become('a')
      await advance(2_000)
      expect([availability.of('a'), released, reported]).toEqual([undefined, ['a'], ['a paused', 'a resumed']])
    },
  )

  it('whose leader is suspect is held, too, and nothing is reported when that is soon over', async () => {
    const { availability, advance, become, suspects, reported, released } = watched()
    become('a', {}, true)
    expect(availability.of('a')).toBeUndefined()
    suspects.add(1)
    expect(availability.of('a')).toMatchObject({ reason: 'unreachable' })
    become('a', { leader: 2 })
    await advance(1_000)
    expect([availability.of('a'), released, reported]).toEqual([undefined, ['a'], []])
  })

  it('is available at once when the map is out of date', async () => {
    const { availability, advance, become } = watched()
    become('a', { leader: -1 }, true)
    become('a')
    expect(availability.of('a')).toMatchObject({ reason: 'no_leader' })
    await advance(0)
    expect(availability.of('a')).toBeUndefined()
  })

  it('of which nothing is known is available', () => {
    expect(watched().availability.of('a')).toBeUndefined()
  })

  it('that was made again under its name is the log from then on', async () => {
    const { availability, advance, become } = watched()
    become('a', { id: 'old' }, true)
    availability.failed([{ topic: 'a', partition: 0, type: 'UNKNOWN_TOPIC_OR_PARTITION' }])
    become('a', { id: 'new' })
    await advance(1_000)
    expect(availability.of('a')).toBeUndefined()
  })
})

describe('a topic on which a transaction failed', () => {
  it('is probed after 1 s doubling to 30 s, and on trial once it is found well: one commit makes it available', async () => {
    const { availability, advance, become, fail, probed, released, reported } = watched()
    become('a', { isr: [1] })
    fail('a')
    const pauses: number[] = []
    for (let atMs = 0, last = 0; pauses.length < 7; atMs += 500) {
      if (probed.length > pauses.length) {
        pauses.push(atMs - last)
        last = atMs
      }
      await advance(500)
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    become('a')
    await advance(30_000)
    expect([availability.of('a'), released, reported]).toEqual([undefined, ['a'], ['a paused']])
    availability.committed(['state', 'a'])
    expect(reported).toEqual(['a paused', 'a resumed'])
    expect(availability.unavailable()).toEqual([])
  })

  it('goes back when its trial fails, and is probed after a longer pause', async () => {
    const { availability, advance, become, fail, probed } = watched()
    become('a')
    fail('a')
    await advance(1_000)
    expect(availability.of('a')).toBeUndefined()
    fail('a')
    expect(availability.of('a')).toMatchObject({ reason: 'too_few_replicas' })
    await advance(1_000)
    expect(probed).toHaveLength(1)
    await advance(1_000)
    expect([probed.length, availability.of('a')]).toEqual([2, undefined])
  })

  it('waits for its turn: one is on trial at a time', async () => {
    const { availability, advance, become, fail, released } = watched()
    for (const topic of ['a', 'b', 'c']) become(topic)
    fail('a', 'b', 'c')
    await advance(1_000)
    expect([released, availability.unavailable().map(({ topic }) => topic)]).toEqual([['a'], ['b', 'c']])
    availability.committed(['a'])
    expect(released).toEqual(['a', 'b'])
    fail('b')
    expect(released.at(-1)).toBe('c')
    availability.committed(['c'])
    expect(availability.unavailable().map(({ topic }) => topic)).toEqual(['b'])
  })

  it('is available without a trial when nothing waits to be written to it', async () => {
    const { availability, advance, become, fail, released, unwanted } = watched()
    for (const topic of ['a', 'b', 'c']) become(topic)
    fail('a', 'b', 'c')
    unwanted.add('a')
    await advance(1_000)
    expect([released, availability.unavailable().map(({ topic }) => topic)]).toEqual([['a', 'b'], ['c']])
    // Its waiting records were rejected, for example, so nothing was written to it.
    unwanted.add('b')
    availability.committed(['state'])
    expect(released).toEqual(['a', 'b', 'c'])
  })

  it('gives way after ten commits without a record for it, and has its turn again', async () => {
    const { availability, advance, become, fail, released } = watched()
    for (const topic of ['a', 'b']) become(topic)
    fail('a', 'b')
    await advance(1_000)
    // Its inputs are rejected or repeated, and more of them wait.
    for (let commits = 0; commits < 9; commits++) availability.committed(['state'])
    expect(released).toEqual(['a'])
    availability.committed(['state'])
    expect([released, availability.unavailable().map(({ topic }) => topic)]).toEqual([['a', 'b'], ['a']])
    availability.committed(['b'])
    expect(released).toEqual(['a', 'b', 'a'])
    availability.committed(['a'])
    expect(availability.unavailable()).toEqual([])
  })

  it('is released and reported once, however many records for it a commit has', async () => {
    const { availability, advance, become, fail, released, reported } = watched()
    become('a')
    fail('a')
    await advance(2_000)
    const before = [...reported]
    availability.committed(['a', 'state', 'a', 'a'])
    expect(released).toEqual(['a'])
    expect(reported.slice(before.length)).toEqual(['a resumed'])
  })

  it('holds up no trial of others once it is forgotten', async () => {
    const { availability, advance, become, fail, released } = watched()
    for (const topic of ['a', 'b']) become(topic)
    fail('a', 'b')
    await advance(1_000)
    availability.forget('a')
    expect(released).toEqual(['a', 'b'])
    availability.close()
  })
})
