/** The client layer on three brokers: connections, readers, appender and writer while brokers die, freeze and hand over. */

import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { provision } from '../../src/kafka/admin/provisioning.ts'
import type { LogReader, LogReaderEvents, LogRecord } from '../../src/kafka/ports.ts'
import { patiently } from '../../src/kafka/protocol/retry-transient.ts'
import { type KafkaSettings, openWire, type SocketFactory } from '../../src/kafka/protocol/wire.ts'
import { createLogPages } from '../../src/kafka/read/log-pages.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { createAppender } from '../../src/kafka/write/appender.ts'
import { openTransactionalWriter } from '../../src/kafka/write/transactional-writer.ts'
import { createLogger } from '../../src/observability/logger.ts'
import { createLossySockets, END_TRANSACTION } from '../support/lossy-sockets.ts'
import type { Cluster } from './cluster.ts'
import { type ForeignProducer, foreignProducer } from './foreign.ts'
import { testCluster } from './test-cluster.ts'
import { until, within } from './until.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
const FETCH = 1
/** More than any deadline of a request in the path of an emit. What waits for a dead or frozen broker itself waits longer. */
const SOON_MS = 45_000

let cluster: Cluster
let kafka: KafkaSettings
let foreign: ForeignProducer
const closing: Array<() => Promise<unknown>> = []
beforeAll(async () => {
  cluster = await testCluster()
  const { brokers, username, password } = cluster
  kafka = { brokers, username, password, clientId: 'test' }
  foreign = await foreignProducer(cluster)
}, 120_000)
/** Whatever a test did to the brokers is over, also where the test failed. */
beforeEach(async () => {
  for (const close of closing.splice(0).reverse()) await within(5_000, 'a part closes', close()).catch(() => undefined)
  await restored()
}, 60_000)
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await within(5_000, 'a part closes', close()).catch(() => undefined)
  await foreign?.close()
  await cluster?.close()
}, 60_000)

async function restored(): Promise<void> {
  for (const n of [1, 2, 3]) if (cluster.state(n) === 'frozen') cluster.thaw(n)
  const away = [1, 2, 3].filter(n => cluster.state(n) === 'away')
  if (away.length > 0) await cluster.start(away)
}

const opened = async (settings = kafka) => {
  const wire = await openWire(settings, logger)
  closing.push(() => wire.close())
  return wire
}

const appenderOf = (settings = kafka) => {
  const appender = createAppender({ kafka: settings, clock, logger, persistMs: 20_000 })
  closing.push(() => appender.close())
  return appender
}

interface Following {
  reader: LogReader
  values: string[]
  has(value: string): Promise<unknown>
}

/** Reads the partition from its start, or from an offset, and keeps what comes. */
function follow(topic: string, from: number | 'earliest' = 'earliest', settings = kafka, events: Partial<LogReaderEvents> = {}): Following {
  const values: string[] = []
  const reader = createLogReader({
    kafka: settings,
    clock,
    logger,
    events: {
      onRecords: (_topic: string, _partition: number, records: LogRecord[]) =>
        void values.push(...records.map(({ value }) => String(value))),
      onFatal: () => undefined,
      ...events,
    },
  })
  closing.push(() => reader.close())
  reader.assign(topic, 0, from)
  return { reader, values, has: value => until(`${topic} has ${value}`, () => values.includes(value), SOON_MS) }
}

const record = (topic: string, value: string) => ({ topic, partition: 0, key: null, value })
const numbered = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, n) => String(from + n))

