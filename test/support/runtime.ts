/** Everything for a test of the Kafka runtime: the broker, topics of its own, and everything closed at the end. */
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { retryTransient } from '../../src/kafka/protocol/retry-transient.ts'
import { type KafkaSettings, openWire } from '../../src/kafka/protocol/wire.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { type Home, openTransactionalWriter } from '../../src/kafka/write/transactional-writer.ts'
import { createLogger } from '../../src/logger.ts'
import { testBroker } from './kafka.ts'
import { createClient } from './kafkajs-client.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const silent = createLogger('silent')

export interface TestRuntime {
  kafka: KafkaSettings
  /** A name that no other test has. */
  name(base: string): string
  createTopic(base: string, partitions?: number, settings?: Record<string, string>): Promise<string>
  deleteTopic(topic: string): Promise<void>
  /** Under the same name, with one partition. */
  remakeTopic(topic: string): Promise<void>
  /** `protocol`: of transactions; what the broker has agreed on by default. */
  writer(
    transactionalId: string,
    settings?: KafkaSettings,
    protocol?: 'announced' | 'joining',
    isPausable?: (topic: string) => boolean,
    home?: Home,
  ): ReturnType<typeof openTransactionalWriter>
  /** Reads a partition from its beginning; `until` resolves when the condition holds for what has been read. */
  tail(
    topic: string,
    partition?: number,
  ): { records: LogRecord[]; until(condition: (records: LogRecord[]) => boolean): Promise<LogRecord[]> }
  close(): Promise<void>
}

export async function testRuntime(): Promise<TestRuntime> {
  const connection = await testBroker()
  const kafka: KafkaSettings = {
    brokers: connection.brokers,
    username: connection.username,
    password: connection.password,
    clientId: 'test',
  }
  const suffix = random.bytes(6).toString('hex')
  const wire = await openWire(kafka, silent)
  const admin = createClient(kafka).admin()
  await admin.connect()
  const closing: Array<() => Promise<unknown>> = [() => admin.disconnect(), () => wire.close()]
  const name = (base: string) => `${base}.${suffix}`
  return {
    kafka,
    name,
    async createTopic(base, partitions = 1, settings = {}) {
      const topic = name(base)
      const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }))
      await admin.createTopics({
        waitForLeaders: false,
        topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
      })
      // A leader may be named before it has the log.
      for (let partition = 0; partition < partitions; partition++)
        await retryTransient(clock, () => wire.offset(topic, partition, 'latest'))
      return topic
    },
    deleteTopic: topic => admin.deleteTopics({ topics: [topic] }),
    remakeTopic: async topic =>
      void (await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] })),
    async writer(transactionalId, settings = kafka, protocol, isPausable, home) {
      const writer = await openTransactionalWriter({
        kafka: settings,
        transactionalId,
        clock,
        logger: silent,
        ...(protocol && { protocol }),
        ...(isPausable && { isPausable }),
        home,
      })
      closing.push(() => writer.close())
      return writer
    },
    tail(topic, partition = 0) {
      const records: LogRecord[] = []
      let check: () => void = () => undefined
      const reader = createLogReader({
        kafka,
        clock,
        logger: silent,
        events: {
          onRecords(_topic, _partition, batch) {
            records.push(...batch)
            check()
          },
          onFatal(error) {
            throw error
          },
        },
      })
      closing.push(() => reader.close())
      reader.assign(topic, partition, 'earliest')
      return {
        records,
        until: condition =>
          new Promise(resolve => {
            check = () => {
              if (condition(records)) resolve(records)
            }
            check()
          }),
      }
    },
    async close() {
      for (const close of closing.reverse()) await close().catch(() => undefined)
    },
  }
}
