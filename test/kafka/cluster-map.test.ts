/** The cluster map as pure state: answers as brokers give them, and a clock that the test controls. */
import { describe, expect, it } from '@jest/globals'
import { createClusterMap, type PartitionInfo, type TopicInfo } from '../../src/kafka/protocol/cluster.ts'
import type { MetadataAnswer } from '../../src/kafka/protocol/metadata-requests.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { settle } from '../support/scripted-wire.ts'

const partition = (leader: number, leaderEpoch: number, number = 0): PartitionInfo => ({
  partition: number,
  leader,
  leaderEpoch,
  replicas: [1, 2, 3],
  isr: [1, 2, 3],
})
const topic = (name: string, partitions: PartitionInfo[], id = 'aa', errorCode = 0): TopicInfo => ({
  topic: name,
  id,
  errorCode,
  partitions,
})
const unknown = (name: string) => topic(name, [], '', 3)
const brokers = [1, 2, 3].map(nodeId => ({ nodeId, host: `broker-${nodeId}`, port: 9092 }))

/** The brokers' answers, by topic; changed by the test between requests. */
function setUp(topics: Record<string, TopicInfo> = {}) {
  const clock = createManualClock()
  const asked: string[][] = []
  const repeated: string[][] = []
  let failure: Error | undefined
  let held: Promise<void> | undefined
  const map = createClusterMap({
    clock,
    ask: async (names, isRepeated) => {
      asked.push(names)
      if (isRepeated) repeated.push(names)
      const answer: MetadataAnswer = {
        brokers,
        topics: names.map(name => ({ ...(topics[name] ?? unknown(name)), operations: 0 })),
      }
      if (held) await held
      if (failure) throw failure
      return answer
    },
  })
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    return () => {
      held = undefined
      resolve()
    }
  }
  const fail = (error?: Error) => {
    failure = error
  }
  return { clock, asked, repeated, map, topics, hold, fail }
}

describe('asking', () => {
  it('requests the named topics, no others, and those requested together once', async () => {
    const { map, asked } = setUp({ a: topic('a', [partition(1, 1)]), b: topic('b', [partition(2, 1)]) })
    await Promise.all([map.load(['a']), map.load(['b', 'a']), map.load([])])
    await map.load(['a', 'b'])
    expect(asked).toEqual([['a', 'b']])
    expect([map.leader('a', 0), map.leader('b', 0), map.leader('a', 1)]).toEqual([{ node: 1, epoch: 1 }, { node: 2, epoch: 1 }, undefined]) // biome-ignore format: one thought
  })

  it('shares the next question while one is under way, 500 topics at most in each', async () => {
    const { map, asked, hold } = setUp()
    const release = hold()
    const first = map.load(['early'])
    await Promise.resolve()
    const later = [map.load(Array.from({ length: 600 }, (_, n) => `t${n}`)), map.load(['t1'])]
    release()
    await Promise.all([first, ...later])
    expect(asked.map(names => names.length)).toEqual([1, 500, 100])
  })

  it('requests topics again that became stale while the request was in flight', async () => {
    const { map, asked, hold, topics, clock } = setUp({ a: topic('a', [partition(1, 1)]) })
    await map.load(['a'])
    map.stale('a')
    const release = hold()
    const first = map.load(['a'])
    await Promise.resolve()
    clock.advance(1)
    map.stale('a')
    const second = map.load(['a'])
    topics.a = topic('a', [partition(2, 2)])
    release()
    await Promise.all([first, second])
    expect([asked.length, map.leader('a', 0)?.node]).toEqual([3, 2])
  })

  it('resolves where a topic is missing or a partition has no leader, and rejects when no broker answers', async () => {
    const { map, fail } = setUp({ half: topic('half', [partition(-1, 4), partition(2, 4, 1)]) })
    await map.load(['missing', 'half'])
    expect([map.known('missing')?.errorCode, map.leader('half', 0), map.leader('half', 1)?.node]).toEqual([
      3,
      undefined,
      2,
    ])
    fail(new Error('nobody answers'))
    map.stale('half')
    await expect(map.load(['half'])).rejects.toThrow('nobody answers')
    fail(undefined)
    await map.load(['half'])
    expect(map.leader('half', 1)?.node).toBe(2)
  })

  it('pauses 50 ms doubling to 1 s while the answers bring nothing new, and requests at once when one did', async () => {
    const { map, asked, clock, topics } = setUp({ a: topic('a', [partition(1, 1)]) })
    const askedAt: number[] = []
    const startMs = clock.monotonicMs()
    for (let ms = 0; ms < 4_000; ms += 10) {
      map.stale('a')
      const before = asked.length
      await map.load(['a'])
      if (asked.length > before) askedAt.push(clock.monotonicMs() - startMs)
      clock.advance(10)
    }
    expect(askedAt).toEqual([0, 10, 20, 30, 80, 180, 380, 780, 1_580, 2_580, 3_580])
    topics.a = topic('a', [partition(2, 2)])
    clock.advance(1_000)
    for (let n = 0; n < 2; n++) {
      map.stale('a')
      await map.load(['a'])
      clock.advance(1)
    }
    expect(asked).toHaveLength(13)
  })

  it('refreshes after five minutes, and partitions without a leader every five seconds, without delaying callers', async () => {
    const { map, asked, clock, hold } = setUp({
      a: topic('a', [partition(1, 1)]),
      half: topic('half', [partition(-1, 1), partition(2, 1, 1)]),
    })
    await map.load(['a', 'half'])
    clock.advance(5_001)
    const release = hold()
    await map.load(['a', 'half'])
    expect(asked.at(-1)).toEqual(['half'])
    release()
    clock.advance(300_000)
    await map.load(['a'])
    await Promise.resolve()
    expect(asked.at(-1)).toContain('a')
  })
})

