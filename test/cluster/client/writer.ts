/** Appends and transactions on three brokers, while brokers move, hang and die. */
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../../src/clock.ts'
import type { Appender } from '../../../src/kafka/ports.ts'
import type { KafkaSettings } from '../../../src/kafka/protocol/wire.ts'
import { createAppender } from '../../../src/kafka/write/appender.ts'
import {
  CommitFailed,
  openTransactionalWriter,
  type TransactionalWriter,
} from '../../../src/kafka/write/transactional-writer.ts'
import { createLogger } from '../../../src/logger.ts'
import { createLossySockets, END_TRANSACTION } from '../../support/lossy-sockets.ts'
import type { Cluster } from '../cluster.ts'
import { coordinatorPartition, TRANSACTIONS_TOPIC } from '../placement.ts'
import { until, within } from '../until.ts'
import { type Appends, createAppends, record } from './appends.ts'
import type { SharedCluster } from './shared-cluster.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
const PERSIST_MS = 5_000

let cluster: Cluster
let kafka: KafkaSettings
let appender: Appender
let logOf: Appends['logOf']
let appending: Appends['appending']
let expectInLog: Appends['expectInLog']
const writers: TransactionalWriter[] = []

async function writerOf(
  transactionalId: string,
  isPausable: (topic: string) => boolean = () => false,
): Promise<TransactionalWriter> {
  const writer = await openTransactionalWriter({ kafka, transactionalId, clock, logger, isPausable })
  writers.push(writer)
  return writer
}

/** EndTxn 5: the header's tags, throttle time, COORDINATOR_NOT_AVAILABLE, no producer id, no epoch, tags. */
const NO_COORDINATOR = Buffer.from([0, 0, 0, 0, 0, 0, 15, ...Array<number>(10).fill(0xff), 0])