describe('a partition whose broker is dead', () => {
  let leaderlessSinceMs: number
  let reading: Following
  let spare: number
  beforeAll(async () => {
    spare = await cluster.addBroker()
    await cluster.createTopic({ topic: 'stranger', partitions: [[spare]], settings: { 'min.insync.replicas': '1' } })
    await foreign.produce('stranger', 0, ['before'])
    reading = follow('stranger')
    closing.length = 0 // goes on over the tests of this block
    await reading.has('before')
    await cluster.kill(spare)
    await until('nobody leads it', async () => (await cluster.partition('stranger', 0)).leader === -1)
    leaderlessSinceMs = performance.now()
  }, 60_000)
  afterAll(() => within(5_000, 'the reader closes', reading.reader.close()).catch(() => undefined))

  it('holds up no other program that connects', async () => {
    const wire = await within(SOON_MS, 'a connection', opened())
    expect(await wire.metadata(['stranger'])).toHaveLength(1)
  })

  it('does not keep topics from being made and looked at', async () => {
    const wire = await within(SOON_MS, 'a connection', opened())
    const making = provision({ kafka, wire, shards: 8, replicationFactor: 3, topicDefaults: {}, clock, logger })
    const provisioning = await within(30_000, 'the shared topics', making)
    closing.push(() => provisioning.close())
    await provisioning.createOrganizationTopics({ id: 'org_beside', partitions: 1 })
  })

  it('is read on when it has a leader again, however long that took', async () => {
    await pause(Math.max(0, leaderlessSinceMs + 12_000 - performance.now()))
    await cluster.start(spare)
    await foreign.produce('stranger', 0, ['after'])
    await reading.has('after')
    expect(reading.values).toEqual(['before', 'after'])
  })

  it('goes', async () => {
    if (cluster.state(spare) === 'away') await cluster.start(spare)
    await cluster.deleteTopic('stranger')
  })
})

describe('a broker that hands over or dies', () => {
  it('leaves no page unread: the next read asks for the new leader', async () => {
    await cluster.createTopic({ topic: 'pages', partitions: [[3, 1, 2]] })
    await foreign.produce('pages', 0, ['one', 'two'])
    const pages = createLogPages({ wire: await opened(), clock })
    await until('both are there', async () => (await pages.read('pages', 0, 0)).records.length === 2)
    await cluster.kill(3)
    await until(
      'another leads',
      async () => (await cluster.partition('pages', 0)).leader !== 3 && (await cluster.partition('pages', 0)).leader >= 0,
    )
    // A new leader shows them once it has heard from a follower.
    await until('the page is read', async () => (await pages.read('pages', 0, 0)).records.length === 2, SOON_MS)
    expect(cluster.state(3)).toBe('away')
  })

  it('is asked for nothing more once it leads no more, although it lives', async () => {
    await cluster.createTopic({ topic: 'followed', partitions: [[1, 2, 3]] })
    const sockets = countingSockets(FETCH)
    const { has, values } = follow('followed', 'earliest', { ...kafka, socketFactory: sockets.factory })
    await foreign.produce('followed', 0, ['one'])
    await has('one')
    await cluster.moveLeader('followed', 0, 2)
    await foreign.produce('followed', 0, ['two'])
    await has('two')
    const former = sockets.sent(cluster.ports(1).internal)
    await foreign.produce('followed', 0, ['three'])
    await has('three')
    await foreign.produce('followed', 0, ['four'])
    await has('four')
    expect(values).toEqual(['one', 'two', 'three', 'four'])
    expect(sockets.sent(cluster.ports(2).internal)).toBeGreaterThan(0)
    expect(sockets.sent(cluster.ports(1).internal)).toBe(former)
  })
})

describe('a broker that is frozen', () => {
  it('keeps nobody from connecting, finding coordinators and getting a producer id', async () => {
    cluster.freeze(1) // the first address that is given
    const wire = await within(SOON_MS, 'a connection', opened())
    await within(SOON_MS, 'metadata', wire.metadata(['followed']))
    // The frozen one may have been the controller: until there is another, ids are not to be had for a moment.
    await within(
      SOON_MS,
      'a producer id',
      patiently(clock, () => wire.initProducerId(null, 60_000)),
    )
    expect(cluster.state(1)).toBe('frozen')
  })

  it('holds up appends to its own partitions only', async () => {
    await cluster.createTopic({ topic: 'frozen', partitions: [[1, 2, 3]] })
    await cluster.createTopic({ topic: 'free', partitions: [[2, 3]] })
    const appender = appenderOf()
    await Promise.all(['frozen', 'free'].map(topic => appender.append(record(topic, 'before'))))
    cluster.freeze(1)
    const late = appender.append(record('frozen', 'late'))
    late.catch(() => undefined)
    await pause(50) // it is under way
    await within(SOON_MS, 'an append to another broker', appender.append(record('free', 'meanwhile')))
    expect(cluster.state(1)).toBe('frozen')
  })
})

