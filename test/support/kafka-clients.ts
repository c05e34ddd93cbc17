/** Kafka clients as an organization's own applications have them: logged in with a credential, on the listener for clients. */
import { Producer, stringSerializers } from '@platformatic/kafka'
import kafkajs, { type AdminConfig, type ConsumerConfig, type Kafka, type ProducerConfig } from 'kafkajs'
import { closedInTheEnd } from './closing.ts'
import { patient } from './patience.ts'
import type { TestOrganization } from './platform.ts'

export interface Credential {
  id: string
  username: string
  password: string
  bootstrapServers: string
  topics: { emits: string; events: string }
  groupPrefix: string
  transactionalIdPrefix: string
  clientProperties: Record<string, string>
}

const CREDENTIAL_TRIES = patient(4)

export async function credentialOf({ call }: TestOrganization, access = 'both'): Promise<Credential> {
  const make = () => call<Credential>('POST', '/api/v1/kafka-credentials', { name: 'an application', access })
  let made = await make()
  // A broker that is busy takes no user within the deadline of a call: it says so, and a caller repeats.
  for (let tries = 1; made.status === 503 && tries < CREDENTIAL_TRIES; tries++) made = await make()
  if (made.status !== 201) throw new Error(`The credential was not made: ${JSON.stringify(made.body)}`)
  return made.data
}

/** kafkajs; without retries, so that a refusal shows at once. */
export function kafkajsOf({ username, password, bootstrapServers }: Credential): Kafka {
  const kafka = new kafkajs.Kafka({
    clientId: 'application',
    brokers: bootstrapServers.split(','),
    sasl: { mechanism: 'scram-sha-512', username, password },
    retry: { retries: 2, initialRetryTime: 50 },
    logLevel: kafkajs.logLevel.NOTHING,
  })
  const [producer, consumer, admin] = [kafka.producer.bind(kafka), kafka.consumer.bind(kafka), kafka.admin.bind(kafka)]
  return Object.assign(kafka, {
    producer: (config?: ProducerConfig) => disconnectedInTheEnd(producer(config)),
    consumer: (config: ConsumerConfig) => disconnectedInTheEnd(consumer(config)),
    admin: (config?: AdminConfig) => disconnectedInTheEnd(admin(config)),
  })
}

function disconnectedInTheEnd<T extends { disconnect(): Promise<void> }>(client: T): T {
  closedInTheEnd({ close: () => client.disconnect() })
  return client
}

export function producerOf({ username, password, bootstrapServers }: Credential, more: object = {}) {
  const producer = new Producer({
    clientId: 'application',
    bootstrapBrokers: bootstrapServers.split(','),
    sasl: { mechanism: 'SCRAM-SHA-512', username, password },
    serializers: stringSerializers,
    retries: 2,
    ...more,
  })
  // A connection that broke while it logged in: the send that needed it is repeated, or rejects.
  producer.on('error', () => undefined)
  return closedInTheEnd(producer)
}

/** Reads as a member of a group until `count` records have come, committed ones only. Rejects when the broker refuses. */
export async function consume(
  kafka: Kafka,
  topic: string,
  groupId: string,
  count: number,
): Promise<kafkajs.KafkaMessage[]> {
  const consumer = kafka.consumer({ groupId, readUncommitted: false, sessionTimeout: 6_000 })
  const messages: kafkajs.KafkaMessage[] = []
  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      consumer
        .run({
          eachMessage: async ({ message }) => {
            if (messages.push(message) >= count) resolve()
          },
        })
        .catch(reject)
    })
  } finally {
    await consumer.disconnect()
  }
  return messages
}
