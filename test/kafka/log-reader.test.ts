/**
 * A reader on a real broker: topics that are missing, deleted and made again, logs that retention or a restore from a
 * backup has cut.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Admin } from 'kafkajs'
import { createSystemClock } from '../../src/clock.ts'
import type { Appender, Gap, KnownPosition, LogReader } from '../../src/kafka/ports.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { createReaderWatch } from '../../src/kafka/read/reader-watch.ts'
import { createAppender } from '../../src/kafka/write/appender.ts'
import { createLogger } from '../../src/logger.ts'
import { closedInTheEnd } from '../support/closing.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
let runtime: TestRuntime
let admin: Admin
let appender: Appender
beforeAll(async () => {
  runtime = await testRuntime()
  admin = createClient(runtime.kafka).admin()
  await admin.connect()
  appender = closedInTheEnd(createAppender({ kafka: runtime.kafka, clock, logger, persistMs: 10_000 }))
})
afterAll(async () => {
  await appender.close()
  await admin.disconnect()
  await runtime.close()
})

const append = async (topic: string, ...values: string[]) => {
  for (const value of values) await appender.append({ topic, partition: 0, key: null, value })
}

/** As retention does. */
async function deleteBefore(topic: string, offset: number): Promise<void> {
  await admin.fetchTopicOffsets(topic) // kafkajs learns of the topic
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
}

/** A reader that records its events; `until` resolves when the condition holds. */
function watchedReader() {
  const values: string[] = []
  const gaps: Gap[] = []
  const replaced: Array<{ was: string; is: string }> = []
  const watch = createReaderWatch()
  let check: () => void = () => undefined
  const reader: LogReader = closedInTheEnd(
    createLogReader({
      kafka: runtime.kafka,
      clock,
      logger,
      watch,
      events: {
        onRecords(_topic, _partition, records) {
          values.push(...records.map(({ value }) => value!.toString()))
          check()
        },
        onGap(_topic, _partition, gap) {
          gaps.push(gap)
          check()
        },
        onReplaced(_topic, _partition, ids) {
          replaced.push(ids)
          check()
        },
        onFatal(error) {
          throw error
        },
      },
    }),
  )
  const until = (condition: () => boolean) =>
    new Promise<void>(resolve => {
      check = () => {
        if (condition()) resolve()
      }
      check()
    })
  /** For conditions without an event. */
  const untilWaiting = async (condition: () => boolean) => {
    while (!condition()) await clock.sleep(20)
  }
  return { reader, values, gaps, replaced, watch, until, untilWaiting }
}

describe('a topic that is not there', () => {
  it('is waited for, shows as such, and is read from its start once it is there', async () => {
    const { reader, values, watch, until, untilWaiting } = watchedReader()
    const topic = runtime.name('later')
    reader.assign(topic, 0, 'earliest')
    await untilWaiting(() => reader.waiting().length === 1)
    expect(watch.waiting()).toMatchObject([{ topic, partition: 0, reason: 'unknown_topic' }])
    await runtime.createTopic('later')
    await append(topic, 'a', 'b')
    await until(() => values.length === 2)
    await untilWaiting(() => reader.waiting().length === 0)
    expect(values).toEqual(['a', 'b'])
    await reader.close()
    expect(watch.waiting()).toEqual([])
  })

  it('holds up no other', async () => {
    const { reader, values, until } = watchedReader()
    const topic = await runtime.createTopic('beside')
    reader.assign(runtime.name('never'), 0, 'earliest')
    reader.assign(topic, 0, 'earliest')
    await append(topic, 'a')
    await until(() => values.length === 1)
    await append(topic, 'b')
    await until(() => values.length === 2)
    await reader.close()
  })
})

