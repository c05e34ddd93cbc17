/** Log readers and page reads while leaders move, brokers die or freeze, topics are made anew, and logs are cut: on three brokers. */

import { Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../../src/clock.ts'
import { tailControl } from '../../../src/control-plane/store/control-topic.ts'
import type { Gap, LogReader, LogRecord } from '../../../src/kafka/ports.ts'
import { type KafkaSettings, openWire, type SocketFactory } from '../../../src/kafka/protocol/wire.ts'
import { createLogPages } from '../../../src/kafka/read/log-pages.ts'
import { createLogReader } from '../../../src/kafka/read/log-reader.ts'
import type { LogReaderSettings } from '../../../src/kafka/read/reader-settings.ts'
import { createReaderWatch } from '../../../src/kafka/read/reader-watch.ts'
import { createLogger } from '../../../src/logger.ts'
import { control } from '../../../topics/control.ts'
import { type Append, openAppend } from '../append.ts'
import type { Cluster } from '../cluster.ts'
import { until } from '../until.ts'
import type { SharedCluster } from './shared-cluster.ts'

const FETCH = 1
const METADATA = 3
const clock = createSystemClock()
const logger = createLogger('silent')
let cluster: Cluster
let kafka: KafkaSettings
let append: Append
let closeAppend: () => Promise<void>
const closing: Array<() => Promise<void>> = []

/** Real connections that note which requests go to which broker. */
function countingSockets(): { factory: SocketFactory; sent: Array<{ port: number; apiKey: number }> } {
  const sent: Array<{ port: number; apiKey: number }> = []
  return {
    sent,
    factory({ host, port, onConnect }) {
      const socket = new Socket().setNoDelay(true).connect(port, host, onConnect)
      const { write } = socket
      let bytesToCome = 0
      socket.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
        const bytes = Buffer.from(chunk as Uint8Array)
        if (bytesToCome > 0) bytesToCome -= bytes.length
        else {
          bytesToCome = 4 + bytes.readInt32BE(0) - bytes.length
          sent.push({ port, apiKey: bytes.readInt16BE(4) })
        }
        return Reflect.apply(write, socket, [chunk, ...rest])
      }
      return socket
    },
  }
}

function watchedReader(of = kafka, settings: Partial<LogReaderSettings> = {}, time = clock) {
  const read = new Map<string, string[]>()
  const gaps: Gap[] = []
  const replaced: string[] = []
  const watch = createReaderWatch()
  const reader: LogReader = createLogReader({
    kafka: of,
    settings,
    clock: time,
    logger,
    watch,
    events: {
      onRecords: (topic, _partition, records) =>
        void read.set(topic, [...(read.get(topic) ?? []), ...records.map(({ value }) => value!.toString())]),
      onGap: (_topic, _partition, gap) => void gaps.push(gap),
      onReplaced: topic => void replaced.push(topic),
      onFatal(error) {
        throw error
      },
    },
  })
  closing.push(() => reader.close())
  const has = (topic: string, value: string) =>
    until(`${value} of ${topic} is read`, () => read.get(topic)?.includes(value) === true)
  return { reader, read, gaps, replaced, watch, has }
}

const port = (n: number) => cluster.ports(n).internal

