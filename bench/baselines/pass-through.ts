/**
 * The baseline of admission, a program of its own: the shortest exactly-once loop that can be written with kafkajs, read → `JSON.parse` → ajv →
 * write with the position in one transaction, one transaction per fetched batch, four partitions in flight. It numbers nothing, counts
 * nothing and keeps no history.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormatsModule from 'ajv-formats'
import { type EachBatchPayload, default as kafkajs, type Producer } from 'kafkajs'
import { createSystemClock } from '../../src/clock.ts'
import type { KafkaSettings } from '../../src/kafka/protocol/wire.ts'
import { saslOf } from '../../test/support/kafkajs-client.ts'
import { ORDER_SCHEMA } from '../order.ts'
import type { Sample } from '../rates.ts'

export interface PassThroughSettings {
  kafka: KafkaSettings
  from: string
  to: string
  partitions: number
  /** Of all partitions together; after them the program ends. */
  records: number
  group: string
}

/** Sent to the parent after each commit, and once before the first. */
export type PassThroughMessage = Sample

const { Kafka, logLevel, Partitioners } = kafkajs
const addFormats = addFormatsModule.default
/** All fields, since kafkajs changes defaults by its surroundings. The first wait is short: `CONCURRENT_TRANSACTIONS` right after a commit is normal. */
const RETRY = { maxRetryTime: 1_000, initialRetryTime: 2, factor: 0.2, multiplier: 2, retries: 12 }

process.once('disconnect', () => process.exit(0))
process.once('message', settings => void run(settings as PassThroughSettings))

async function run({ kafka, from, to, partitions, records, group }: PassThroughSettings): Promise<void> {
  const clock = createSystemClock()
  const client = new Kafka({
    clientId: 'pass-through',
    brokers: kafka.brokers,
    ...saslOf(kafka),
    retry: RETRY,
    logLevel: logLevel.ERROR,
  })
  const validate = compile()
  const producers = await Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const producer = client.producer({
        transactionalId: `${group}-${partition}`,
        maxInFlightRequests: 1,
        idempotent: true,
        createPartitioner: Partitioners.DefaultPartitioner,
      })
      await producer.connect()
      return producer
    }),
  )
  const consumer = client.consumer({ groupId: group, maxWaitTimeInMs: 100, allowAutoTopicCreation: false })
  await consumer.connect()
  await consumer.subscribe({ topic: from, fromBeginning: true })

  let total = 0
  const report = () => process.send!({ atMs: clock.nowMs(), total } satisfies PassThroughMessage)
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: partitions,
    async eachBatch(payload) {
      if (total === 0) report()
      const passed = await pass(payload, { producer: producers[payload.batch.partition]!, validate, to, group })
      total += passed
      report()
      if (total >= records) setImmediate(() => process.exit(0))
    },
  })
}

/** One batch, in one transaction; answers how many records it had. */
async function pass(
  { batch }: EachBatchPayload,
  { producer, validate, to, group }: { producer: Producer; validate: ValidateFunction; to: string; group: string },
): Promise<number> {
  const { topic, partition } = batch
  const messages = batch.messages.map(({ key, value, headers }) => {
    if (!validate(JSON.parse(value!.toString()))) throw new Error(JSON.stringify(validate.errors))
    return { partition, key, value, headers: { name: headers!.name } }
  })
  const transaction = await producer.transaction()
  await transaction.sendBatch({ acks: -1, topicMessages: [{ topic: to, messages }] })
  const offset = String(Number(batch.lastOffset()) + 1)
  await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions: [{ partition, offset }] }] })
  await transaction.commit()
  return messages.length
}

function compile(): ValidateFunction {
  const ajv = new Ajv2020()
  addFormats(ajv)
  return ajv.compile(ORDER_SCHEMA)
}
