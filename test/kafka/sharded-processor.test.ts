import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import { provision } from '../../src/kafka/admin/provisioning.ts'
import type { LogRecord, OutRecord, Processor, ShardHandle } from '../../src/kafka/ports.ts'
import { openWire } from '../../src/kafka/protocol/wire.ts'
import { runShardedProcessor, type ShardedProcessor } from '../../src/kafka/runtime/sharded-processor.ts'
import { createLogger } from '../../src/logger.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const logger = createLogger('silent')
const metrics = { transaction: () => undefined, reopened: () => undefined, assigned: () => undefined }
const SHARDS = 8

let runtime: TestRuntime
beforeAll(async () => {
  runtime = await testRuntime()
  const wire = await openWire(runtime.kafka, logger)
  const provisioning = await provision({
    kafka: runtime.kafka,
    wire,
    shards: SHARDS,
    replicationFactor: 1,
    topicDefaults: {},
    clock,
    logger,
  })
  await provisioning.close()
  await wire.close()
}, 60_000)
afterAll(() => runtime.close())

interface Topics {
  input: string
  output: string
  state: string
}

/** Copies each input record to the output with a running number per shard; number and position are its state. */
function numbering(
  role: string,
  topics: Topics,
  options: { onReceive?(record: LogRecord, isolated: boolean): void; poison?: string; silent?: string[] } = {},
): Processor {
  return {
    role,
    stateTopics: [topics.state],
    isolatesRecords: true,
    open(handle: ShardHandle) {
      const state = { count: 0, position: 0 }
      return {
        restore(record) {
          Object.assign(state, JSON.parse(record.value!.toString()))
        },
        start: () => handle.assign(topics.input, handle.shard, state.position),
        receive(records, nextOffset, isolated) {
          state.position = nextOffset
          for (const record of records) {
            options.onReceive?.(record, isolated)
            const text = record.value!.toString()
            if (options.silent?.includes(text)) continue
            state.count++
            const value = isolated ? 'isolated' : text === options.poison ? 'x'.repeat(9_000) : `${state.count}:${text}`
            handle.write([{ topic: topics.output, partition: handle.shard, key: null, value }])
          }
        },
        seal: (): OutRecord[] => [
          { topic: topics.state, partition: handle.shard, key: 'state', value: JSON.stringify(state) },
        ],
        close: () => undefined,
      }
    },
  }
}

function never(error: Error): never {
  throw error
}

const running: ShardedProcessor[] = []
afterAll(async () => {
  for (const each of running) await each.close()
})

async function run(processor: Processor): Promise<ShardedProcessor> {
  const started = await runShardedProcessor({
    kafka: runtime.kafka,
    processor,
    clock,
    random,
    logger,
    metrics,
    onFatal(error) {
      throw error
    },
  })
  running.push(started)
  return started
}

async function topicsFor(name: string, outputSettings: Record<string, string> = {}): Promise<Topics> {
  return {
    input: await runtime.createTopic(`${name}-in`, SHARDS),
    output: await runtime.createTopic(`${name}-out`, SHARDS, outputSettings),
    state: await runtime.createTopic(`${name}-state`, SHARDS, { 'cleanup.policy': 'compact' }),
  }
}

/** Appends `values` to one partition of the input. */
async function feed(topic: string, partition: number, values: string[]): Promise<void> {
  const producer = createClient(runtime.kafka).producer({ createPartitioner: () => () => partition })
  await producer.connect()
  await producer.send({ topic, messages: values.map(value => ({ value, partition })) })
  await producer.disconnect()
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `r${n + from}`)
const counted = (values: string[]) => values.map((value, index) => `${index + 1}:${value}`)
const text = (records: LogRecord[]) => records.map(record => record.value!.toString())