export function writerTests(shared: SharedCluster): void {
  beforeAll(() => {
    ;({ cluster, kafka } = shared)
    appender = createAppender({ kafka, clock, logger, persistMs: PERSIST_MS })
    ;({ logOf, appending, expectInLog } = createAppends(kafka, appender))
  })
  afterAll(async () => {
    await appender?.close()
    for (const writer of writers) await writer.close()
  })

  describe('appends', () => {
    it('follow a leader that moves under load: each is acknowledged and there once', async () => {
      await cluster.createTopic({ topic: 'moving', partitions: [[1, 2, 3]] })
      const load = appending('moving')
      for (const node of [2, 3, 1]) {
        const before = load.taken.length
        await until('appends before the move', () => load.taken.length > before + 50)
        await cluster.moveLeader('moving', 0, node)
      }
      const before = load.taken.length
      await until('appends after the last move', () => load.taken.length > before + 50)
      await load.stop()
      expect(load.failures).toEqual([])
      expect(await expectInLog('moving', load.taken)).toHaveLength(load.taken.length)
    })

    it('led by a frozen broker wait or are refused, those led elsewhere go on; once it has lost its partition all go on before it wakes', async () => {
      await cluster.createTopic({ topic: 'frozen', partitions: [[1, 2, 3]] })
      await cluster.createTopic({ topic: 'elsewhere', partitions: [[2, 3]] })
      for (const topic of ['frozen', 'elsewhere']) await appender.append(record(topic, 'before'))
      const order: string[] = []
      cluster.freeze(1)
      const hanging = appender.append(record('frozen', 'hanging')).then(
        () => order.push('hanging'),
        error => {
          expect(error).toMatchObject({ name: 'AppendFailed', mayBeThere: true })
          order.push('hanging')
        },
      )
      for (let n = 0; n < 20; n++) await appender.append(record('elsewhere', `${n}`))
      order.push('elsewhere')
      await hanging
      expect(order).toEqual(['elsewhere', 'hanging'])
      const load = appending('frozen')
      await until('appends through the new leader', () => load.taken.length > 20)
      expect(cluster.state(1)).toBe('frozen')
      await load.stop()
      cluster.thaw(1)
      await cluster.healed()
      const log = await logOf('frozen')
      expect(new Set(log).size).toBe(log.length)
      for (const { value, offset } of load.taken) expect(log[offset]).toBe(value)
      expect(await logOf('elsewhere')).toEqual(['before', ...Array.from({ length: 20 }, (_, n) => `${n}`)])
    })

    it('are rejected while the partition has too few replicas in sync, and go on when it has them again', async () => {
      await cluster.createTopic({ topic: 'below', partitions: [[2, 3]], settings: { 'min.insync.replicas': '2' } })
      await cluster.createTopic({ topic: 'well', partitions: [[2, 3]] })
      await appender.append(record('below', 'first'))
      const restore = await cluster.shrinkIsr([{ topic: 'below', partition: 0 }])
      const refused = appender.append(record('below', 'refused')).catch(error => error)
      // Its partition is tried again and again meanwhile.
      for (let n = 0; n < 20; n++) await appender.append(record('well', `${n}`))
      expect(await refused).toMatchObject({ name: 'AppendFailed' })
      await restore()
      await appender.append(record('below', 'second'))
      const log = await logOf('below')
      expect(log.filter(value => value !== 'refused')).toEqual(['first', 'second'])
    })
  })

  describe('transactions', () => {
    /** Commits one record after the other until `stop`; nothing opens the writer again. */
    function committing(writer: TransactionalWriter, topics: readonly string[]) {
      const made: string[] = []
      let isOver = false
      const done = (async () => {
        for (let n = 0; !isOver; n++) {
          await writer.commit(topics.map(topic => record(topic, `${n}`)))
          made.push(`${n}`)
        }
      })()
      return {
        made,
        async stop() {
          isOver = true
          await done
        },
        /** Some were made from now on. */
        async goOn(count: number) {
          const before = made.length
          await Promise.race([until('commits', () => made.length >= before + count), done])
        },
      }
    }

    it('go on with the same writer while leaders move', async () => {
      await cluster.createTopic({ topic: 'state', partitions: [[1, 2, 3]] })
      await cluster.createTopic({ topic: 'events', partitions: [[2, 3, 1]] })
      const load = committing(await writerOf('moves'), ['state', 'events'])
      for (const node of [3, 1]) {
        await load.goOn(20)
        await cluster.moveLeaders(
          ['state', 'events'].map(topic => ({ topic, partition: 0 })),
          node,
        )
      }
      await load.goOn(20)
      await load.stop()
      for (const topic of ['state', 'events']) expect(await logOf(topic)).toEqual(load.made)
    })

    it('go on with the same writer after the broker of their coordinator was killed, and while the next one is frozen', async () => {
      await cluster.createTopic({ topic: 'kept', partitions: [[3, 1, 2]] })
      const id = 'coordinated'
      const load = committing(await writerOf(id), ['kept'])
      await load.goOn(20)
      const { topics } = await cluster.describe([TRANSACTIONS_TOPIC])
      const partition = coordinatorPartition(id, topics[0]!.partitions.length)
      await cluster.moveLeader(TRANSACTIONS_TOPIC, partition, 1)
      await load.goOn(20)
      await cluster.kill(1)
      await load.goOn(20)
      expect(await cluster.coordinator('transaction', id)).not.toBe(1)
      await cluster.start(1)
      await cluster.healed()
      await cluster.moveLeader(TRANSACTIONS_TOPIC, partition, 2)
      await load.goOn(20)
      cluster.freeze(2)
      await load.goOn(20)
      expect(cluster.state(2)).toBe('frozen')
      cluster.thaw(2)
      await load.stop()
      await cluster.healed()
      expect(await logOf('kept')).toEqual(load.made)
    })

    it('give up an organization below its minimum after one abort, and go on for the others', async () => {
      for (const topic of ['shared', 'events.org1', 'events.org2'])
        await cluster.createTopic({ topic, partitions: [[2, 3]] })
      const writer = await writerOf('pausing', topic => topic.startsWith('events.'))
      const settings = (await cluster.describeConfigs(['events.org1'])).get('events.org1')!['min.insync.replicas']
      const restore = await cluster.shrinkIsr([{ topic: 'events.org1', partition: 0 }])
      const all = (value: string) => ['shared', 'events.org1', 'events.org2'].map(topic => record(topic, value))
      await expect(writer.commit(all('first'))).rejects.toMatchObject({
        outcome: 'aborted',
        abortConfirmed: true,
        failedTopics: [{ topic: 'events.org1', partition: 0, type: 'NOT_ENOUGH_REPLICAS' }],
      })
      // The end of the aborted transaction had to get into the partition: its minimum was lowered for that moment only.
      const minimum = async () =>
        (await cluster.describeConfigs(['events.org1'])).get('events.org1')!['min.insync.replicas']
      await until('its minimum is back', async () => isDeepStrictEqual(await minimum(), settings))
      await writer.commit(all('second').filter(({ topic }) => topic !== 'events.org1'))
      await restore()
      await writer.commit(all('third'))
      expect(await logOf('shared')).toEqual(['second', 'third'])
      expect(await logOf('events.org1')).toEqual(['third'])
      expect(await logOf('events.org2')).toEqual(['second', 'third'])
    })

    it('are not held up by one whose organization lost its replicas before the end of the transaction got there', async () => {
      for (const topic of ['shared2', 'events.org3']) await cluster.createTopic({ topic, partitions: [[2, 3]] })
      const isPausable = (topic: string) => topic.startsWith('events.')
      const id = 'stuck'
      const old = await writerOf(id, isPausable)
      await old.commit([record('shared2', 'first'), record('events.org3', 'first')])
      const restore = await cluster.shrinkIsr([{ topic: 'events.org3', partition: 0 }])
      // Dead in the middle of a transaction: the next holder aborts it.
      const half = old.commit([record('shared2', 'half'), record('events.org3', 'half')]).catch(() => undefined)
      const young = await writerOf(id, isPausable)
      await young.commit([record('shared2', 'second')])
      await half
      await restore()
      await young.commit([record('events.org3', 'second')])
      expect(await logOf('shared2')).toEqual(['first', 'second'])
      expect(await logOf('events.org3')).toEqual(['first', 'second'])
    })

    it('whose repeated end finds another holder are of unknown outcome, since they may have happened', async () => {
      await cluster.createTopic({ topic: 'committed', partitions: 1 })
      const sockets = createLossySockets()
      const open = (settings = kafka) =>
        openTransactionalWriter({ kafka: settings, transactionalId: 'ended', clock, logger })
      const first = await open({ ...kafka, socketFactory: sockets.factory })
      writers.push(first)
      const held = sockets.holdNext(END_TRANSACTION, NO_COORDINATOR)
      const committing = first.commit([record('committed', 'once')])
      committing.catch(() => undefined)
      await held.arrived
      writers.push(await open()) // settles the transaction of the first, which was committed
      held.release()
      await expect(within(30_000, 'the outcome', committing)).rejects.toMatchObject({ outcome: 'unknown' })
      expect(await logOf('committed')).toEqual(['once'])
    })

    it('fail as fenced when another process opens the id, wherever its coordinator is by then', async () => {
      await cluster.createTopic({ topic: 'taken', partitions: [[1, 2, 3]] })
      const old = await writerOf('taken-over')
      await old.commit([record('taken', 'old')])
      const young = await writerOf('taken-over')
      await expect(old.commit([record('taken', 'zombie')])).rejects.toBeInstanceOf(CommitFailed)
      await young.commit([record('taken', 'young')])
      expect(await logOf('taken')).toEqual(['old', 'young'])
    })
  })
}
