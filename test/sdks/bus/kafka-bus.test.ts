/** The bus over Kafka: a kill, slow subjects, commits, several members, and brokers that are not there. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import kafkajs, { type KafkaConfig } from 'kafkajs'
import { KafkaBus, type KafkaBusOptions } from '../../../sdks/bus/src/index.ts'
import { until } from '../../support/until.ts'
import { clientOf, clusterConfig, kindOf, makeTopic, marked, openBus } from './kafka-kit.ts'
import { startReader } from './reader-child.ts'

let cluster: KafkaConfig
beforeAll(async () => {
  cluster = await clusterConfig()
}, 60_000)

const topicOf = (partitions: number) => makeTopic(cluster, partitions)
const open = (topic: string, groupId: string, more: Partial<KafkaBusOptions> = {}) =>
  openBus({ kafka: clientOf(cluster), publishTopic: topic, readTopic: topic, groupId, ...more })

describe('a reader that is killed', () => {
  it('repeats what was not finished and skips nothing: the next one of its group goes on', async () => {
    const topic = await topicOf(3)
    const settings = { client: cluster, publishTopic: topic, readTopic: topic, groupId: 'killed', handlerMs: 5 }
    const kinds = Array.from({ length: 400 }, (_, n) => `k${n}`)
    const publisher = open(topic, 'none')
    await Promise.all(kinds.map((kind, n) => publisher.publish(marked(kind, `subject ${n % 20}`))))
    const first = startReader('reader-process.ts', settings)
    await until(() => first.ended().length, count => count >= 100) // biome-ignore format: one thought
    first.child.kill('SIGKILL')
    await first.exited
    const second = startReader('reader-process.ts', settings)
    await until(() => new Set([...first.ended(), ...second.ended()]).size, size => size === kinds.length) // biome-ignore format: one thought
    second.child.kill('SIGTERM')
    await second.exited
    const all = [...first.ended(), ...second.ended()]
    expect([...new Set(all)].sort()).toEqual([...kinds].sort())
    // What the first one had begun and not ended came again.
    const unfinished = first.begun().filter(kind => !first.ended().includes(kind))
    expect(second.ended()).toEqual(expect.arrayContaining(unfinished))
    for (let subject = 0; subject < 20; subject++) {
      const own = (list: string[]) => list.filter(kind => Number(kind.slice(1)) % 20 === subject)
      expect([...new Set(own(all))]).toEqual(own(kinds))
    }
    // A reader that ends by itself leaves nothing to repeat.
    const third = startReader('reader-process.ts', settings)
    await until(() => third.output().includes('ready'), Boolean)
    await publisher.publish(marked('last', 'subject 0'))
    await until(() => third.ended().includes('last'), Boolean)
    expect(third.begun()).toEqual(['last'])
  }, 120_000)
})

describe('an event that is too large', () => {
  it('is refused alone: what was published beside it is written, in order', async () => {
    const topic = await makeTopic(cluster, 1, [{ name: 'max.message.bytes', value: '50000' }])
    const bus = open(topic, 'large')
    const seen: string[] = []
    bus.subscribe(event => void seen.push(kindOf(event).slice(0, 9)))
    const kinds = ['a', 'b', 'too large'.repeat(10_000), 'c', 'd']
    const published = await Promise.allSettled(kinds.map(kind => bus.publish(marked(kind, 's'))))
    await until(() => seen.includes('d'), Boolean)
    expect(seen).toEqual(['a', 'b', 'c', 'd'])
    expect(published.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']) // biome-ignore format: one thought
    expect(published[2]).toMatchObject({ reason: { code: 'event_refused', reason: 'MESSAGE_TOO_LARGE' } })
  })
})

describe('reading', () => {
  /** A subject of each of two partitions, by the partitioner of kafkajs. */
  function subjectsOfTwoPartitions(): [string, string] {
    const choose = kafkajs.Partitioners.DefaultPartitioner()
    const partitionMetadata = [0, 1].map(partitionId => ({ partitionId, leader: 0 })) as kafkajs.PartitionMetadata[]
    const of = (wanted: number) =>
      Array.from({ length: 50 }, (_, n) => `subject ${n}`).find(
        key => choose({ topic: 't', partitionMetadata, message: { key, value: null } }) === wanted,
      )!
    return [of(0), of(1)]
  }

  it('pauses a partition at 1,000 unfinished events of a slow subject, and the other partition goes on', async () => {
    const topic = await topicOf(2)
    const [slow, quick] = subjectsOfTwoPartitions()
    const leaving = Promise.withResolvers<void>()
    const bus = open(topic, 'slow')
    const seen: string[] = []
    bus.subscribe(async event => {
      if (event.subject === slow) await leaving.promise
      seen.push(kindOf(event))
    })
    await bus.ready()
    const taken = () => bus.recent(1_000).filter(({ subject }) => subject === slow)
    const publisher = open(topic, 'none')
    await Promise.all(Array.from({ length: 1_500 }, (_, n) => publisher.publish(marked(`slow ${n}`, slow))))
    await until(() => taken().length, length => length === 1_000) // biome-ignore format: one thought
    for (const kind of ['beside it', 'beside it again']) {
      await publisher.publish(marked(kind, quick))
      await until(() => seen.includes(kind), Boolean)
    }
    expect(kindOf(taken()[0]!)).toBe('slow 999')
    leaving.resolve()
    await until(() => seen.includes('slow 1499'), Boolean)
    const slowOnes = seen.filter(kind => kind.startsWith('slow'))
    expect(slowOnes).toEqual(Array.from({ length: 1_500 }, (_, n) => `slow ${n}`))
  }, 60_000)

  it('commits the lowest unfinished offset while later ones are done', async () => {
    const topic = await topicOf(1)
    const bus = open(topic, 'lowest')
    const seen: string[] = []
    const leaving = Promise.withResolvers<void>()
    bus.subscribe(async event => {
      if (kindOf(event) === 'hangs') await leaving.promise
      seen.push(kindOf(event))
    })
    for (const [n, kind] of ['a', 'b', 'hangs', 'c', 'd'].entries()) await bus.publish(marked(kind, `subject ${n}`))
    await until(() => seen.length, length => length === 4) // biome-ignore format: one thought
    const admin = clientOf(cluster).admin()
    await admin.connect()
    const committed = async () => (await admin.fetchOffsets({ groupId: 'lowest', topics: [topic] }))[0]!.partitions[0]!.offset // biome-ignore format: one thought
    expect(await until(committed, offset => offset === '2')).toBe('2')
    leaving.resolve()
    await admin.disconnect()
  })

  it('passes over a record that is no event, and says where it is', async () => {
    const topic = await topicOf(1)
    const bus = open(topic, 'unreadable')
    const [seen, errors]: [string[], Error[]] = [[], []]
    bus.on('error', error => void errors.push(error))
    bus.subscribe(event => void seen.push(kindOf(event)))
    await bus.publish(marked('before', 's'))
    const producer = clientOf(cluster).producer()
    await producer.connect()
    const headers = { ce_id: '1', ce_type: 'order.paid', ce_time: new Date(0).toISOString() }
    await producer.send({ topic, messages: [{ value: 'no event' }, { value: '{"no":', headers }, { value: null }] })
    await producer.disconnect()
    await bus.publish(marked('after', 's'))
    await until(() => seen.includes('after'), Boolean)
    expect(seen).toEqual(['before', 'after'])
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/partition 0, offset 1: /),
      expect.stringMatching(/partition 0, offset 2: /),
      expect.stringMatching(/partition 0, offset 3: /),
    ])
  })

  it('by two members of a group loses nothing and keeps the order of subjects when one leaves', async () => {
    const topic = await topicOf(4)
    const total = 300
    const wanted = Array.from({ length: total }, (_, n) => `k${n}`)
    const seen: string[] = []
    const member = () => {
      const bus = open(topic, 'two', { fromBeginning: true })
      bus.subscribe(event => void seen.push(kindOf(event)))
      return bus
    }
    const publisher = open(topic, 'none')
    const first = member()
    await first.ready()
    const publishing = (async () => {
      for (const [n, kind] of wanted.entries()) await publisher.publish(marked(kind, `subject ${n % 20}`))
    })()
    await Promise.all([member().ready(), publishing])
    await until(() => seen.length > total / 4, Boolean)
    await first.close()
    await until(() => new Set(seen).size, size => size === total) // biome-ignore format: one thought
    expect([...new Set(seen)].sort()).toEqual([...wanted].sort())
    for (let subject = 0; subject < 20; subject++) {
      const own = (list: Iterable<string>) => [...list].filter(kind => Number(kind.slice(1)) % 20 === subject)
      expect(own(new Set(seen))).toEqual(own(wanted))
    }
  }, 60_000)

  it('waits for brokers that are not there, and a publisher is refused in time', async () => {
    const timers: Array<() => void> = []
    const clock = {
      nowMs: () => 0,
      after(delayMs: number, callback: () => void) {
        if (delayMs === 30_000) timers.push(callback)
        return { cancel: () => undefined }
      },
    }
    const nobody = clientOf({ brokers: ['127.0.0.1:1'], retry: { retries: 0 } })
    const bus = new KafkaBus({ kafka: nobody, publishTopic: 't', readTopic: 't', groupId: 'g', clock })
    const errors: Error[] = []
    bus.on('error', error => void errors.push(error))
    bus.subscribe(() => undefined)
    const publishing = bus.publish(marked('k', 's'))
    await until(() => errors.length, Boolean)
    for (const fire of timers) fire()
    await expect(publishing).rejects.toMatchObject({ code: 'bus_unavailable' })
    await bus.close()
  })
})