describe('a sharded processor', () => {
  it('commits inputs that arrive within its pace together, and loses none', async () => {
    const topics = await topicsFor('paced')
    let transactions = 0
    const counting = { ...metrics, transaction: () => void transactions++ }
    const processor = { ...numbering(runtime.name('paced'), topics), commitPaceMs: 200 }
    const started = await runShardedProcessor({
      kafka: runtime.kafka,
      processor,
      clock,
      random,
      logger,
      metrics: counting,
      onFatal: never,
    })
    running.push(started)
    const values = Array.from({ length: 60 }, (_, n) => `v${n}`)
    for (let at = 0; at < values.length; at += 10) await feed(topics.input, 3, values.slice(at, at + 10))
    const seen = await runtime.tail(topics.output, 3).until(records => records.length >= 60)
    expect(seen.map(record => record.value!.toString())).toEqual(values.map((value, n) => `${n + 1}:${value}`))
    expect(transactions).toBeLessThan(60)
  })

  it('with a pace that counts from several inputs on commits a single one at once, and those after several together', async () => {
    const topics = await topicsFor('lone')
    const processor = { ...numbering(runtime.name('lone'), topics), commitPaceMs: 3_600_000, commitPaceFrom: 3 }
    const started = await runShardedProcessor({
      kafka: runtime.kafka,
      processor,
      clock,
      random,
      logger,
      metrics,
      onFatal: never,
    })
    const [gathering, other] = [runtime.tail(topics.output, 3), runtime.tail(topics.output, 2)]
    for (let n = 1; n <= 3; n++) {
      await feed(topics.input, 3, [`lone${n}`])
      await gathering.until(records => records.length === n)
    }
    await feed(topics.input, 3, ['a', 'b', 'c'])
    await gathering.until(records => records.length === 6)
    await feed(topics.input, 3, ['d'])
    // As long as another shard takes for one that came later.
    await feed(topics.input, 2, ['e'])
    await other.until(records => records.length === 1)
    expect(gathering.records).toHaveLength(6)
    await started.close()
    expect(text(await gathering.until(records => records.length === 7))).toEqual(
      counted(['lone1', 'lone2', 'lone3', 'a', 'b', 'c', 'd']),
    )
  })

  it('writes each input exactly once, in order, whichever of two processes owns the shard, also when one vanishes', async () => {
    const topics = await topicsFor('handover')
    const role = runtime.name('handover')
    const first = await run(numbering(role, topics))
    for (let shard = 0; shard < SHARDS; shard++) await feed(topics.input, shard, numbers(50))
    const second = await run(numbering(role, topics))
    for (let shard = 0; shard < SHARDS; shard++) await feed(topics.input, shard, numbers(50, 50))
    await first.close()
    for (let shard = 0; shard < SHARDS; shard++) await feed(topics.input, shard, numbers(50, 100))
    for (let shard = 0; shard < SHARDS; shard++) {
      const records = await runtime.tail(topics.output, shard).until(list => list.length >= 150)
      expect(text(records)).toEqual(counted(numbers(150)))
    }
    await second.close()
  })

  it('drains a shard that moves before another process opens it: work in flight ends where it began', async () => {
    const topics = await topicsFor('moved')
    const role = runtime.name('moved')
    const release = Promise.withResolvers<void>()
    const opened: string[] = []
    const named = (name: string): Processor => {
      const processor = numbering(role, topics)
      return {
        ...processor,
        open(handle) {
          opened.push(`${name} ${handle.shard}`)
          return { ...processor.open(handle), drain: () => release.promise }
        },
      }
    }
    const first = await run(named('first'))
    for (let shard = 0; shard < SHARDS; shard++) await feed(topics.input, shard, numbers(5))
    for (let shard = 0; shard < SHARDS; shard++)
      await runtime.tail(topics.output, shard).until(list => list.length >= 5)
    const second = await run(named('second'))
    while (second.missing() !== undefined) await clock.sleep(10)
    expect(second.shards()).toEqual([])
    expect(opened.some(each => each.startsWith('second'))).toBe(false)
    release.resolve()
    while (second.shards().length < SHARDS / 2 || !second.ready()) await clock.sleep(10)
    expect(first.shards()).toHaveLength(SHARDS / 2)
    for (let shard = 0; shard < SHARDS; shard++) await feed(topics.input, shard, numbers(5, 5))
    for (let shard = 0; shard < SHARDS; shard++) {
      const records = await runtime.tail(topics.output, shard).until(list => list.length >= 10)
      expect(text(records)).toEqual(counted(numbers(10)))
    }
    expect(opened).toHaveLength(SHARDS + SHARDS / 2)
  })

  it('fences a process that still thinks it owns a shard, and loses nothing by it', async () => {
    const topics = await topicsFor('zombie')
    const role = runtime.name('zombie')
    await run(numbering(role, topics))
    await feed(topics.input, 3, numbers(10))
    await runtime.tail(topics.output, 3).until(list => list.length >= 10)
    // Another producer takes the transactional id of shard 3 and leaves a transaction unfinished.
    await runtime.writer(`${role}-3`)
    await feed(topics.input, 3, numbers(10, 10))
    const records = await runtime.tail(topics.output, 3).until(list => list.length >= 20)
    expect(text(records)).toEqual(counted(numbers(20)))
  })

  it('finds the one record whose output the broker refuses, and goes on with the others', async () => {
    const topics = await topicsFor('poison', { 'max.message.bytes': '5000' })
    const isolated: string[] = []
    const onReceive = (record: LogRecord, alone: boolean) => void (alone && isolated.push(record.value!.toString()))
    await run(numbering(runtime.name('poison'), topics, { poison: 'r7', onReceive }))
    await feed(topics.input, 5, numbers(20))
    const records = await runtime.tail(topics.output, 5).until(list => list.length >= 20)
    expect(text(records)).toEqual(counted(numbers(20)).map(value => (value.endsWith(':r7') ? 'isolated' : value)))
    expect(isolated).toEqual(['r7'])
  })

  it('does not wait when an isolated record has no output', async () => {
    const topics = await topicsFor('silent', { 'max.message.bytes': '5000' })
    await run(numbering(runtime.name('silent'), topics, { poison: 'r7', silent: ['r0', 'r3', 'r4', 'r9'] }))
    await feed(topics.input, 5, numbers(12))
    const records = await runtime.tail(topics.output, 5).until(list => list.length >= 8)
    expect(text(records)).toEqual(['1:r1', '2:r2', '3:r5', '4:r6', 'isolated', '6:r8', '7:r10', '8:r11'])
  })

  it('goes on after more records without output than a transaction takes', async () => {
    const topics = await topicsFor('quiet')
    await run(numbering(runtime.name('quiet'), topics, { silent: ['nothing'] }))
    await feed(topics.input, 5, [...Array.from({ length: 2_100 }, () => 'nothing'), 'something'])
    expect(text(await runtime.tail(topics.output, 5).until(list => list.length >= 1))).toEqual(['1:something'])
  })

  it('goes on with the rest when an input topic is deleted under it', async () => {
    const topics = await topicsFor('deleted')
    const doomed = await runtime.createTopic('doomed', SHARDS)
    const processor = numbering(runtime.name('deleted'), topics)
    const { open } = processor
    await run({
      ...processor,
      open(handle) {
        const task = open(handle)
        return {
          ...task,
          start() {
            handle.assign(doomed, handle.shard, 'earliest')
            return task.start()
          },
        }
      },
    })
    await feed(topics.input, 1, numbers(5))
    await runtime.tail(topics.output, 1).until(list => list.length >= 5)
    await runtime.deleteTopic(doomed)
    await feed(topics.input, 1, numbers(5, 5))
    const records = await runtime.tail(topics.output, 1).until(list => list.length >= 10)
    expect(text(records)).toEqual(counted(numbers(10)))
  })
})