describe('a log that has lost records', () => {
  it('to retention is read on from its start, and the gap is reported', async () => {
    await cluster.createTopic({ topic: 'retained', partitions: 1 })
    await foreign.produce('retained', 0, numbered(0, 19))
    await cluster.deleteRecords('retained', 0, 12)
    const gaps: object[] = []
    const { has, values } = follow('retained', 5, kafka, {
      onGap: (_topic: string, _partition: number, gap: object) => void gaps.push(gap),
    } as object)
    await has('19')
    expect(values).toEqual(numbered(12, 19))
    expect(gaps).toEqual([{ from: 5, to: 12, reason: 'retention' }])
  })

  it('to an unclean election is read on from where the logs part', async () => {
    const spare = await cluster.addBroker()
    await cluster.createTopic({
      topic: 'cut',
      partitions: [[spare, 2]],
      settings: { 'min.insync.replicas': '1', 'unclean.leader.election.enable': 'true' },
    })
    await foreign.produce('cut', 0, numbered(0, 9))
    await cluster.stop(2)
    await foreign.produce('cut', 0, numbered(10, 19))
    const gaps: object[] = []
    const { has, values } = follow('cut', 'earliest', kafka, {
      onGap: (_topic: string, _partition: number, gap: object) => void gaps.push(gap),
    } as object)
    await has('19')
    await cluster.stop(spare)
    await cluster.start(2)
    await until('the broker with half of the log leads', async () => (await cluster.partition('cut', 0)).leader === 2)
    await foreign.produce('cut', 0, ['new'])
    await has('new')
    expect(values).toEqual([...numbered(0, 19), 'new'])
    expect(gaps).toEqual([{ from: 20, to: 10, reason: 'truncated' }])
  })
})

describe('a commit', () => {
  it('whose repeated end finds another holder is of unknown outcome, since it may have happened', async () => {
    await cluster.createTopic({ topic: 'committed', partitions: 1 })
    const sockets = createLossySockets()
    const open = (settings = kafka) => openTransactionalWriter({ kafka: settings, transactionalId: 'ended', clock, logger })
    const first = await open({ ...kafka, socketFactory: sockets.factory })
    closing.push(() => first.close())
    const held = sockets.holdNext(END_TRANSACTION, NO_COORDINATOR)
    const committing = first.commit([record('committed', 'once')])
    committing.catch(() => undefined)
    await held.arrived
    const second = await open() // settles the transaction of the first, which was committed
    closing.push(() => second.close())
    held.release()
    await expect(within(30_000, 'the outcome', committing)).rejects.toMatchObject({ outcome: 'unknown' })
    const { has, values } = follow('committed')
    await has('once')
    expect(values).toEqual(['once'])
  })
})

/** EndTxn 5: the header's tags, throttle time, COORDINATOR_NOT_AVAILABLE, no producer id, no epoch, tags. */
const NO_COORDINATOR = Buffer.from([0, 0, 0, 0, 0, 0, 15, ...Array<number>(10).fill(0xff), 0])

/** Counts requests of a kind by the port that they go to. */
function countingSockets(apiKey: number): { factory: SocketFactory; sent(port: number): number } {
  const counts = new Map<number, number>()
  const { factory } = createLossySockets()
  return {
    sent: port => counts.get(port) ?? 0,
    factory(options) {
      const socket = factory(options)
      const { write } = socket
      socket.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
        const bytes = Buffer.from(chunk as Uint8Array)
        if (bytes.length > 6 && bytes.readInt16BE(4) === apiKey) counts.set(options.port, (counts.get(options.port) ?? 0) + 1)
        return Reflect.apply(write, socket, [chunk, ...rest])
      }
      return socket
    },
  }
}
