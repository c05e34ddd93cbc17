/**
 * An application of an organization that produces as fast as it can, a program of its own: kafkajs as its users write it, with the credential that
 * the organization was given. It stops on a message; by then everything that it has sent is acknowledged.
 */
import { default as kafkajs, type Producer } from 'kafkajs'
import { createSystemClock } from '../src/clock.ts'
import type { KafkaSettings } from '../src/kafka/protocol/wire.ts'
import { saslOf } from '../test/support/kafkajs-client.ts'
import { orderJson } from './order.ts'
import type { Sample } from './rates.ts'

export interface FloodSettings {
  kafka: KafkaSettings
  topic: string
  /** The header `name`. */
  event: string
}

/** How many are acknowledged; the last one with `over`. */
export type FloodMessage = Sample & { over: boolean }

const RECORDS_PER_SEND = 1_000
const SENDS_AT_ONCE = 3

let stopping = false
process.once('disconnect', () => process.exit(0))
process.once('message', settings => {
  process.on('message', () => {
    stopping = true
  })
  void run(settings as FloodSettings)
})

async function run({ kafka, topic, event }: FloodSettings): Promise<void> {
  const clock = createSystemClock()
  const client = new kafkajs.Kafka({
    clientId: 'flood',
    brokers: kafka.brokers,
    ...saslOf(kafka),
    logLevel: kafkajs.logLevel.ERROR,
  })
  const producer = client.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  // Made once: what is measured is the platform, and this program shares the machine with it.
  const messages = Array.from({ length: RECORDS_PER_SEND }, (_, n) => ({
    value: orderJson(n),
    headers: { name: event },
  }))
  let total = 0
  const tell = (over: boolean) => process.send!({ atMs: clock.nowMs(), total, over } satisfies FloodMessage)
  const send = async (through: Producer) => {
    while (!stopping) {
      await through.send({ topic, messages, acks: -1 })
      total += messages.length
      tell(false)
    }
  }
  await Promise.all(Array.from({ length: SENDS_AT_ONCE }, () => send(producer)))
  await producer.disconnect()
  tell(true)
}
