/** Runs the raw pass-through on a topic that was filled for it, and answers its steady rate. */

import { createClient } from '../test/support/kafkajs-client.ts'
import { emits } from '../topics/emits.ts'
import { configOf } from '../topics/topic.ts'
import type { PassThroughMessage, PassThroughSettings } from './baselines/pass-through.ts'
import { EVENT_NAME } from './order.ts'
import { produceOrders } from './produce-orders.ts'
import { type Sample, steadyRate } from './rates.ts'
import type { Testbed } from './testbed.ts'

const PARTITIONS = 4
/** It is faster than what it is compared with: with more records both are measured for about as long, and both as warm. */
const TIMES_THE_RECORDS = 2
const PATIENCE_MS = 180_000
const TOPIC_IN = 'bench.pass-through.in'
const TOPIC_OUT = 'bench.pass-through.out'

const filled = new WeakMap<Testbed, Promise<number>>()
let runs = 0

/** Records a second, exactly once, judged by ajv. */
export async function passThroughRate(testbed: Testbed): Promise<number> {
  const { records } = await filledTopic(testbed)
  const settings = {
    kafka: testbed.kafka,
    from: TOPIC_IN,
    to: TOPIC_OUT,
    partitions: PARTITIONS,
    records,
    group: `bench-pass-through-${++runs}`,
  } satisfies PassThroughSettings
  const child = testbed.children.start({ file: new URL('baselines/pass-through.ts', import.meta.url), ipc: true })
  const samples: Sample[] = []
  child.process.on('message', message => samples.push(message as PassThroughMessage))
  child.process.send(settings)
  const patience = testbed.clock.after(PATIENCE_MS, () => child.process.kill('SIGKILL'))
  await child.exited
  patience.cancel()
  if (samples.at(-1)?.total !== records)
    throw new Error(`the pass-through ended after ${samples.at(-1)?.total} of ${records}:\n${child.log()}`)
  const rate = steadyRate(samples, records)
  testbed.say(`raw pass-through: ${Math.round(rate)} records/s`)
  return rate
}

/** The topic that it reads, filled: for comparisons on the same records. */
export async function filledTopic(testbed: Testbed): Promise<{ topic: string; records: number }> {
  const known = filled.get(testbed) ?? fill(testbed)
  filled.set(testbed, known)
  return { topic: TOPIC_IN, records: await known }
}

async function fill(testbed: Testbed): Promise<number> {
  const records = TIMES_THE_RECORDS * testbed.options.records
  testbed.say(`filling the pass-through's topic with ${PARTITIONS} × ${records} records`)
  await createTopics(testbed, [TOPIC_IN, TOPIC_OUT], PARTITIONS)
  const targets = Array.from({ length: PARTITIONS }, (_, partition) => ({
    topic: TOPIC_IN,
    partition,
    event: EVENT_NAME,
  }))
  await produceOrders(testbed, targets, records)
  return PARTITIONS * records
}

/** Topics with the settings of an organization's ingress. */
export async function createTopics(testbed: Testbed, names: string[], partitions: number): Promise<void> {
  const admin = createClient(testbed.kafka).admin()
  await admin.connect()
  const configEntries = Object.entries(configOf(emits)).map(([name, value]) => ({ name, value }))
  const topics = names.map(topic => ({ topic, numPartitions: partitions, replicationFactor: 1, configEntries }))
  await admin.createTopics({ waitForLeaders: false, topics })
  while (!(await haveLeaders(() => admin.fetchTopicMetadata({ topics: names })))) await testbed.clock.sleep(20)
  await admin.disconnect()
}

/** A topic that has just been made may be unknown for a moment. */
async function haveLeaders(
  ask: () => Promise<{ topics: Array<{ partitions: Array<{ leader: number }> }> }>,
): Promise<boolean> {
  const { topics } = await ask().catch(() => ({ topics: [] }))
  return topics.length > 0 && topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
}
