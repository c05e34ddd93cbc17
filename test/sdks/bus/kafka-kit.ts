/** Kafka for the tests of the bus: topics of their own on the run's broker, and buses that are closed when their test ends. */
import { randomBytes } from 'node:crypto'
import { afterEach } from '@jest/globals'
import kafkajs, { type Kafka, type KafkaConfig } from 'kafkajs'
import { type Event, KafkaBus, type KafkaBusOptions, newEvent } from '../../../sdks/bus/src/index.ts'
import { testBroker } from '../../support/kafka.ts'
import type { Credential } from '../../support/kafka-clients.ts'

const opened: KafkaBus[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(bus => bus.close()))
})

export const clientOf = (config: KafkaConfig): Kafka =>
  new kafkajs.Kafka({ ...config, logLevel: kafkajs.logLevel.NOTHING })

/** The run's broker. */
export async function clusterConfig(): Promise<KafkaConfig> {
  const { brokers, username, password } = await testBroker()
  return { brokers, sasl: { mechanism: 'scram-sha-512', username, password } }
}

export const credentialConfig = ({ bootstrapServers, username, password }: Credential): KafkaConfig => ({
  brokers: bootstrapServers.split(','),
  sasl: { mechanism: 'scram-sha-512', username, password },
})

export async function makeTopic(
  cluster: KafkaConfig,
  numPartitions: number,
  configEntries: Array<{ name: string; value: string }> = [],
): Promise<string> {
  const topic = `bus.${randomBytes(6).toString('hex')}`
  const admin = clientOf(cluster).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: true })
  await admin.disconnect()
  return topic
}

/** Closed when the test ends. */
export function openBus(options: KafkaBusOptions): KafkaBus {
  const bus = new KafkaBus(options)
  opened.push(bus)
  return bus
}

export const marked = (kind: string, subject: string | null) =>
  newEvent('platformxe.generic').withSubject(subject).withPayload({ kind })

export const kindOf = ({ payload }: Event): string => (payload as { kind: string }).kind