export function readerTests(shared: SharedCluster): void {
  beforeAll(async () => {
    ;({ cluster, kafka } = shared)
    ;({ append, close: closeAppend } = await openAppend(kafka))
  })
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })
  afterAll(() => closeAppend?.())

  describe('a leader that moves', () => {
    it('is followed by the hint of its answer: no metadata request, and no further fetch from the former one', async () => {
      const topic = 'reader.moved'
      await cluster.createTopic({ topic, partitions: [[1, 2, 3]] })
      const sockets = countingSockets()
      const { reader, read, watch, has } = watchedReader(
        { ...kafka, socketFactory: sockets.factory },
        { lateMs: 60_000 },
      )
      reader.assign(topic, 0, 'earliest')
      await append(topic, 'before')
      await has(topic, 'before')
      sockets.sent.length = 0
      await cluster.moveLeader(topic, 0, 2)
      await append(topic, 'after')
      await has(topic, 'after')
      expect(watch.timesBehindLeader()).toBeGreaterThanOrEqual(1)
      expect(sockets.sent.filter(({ apiKey }) => apiKey === METADATA)).toEqual([])
      expect(reader.position(topic, 0)!.leaderEpoch).toBeGreaterThan(0)
      sockets.sent.length = 0
      for (const value of ['1', '2', '3', '4', '5']) {
        await append(topic, value)
        await has(topic, value)
      }
      const fetches = sockets.sent.filter(({ apiKey }) => apiKey === FETCH)
      expect(new Set(fetches.map(each => each.port))).toEqual(new Set([port(2)]))
      expect(read.get(topic)).toEqual(['before', 'after', '1', '2', '3', '4', '5'])
      expect(reader.waiting()).toEqual([])
    })
  })

  describe('a leader that is killed', () => {
    it('delays only the partitions that it led, page reads included; a partition without another replica is waited for and shown', async () => {
      const [led, elsewhere, alone] = ['reader.led', 'reader.elsewhere', 'reader.alone']
      await cluster.createTopic({ topic: led, partitions: [[3, 1, 2]] })
      await cluster.createTopic({ topic: elsewhere, partitions: [[1, 2, 3]] })
      await cluster.createTopic({ topic: alone, partitions: [[3]], settings: { 'min.insync.replicas': '1' } })
      let leapMs = 0
      const leaping = { ...clock, monotonicMs: () => clock.monotonicMs() + leapMs }
      const { reader, read, gaps, watch, has } = watchedReader(kafka, {}, leaping)
      const wire = await openWire(kafka, logger)
      closing.push(() => wire.close())
      const pages = createLogPages({ wire, clock })
      await cluster.createTopic({ topic: control.name, partitions: 1 })
      // Records of the test have no keys.
      await cluster.alterConfigs(control.name, { 'min.insync.replicas': '1', 'cleanup.policy': 'delete' })
      await cluster.setReplicas(control.name, 0, [3])
      const [applied, faults] = [[] as string[], [] as Error[]]
      const apply = ({ value }: LogRecord) => void applied.push(String(value))
      const tail = await tailControl({
        kafka,
        wire,
        clock,
        logger,
        apply,
        watch,
        onFatal: error => void faults.push(error),
      })
      closing.push(() => tail.close())
      for (const topic of [led, elsewhere, alone]) {
        reader.assign(topic, 0, 'earliest')
        await append(topic, '0')
        await has(topic, '0')
      }
      expect((await pages.read(led, 0, 0)).records).toHaveLength(1)
      await cluster.kill(3)
      const late = append(led, '1')
      await until('it is waited for', () => reader.waiting().some(({ topic }) => topic === led))
      await append(elsewhere, '1')
      await has(elsewhere, '1')
      // A new leader shows what there is once it has heard from a follower.
      await until('its page is read', async () => (await pages.read(led, 0, 0)).records.length >= 1)
      await late
      await has(led, '1')
      await until('only what nobody else has is waited for', () =>
        reader.waiting().every(({ topic }) => topic === alone),
      )
      await until(
        'nobody leads it, nor control',
        () => watch.waiting().filter(({ reason }) => reason === 'no_leader').length === 2,
      )
      const sentence = `waiting for 2 partitions without a leader: ${alone}/0, ${control.name}/0`
      await until('both are told as what ails the cluster', () =>
        watch.degraded(clock.monotonicMs()).includes(sentence),
      )
      expect(cluster.state(3)).toBe('away')
      // However long that takes: an hour later it is waited for as before.
      leapMs = 3_600_000
      await append(elsewhere, '2')
      await has(elsewhere, '2')
      expect(reader.waiting().map(({ topic }) => topic)).toEqual([alone])
      await cluster.start(3)
      await Promise.all([append(alone, '1'), append(control.name, 'later')])
      await has(alone, '1')
      await until('control is read on', () => applied.includes('later'))
      expect(faults).toEqual([])
      await until('nothing is waited for', () => watch.waiting().length === 0)
      expect([led, elsewhere, alone].map(topic => read.get(topic))).toEqual([
        ['0', '1'],
        ['0', '1', '2'],
        ['0', '1'],
      ])
      expect(gaps).toEqual([])
      await cluster.healed()
      await cluster.setReplicas(control.name, 0, [1, 2, 3])
      await cluster.alterConfigs(control.name, { 'min.insync.replicas': '2', 'cleanup.policy': 'compact' })
    })
  })

  describe('a leader that is frozen', () => {
    it('is left while it is frozen, and partitions of other leaders are read meanwhile', async () => {
      const [led, elsewhere] = ['reader.frozen', 'reader.awake']
      await cluster.createTopic({ topic: led, partitions: [[2, 1, 3]] })
      await cluster.createTopic({ topic: elsewhere, partitions: [[1, 2, 3]] })
      const { reader, read, has } = watchedReader()
      for (const topic of [led, elsewhere]) {
        reader.assign(topic, 0, 'earliest')
        await append(topic, '0')
        await has(topic, '0')
      }
      cluster.freeze(2)
      try {
        const late = append(led, '1')
        for (const value of ['1', '2', '3']) {
          await append(elsewhere, value)
          await has(elsewhere, value)
        }
        await late
        await has(led, '1')
        await until('nothing is waited for', () => reader.waiting().length === 0)
        expect(cluster.state(2)).toBe('frozen')
      } finally {
        cluster.thaw(2)
      }
      await cluster.healed()
      await append(led, '2')
      await has(led, '2')
      expect([read.get(led), read.get(elsewhere)]).toEqual([
        ['0', '1', '2'],
        ['0', '1', '2', '3'],
      ])
    })
  })

  describe('a topic that is deleted by hand', () => {
    it('is waited for, and replaced only when brokers have another one of its name', async () => {
      const topic = 'reader.deleted'
      await cluster.createTopic({ topic, partitions: 1 })
      const { reader, read, replaced, gaps, watch, has } = watchedReader()
      reader.assign(topic, 0, 'earliest')
      await append(topic, 'old')
      await has(topic, 'old')
      await cluster.deleteTopic(topic)
      await until('it shows', () => watch.waiting().some(({ reason }) => reason === 'unknown_topic'))
      expect(replaced).toEqual([])
      await cluster.createTopic({ topic, partitions: 1 })
      await append(topic, 'new')
      await has(topic, 'new')
      expect([replaced, gaps, read.get(topic)]).toEqual([[topic], [], ['old', 'new']])
    })
  })

  describe('a log that retention has shortened', () => {
    it('is read on from its start, and the gap is reported', async () => {
      const topic = 'reader.retained'
      await cluster.createTopic({ topic, partitions: 1 })
      for (const value of ['0', '1', '2', '3', '4', '5']) await append(topic, value)
      await cluster.deleteRecords(topic, 0, 4)
      const { reader, read, gaps, has } = watchedReader()
      reader.assign(topic, 0, 1)
      await has(topic, '5')
      expect([read.get(topic), gaps]).toEqual([['4', '5'], [{ from: 1, to: 4, reason: 'retention' }]])
    })
  })

  describe('a log that an unclean election has cut', () => {
    it('is read on where the two logs diverge: new records there come, and the gap is reported', async () => {
      const topic = 'reader.cut'
      await cluster.createTopic({
        topic,
        partitions: [[1, 2]],
        settings: { 'min.insync.replicas': '1', 'unclean.leader.election.enable': 'true' },
      })
      const { reader, read, gaps, has } = watchedReader()
      reader.assign(topic, 0, 'earliest')
      for (const value of ['0', '1']) await append(topic, value)
      await has(topic, '1')
      await cluster.kill(2)
      for (const value of ['lost 2', 'lost 3', 'lost 4']) await append(topic, value)
      await has(topic, 'lost 4')
      await cluster.kill(1)
      await cluster.start(2)
      await until('2 leads', async () => (await cluster.partition(topic, 0)).leader === 2)
      await append(topic, 'new 2')
      await has(topic, 'new 2')
      expect(gaps).toEqual([{ from: 5, to: 2, reason: 'truncated' }])
      expect(read.get(topic)).toEqual(['0', '1', 'lost 2', 'lost 3', 'lost 4', 'new 2'])
    })
  })
}