describe('a topic that is deleted and made again', () => {
  it('is read from its start, and reported', async () => {
    const { reader, values, replaced, watch, until } = watchedReader()
    const topic = await runtime.createTopic('anew')
    await append(topic, 'old 1', 'old 2', 'old 3')
    reader.assign(topic, 0, 'earliest')
    await until(() => values.length === 3)
    const was = reader.position(topic, 0)!.topicId
    await runtime.deleteTopic(topic)
    await runtime.createTopic('anew')
    await append(topic, 'new 1')
    await until(() => values.length === 4)
    expect(values.at(-1)).toBe('new 1')
    expect(replaced).toEqual([{ was, is: reader.position(topic, 0)!.topicId }])
    expect(watch.gaps()).toEqual({ retention: 0, truncated: 0, replaced: 1 })
    await reader.close()
  })

  it('is noticed by a stored position, and is waited for while it is away', async () => {
    const { reader, values, replaced, until, untilWaiting } = watchedReader()
    const topic = await runtime.createTopic('stored')
    await append(topic, 'only')
    const was = 'ab'.repeat(16)
    reader.assign(topic, 0, 1, { topicId: was, leaderEpoch: 0 })
    await until(() => values.length === 1)
    expect([values, replaced.length, replaced[0]?.was]).toEqual([['only'], 1, was])
    await runtime.deleteTopic(topic)
    await untilWaiting(() => reader.waiting().some(({ reason }) => reason === 'unknown_topic'))
    expect(replaced.length).toBe(1)
    await reader.close()
  })
})

describe('a position that the log does not have', () => {
  it('below its start goes on at the start; what was deleted is a gap', async () => {
    const { reader, values, gaps, until } = watchedReader()
    const topic = await runtime.createTopic('retention')
    await append(topic, '0', '1', '2', '3', '4')
    await deleteBefore(topic, 3)
    reader.assign(topic, 0, 1)
    await until(() => values.length === 2)
    expect([values, gaps]).toEqual([['3', '4'], [{ from: 1, to: 3, reason: 'retention' }]])
    await reader.close()
  })

  it('is none for a reading from the start', async () => {
    const { reader, values, gaps, until } = watchedReader()
    const topic = await runtime.createTopic('start')
    await append(topic, '0', '1', '2')
    await deleteBefore(topic, 2)
    reader.assign(topic, 0, 'earliest')
    await until(() => values.length === 1)
    expect([values, gaps]).toEqual([['2'], []])
    await reader.close()
  })

  it('beyond its end goes on where its epoch ends', async () => {
    const { reader, values, gaps, until } = watchedReader()
    const topic = await runtime.createTopic('cut')
    await append(topic, '0', '1')
    const known: KnownPosition = { leaderEpoch: 0 }
    reader.assign(topic, 0, 9, known)
    await until(() => gaps.length === 1)
    await append(topic, '2')
    await until(() => values.length === 1)
    expect([values, gaps]).toEqual([['2'], [{ from: 9, to: 2, reason: 'truncated' }]])
    await reader.close()
  })

  it('beyond its end, with nothing to compare, is waited at', async () => {
    const { reader, values, gaps, until, untilWaiting } = watchedReader()
    const topic = await runtime.createTopic('beyond')
    await append(topic, '0', '1')
    reader.assign(topic, 0, 3)
    await untilWaiting(() => reader.waiting().some(({ reason }) => reason === 'beyond_end'))
    await append(topic, '2', '3')
    await until(() => values.length === 1)
    expect([values, gaps]).toEqual([['3'], []])
    await reader.close()
  })
})

it('a reading from the end begins with the next record', async () => {
  const { reader, values, until, untilWaiting } = watchedReader()
  const topic = await runtime.createTopic('latest')
  await append(topic, 'before')
  reader.assign(topic, 0, 'latest')
  await untilWaiting(() => reader.position(topic, 0) !== undefined)
  for (let n = 0; values.length === 0; n++) await append(topic, `after ${n}`)
  await until(() => values.length > 0)
  expect(values[0]).toMatch('after')
  await reader.close()
})