it('goes to another broker when an answer has brought nothing new', async () => {
  const { map, repeated, topics } = setUp({ a: topic('a', [partition(1, 1)]) })
  for (let n = 0; n < 3; n++) {
    map.stale('a')
    await map.load(['a'])
  }
  expect(repeated).toEqual([['a']])
  topics.a = topic('a', [partition(2, 2)])
  map.stale('a')
  await map.load(['a'])
  map.stale('a')
  await map.load(['a'])
  expect(repeated).toEqual([['a'], ['a']])
})

describe('what is newer wins', () => {
  it('an answer with a lower leader epoch undoes nothing', async () => {
    const { map, topics } = setUp({ a: topic('a', [partition(1, 5), partition(1, 5, 1)]) })
    await map.load(['a'])
    topics.a = topic('a', [partition(2, 4), partition(3, 6, 1)])
    map.stale('a')
    await map.load(['a'])
    expect([map.leader('a', 0), map.leader('a', 1)]).toEqual([{ node: 1, epoch: 5 }, { node: 3, epoch: 6 }]) // biome-ignore format: one thought
  })

  it('another topic of the same name begins at its own epochs', async () => {
    const { map, topics } = setUp({ a: topic('a', [partition(1, 9)]) })
    await map.load(['a'])
    topics.a = topic('a', [partition(2, 0)], 'bb')
    map.stale('a')
    await map.load(['a'])
    expect([map.known('a')?.id, map.leader('a', 0)]).toEqual(['bb', { node: 2, epoch: 0 }])
  })

  it('a hint moves a leader without a question, unless it is old news', async () => {
    const { map, asked } = setUp({ a: topic('a', [partition(1, 5)]) })
    await map.load(['a'])
    expect(map.moved('a', 0, { node: 4, epoch: 6, host: 'broker-4', port: 9094 })).toBe(true)
    expect(map.moved('a', 0, { node: 1, epoch: 5 })).toBe(false)
    expect(map.moved('b', 0, { node: 1, epoch: 5 })).toBe(false)
    await map.load(['a'])
    expect([map.leader('a', 0), map.address(4), asked.length]).toEqual([
      { node: 4, epoch: 6 },
      { host: 'broker-4', port: 9094 },
      1,
    ])
  })
})

describe('the addresses of brokers', () => {
  it('are those that were ever named, by an answer or a hint: a broker that has moved may come back', async () => {
    const { map } = setUp({ a: topic('a', [partition(1, 5)]) })
    await map.load(['a'])
    map.moved('a', 0, { node: 4, epoch: 6, host: 'broker-4', port: 9094 })
    map.learn({ nodeId: 1, host: 'elsewhere', port: 9092 })
    const names = map.addresses().map(({ host, port }) => `${host}:${port}`)
    expect(names).toEqual(['broker-1:9092', 'broker-2:9092', 'broker-3:9092', 'broker-4:9094', 'elsewhere:9092'])
  })
})

describe('a suspect broker', () => {
  it('is one for five seconds; its partitions are requested again, and stay known until then', async () => {
    const { map, asked, clock, topics } = setUp({ a: topic('a', [partition(1, 5)]), b: topic('b', [partition(2, 5)]) })
    await map.load(['a', 'b'])
    clock.advance(1)
    map.suspect(1)
    expect([map.isSuspect(1), map.isSuspect(2), map.leader('a', 0)?.node]).toEqual([true, false, 1])
    topics.a = topic('a', [partition(3, 6)])
    clock.advance(1)
    await map.load(['a', 'b'])
    expect([asked, map.leader('a', 0)?.node]).toEqual([[['a', 'b'], ['a']], 3])
    await map.load(['a', 'b'])
    expect(asked).toHaveLength(2)
    clock.advance(5_000)
    expect(map.isSuspect(1)).toBe(false)
  })
})

describe('a partition that ails', () => {
  const shrunk = { ...partition(1, 5), isr: [1] }

  it('is refreshed every five seconds, without a caller, until it has recovered; nothing else is', async () => {
    const { map, asked, clock, topics } = setUp({
      a: topic('a', [shrunk, partition(-1, 5, 1)]),
      b: topic('b', [partition(2, 5)]),
    })
    await map.load(['a', 'b'])
    expect(map.ailing()).toEqual([
      { topic: 'a', partition: 0, ailment: 'too_few_replicas' },
      { topic: 'a', partition: 1, ailment: 'no_leader' },
    ])
    for (let times = 0; times < 2; times++) {
      clock.advance(5_000)
      await settle()
    }
    expect(asked).toEqual([['a', 'b'], ['a'], ['a']])
    topics.a = topic('a', [partition(1, 5), partition(2, 6, 1)])
    clock.advance(5_000)
    await settle()
    expect(map.ailing()).toEqual([])
    for (let times = 0; times < 3; times++) {
      clock.advance(5_000)
      await settle()
    }
    expect(asked).toHaveLength(4)
  })

  it('is no longer refreshed when no caller uses the map', async () => {
    const { map, asked, clock } = setUp({ a: topic('a', [shrunk]) })
    await map.load(['a'])
    map.close()
    clock.advance(20_000)
    await settle()
    expect(asked).toHaveLength(1)
  })

  it('with one replica in sync of two or one is as it must be', async () => {
    const { map } = setUp({
      a: topic('a', [
        { ...shrunk, replicas: [1, 2] },
        { ...partition(1, 5, 1), replicas: [1], isr: [1] },
      ]),
    })
    await map.load(['a'])
    expect(map.ailing()).toEqual([])
  })
})
