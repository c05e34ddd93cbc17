/**
 * The cost of admission at full speed. The topics are filled in a transaction, so that nothing can be read before all is there: producing is not
 * measured. Every process has judged some of the same before, so neither is starting.
 */
import { default as kafkajs, type Transaction } from 'kafkajs'
import { createClient } from '../../test/support/kafkajs-client.ts'
import { rssMb, watchCpu } from '../cpu.ts'
import { type BenchOrganization, countShards } from '../organizations.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { steadyRate } from '../rates.ts'
import type { Testbed } from '../testbed.ts'
import { type Watch, watchAdmission } from '../watch-admission.ts'
import { type Cost, tell } from './series.ts'

const RECORDS_PER_SEND = 1_000
/** Below what Kafka takes as one batch. */
const BYTES_PER_SEND = 800_000
const WARM_SHARE = 0.3
const POLL_MS = 50
const PATIENCE_MS = 30_000

export interface Load {
  organizations: BenchOrganization[]
  /** Of each organization. */
  records: number
  /** The header `name`, and a payload as JSON. */
  record(organization: BenchOrganization, n: number): { name: string; payload: string }
}

let transactions = 0

/** With so many processes of role `admit`. Every record must be accepted. */
export async function floodedCost(testbed: Testbed, processes: number, load: Load): Promise<Cost> {
  const watch = await watchAdmission(testbed, load.organizations)
  const admits = await Promise.all(Array.from({ length: processes }, () => testbed.platform('admit', 'growth-admit')))
  await untilShared(testbed, admits)
  await admitAll(testbed, watch, { ...load, records: Math.ceil(load.records * WARM_SHARE) }, [])
  const cost = await admitAll(testbed, watch, load, admits)
  for (const admit of admits) await admit.end()
  await watch.close()
  testbed.say(tell(cost))
  return cost
}

/** Fills the topics and lets the records loose. */
async function admitAll(testbed: Testbed, watch: Watch, load: Load, admits: PlatformProcess[]): Promise<Cost> {
  const { clock } = testbed
  const count = load.organizations.length * load.records
  const producer = createClient(testbed.kafka).producer({
    transactionalId: `bench-growth-${++transactions}`,
    maxInFlightRequests: 1,
    idempotent: true,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const transaction = await producer.transaction()
  const bytes = await fill(transaction, load)
  const before = watch.accepted()
  const following = watch.follow(count)
  following.catch(() => undefined) // it is awaited when the records are there
  const cpu = watchCpu({
    broker: testbed.pids.broker,
    ...Object.fromEntries(admits.map(({ child }, n) => [`admit ${n}`, child.pid])),
  })
  await transaction.commit()
  await producer.disconnect()
  const rate = steadyRate(await following, count)
  const deadline = clock.monotonicMs() + PATIENCE_MS
  while (watch.accepted() - before < count) {
    if (clock.monotonicMs() > deadline)
      throw new Error(`of ${count} records ${watch.accepted() - before} were accepted`)
    await clock.sleep(POLL_MS)
  }
  return {
    cpuMs: (cpu().seconds * 1_000 * 1_000) / count,
    rssMb: Math.max(...admits.map(({ child }) => rssMb(child.pid))),
    emitsPerS: rate,
    mbPerS: (rate * bytes) / count / 1e6,
  }
}

/** Answers the bytes of all payloads. */
async function fill(transaction: Transaction, { organizations, records, record }: Load): Promise<number> {
  let bytes = 0
  for (const organization of organizations)
    for (let n = 0; n < records; ) {
      const messages: kafkajs.Message[] = []
      for (let size = 0; n < records && messages.length < RECORDS_PER_SEND && size < BYTES_PER_SEND; n++) {
        const { name, payload } = record(organization, n)
        size += payload.length
        bytes += payload.length
        messages.push({ partition: 0, key: null, value: payload, headers: { name } })
      }
      await transaction.send({ topic: organization.topic, messages, acks: -1 })
    }
  return bytes
}

/** Until the processes hold all shards between them, none more than one above its part. */
async function untilShared(testbed: Testbed, admits: PlatformProcess[]): Promise<void> {
  const shards = await countShards(testbed)
  const deadline = testbed.clock.monotonicMs() + PATIENCE_MS
  for (;;) {
    const held = await Promise.all(admits.map(shardsHeld))
    const total = held.reduce((sum, each) => sum + each, 0)
    if (total === shards && Math.max(...held) <= Math.ceil(shards / admits.length)) return
    if (testbed.clock.monotonicMs() > deadline)
      throw new Error(`the processes hold ${held.join(', ')} of ${shards} shards`)
    await testbed.clock.sleep(POLL_MS)
  }
}

async function shardsHeld({ base }: PlatformProcess): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text()
  return Number(/^clarion_shards\{role="admit",state="running"\} (\d+)/m.exec(text)?.[1] ?? 0)
}
