/** Orders straight into Kafka, as an organization's own producers write them: the header `name`, the payload, nothing else. */
import { type Kafka, default as kafkajs } from 'kafkajs'
import { createClient } from '../test/support/kafkajs-client.ts'
import { orderJson } from './order.ts'
import type { Testbed } from './testbed.ts'

const { Partitioners } = kafkajs
const RECORDS_PER_SEND = 1_000

export interface Target {
  topic: string
  partition: number
  /** The header `name`. */
  event: string
}

/** `count` orders into each target; returns when all are acknowledged by all replicas. */
export async function produceOrders(testbed: Testbed, targets: Target[], count: number): Promise<void> {
  const client = createClient(testbed.kafka)
  await Promise.all(targets.map(target => produceInto(client, target, count)))
}

async function produceInto(client: Kafka, { topic, partition, event }: Target, count: number): Promise<void> {
  const producer = client.producer({
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  for (let at = 0; at < count; at += RECORDS_PER_SEND) {
    const messages = Array.from({ length: Math.min(RECORDS_PER_SEND, count - at) }, (_, index) => ({
      partition,
      key: null,
      value: orderJson(at + index),
      headers: { name: event },
    }))
    await producer.send({ topic, messages, acks: -1 })
  }
  await producer.disconnect()
}
