/** One organization's topic that is unavailable pauses that organization, and not its shard; the broker is real. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createSystemClock, createSystemRandom } from '../../src/clock.ts'
import type { LogRecord, OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { createShard, type Shard } from '../../src/kafka/runtime/shard.ts'
import { createLogger } from '../../src/logger.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const clock = createSystemClock()
const random = createSystemRandom()
const logger = createLogger('silent')

let runtime: TestRuntime
beforeAll(async () => {
  runtime = await testRuntime()
}, 60_000)
afterAll(() => runtime.close())

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await clock.sleep(5)
}

/** Numbers its input by organization, and writes it to the organization's log: input `in-x` feeds `log-x`. */
async function setup(names: readonly string[], { canRollBack = true } = {}) {
  const suffix = random.bytes(4).toString('hex')
  // Brokers and leaders as its own requests found them: the test's readers would report that a log is gone.
  const kafka = { ...runtime.kafka, clientId: suffix }
  const inputs = await Promise.all(names.map(name => runtime.createTopic(`in-${suffix}-${name}`)))
  const logs = await Promise.all(names.map(name => runtime.createTopic(`log-${suffix}-${name}`)))
  const logOf = (input: string) => logs[inputs.indexOf(input)]
  const reopened: string[] = []
  const changed: string[] = []
  let rollbacks = 0
  let handle: ShardHandle | undefined
  const counts = new Map<string, number>()
  let before: Array<Map<string, number>> = []
  const reader = createLogReader({
    kafka,
    clock,
    logger,
    events: {
      onRecords: (...records) => shard.onRecords(...records),
      onFatal(error) {
        throw error
      },
    },
  })
  const shard: Shard = createShard({
    kafka,
    processor: {
      role: `pauses-${suffix}`,
      stateTopics: [],
      pausesOn: logOf,
      open(given) {
        handle = given
        before = [new Map(counts), new Map(counts)]
        return {
          restore: () => undefined,
          start() {
            for (const input of inputs) given.assign(input, 0, 'earliest')
          },
          receive(records: LogRecord[]) {
            for (const { topic, value } of records) {
              const count = (counts.get(topic) ?? 0) + 1
              counts.set(topic, count)
              given.write([{ topic: logOf(topic)!, partition: 0, key: null, value: `${count}:${value}` }])
            }
          },
          seal: (): OutRecord[] => {
            before[1] = new Map(counts)
            return []
          },
          committed() {
            before[0] = before[1]!
          },
          ...(canRollBack && {
            rollback() {
              rollbacks++
              counts.clear()
              for (const [topic, count] of before[0]!) counts.set(topic, count)
            },
          }),
          pausesChanged: log => void changed.push(log),
          close: () => counts.clear(),
        }
      },
    },
    shard: 0,
    clock,
    random,
    logger,
    metrics: {
      transaction: () => undefined,
      reopened: (_role, _shard, reason) => void reopened.push(reason),
      assigned: () => undefined,
    },
    reader,
    lease: { confirmedAtMs: () => clock.monotonicMs(), isHeld: () => true },
  })
  const writer = await runtime.writer(`feeds-${suffix}`)
  shard.open()
  await until(() => shard.running())
  return {
    inputs,
    logs,
    shard,
    reopened,
    changed,
    rollbacks: () => rollbacks,
    handle: () => handle!,
    /** Into all of these inputs, in one transaction. */
    feed: (of: readonly string[], value: string) =>
      writer.commit(of.map((topic): OutRecord => ({ topic, partition: 0, key: null, value }))),
    /** Resolves with the content of the log, once there are as many records. */
    async read(log: string, count: number) {
      const records = await runtime.tail(log).until(list => list.length >= count)
      return records.map(({ value }) => value!.toString())
    },
    async close() {
      await shard.drop()
      await reader.close()
      await writer.close()
    },
  }
}

it('a deleted log: one rollback, no new session, the others go on; and all of it in order, once, when the log is there again', async () => {
  const made = await setup(['a', 'b', 'c'])
  const [a, b, c] = made.inputs as [string, string, string]
  const [logA, logB, logC] = made.logs as [string, string, string]
  await made.feed([a, b, c], 'first')
  await made.read(logA, 1)
  await runtime.deleteTopic(logA)
  for (const value of ['second', 'third', 'fourth']) {
    await made.feed([a, b, c], value)
    await clock.sleep(20)
  }
  expect(await made.read(logB, 4)).toEqual(['1:first', '2:second', '3:third', '4:fourth'])
  expect(await made.read(logC, 4)).toEqual(['1:first', '2:second', '3:third', '4:fourth'])
  expect(made.handle().unavailable(logA)).toMatchObject({ topic: logA, reason: 'unknown_topic' })
  expect(made.handle().unavailable(logB)).toBeUndefined()
  await until(() => made.shard.paused().length === 1)
  expect(made.changed).toEqual([logA])

  await runtime.remakeTopic(logA)
  expect(await made.read(logA, 3)).toEqual(['2:second', '3:third', '4:fourth'])
  await until(() => made.changed.length === 2)
  expect(made.shard.paused()).toEqual([])
  await made.feed([a], 'last')
  expect(await made.read(logA, 4)).toEqual(['2:second', '3:third', '4:fourth', '5:last'])
  expect([made.rollbacks(), made.reopened]).toEqual([1, []])
  await made.close()
})

it('a task that cannot roll back is opened anew', async () => {
  const made = await setup(['a', 'b'], { canRollBack: false })
  await runtime.deleteTopic(made.logs[0]!)
  await made.feed([made.inputs[0]!], 'first')
  await until(() => made.reopened.length > 0)
  expect(made.reopened[0]).toBe('aborted')
  await made.close()
})
