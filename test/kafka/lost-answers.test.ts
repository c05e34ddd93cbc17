/** Faults that need a connection to break at the wrong moment, and one that needs many topics. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import type { LogRecord } from '../../src/kafka/ports.ts'
import { createLogReader } from '../../src/kafka/read/log-reader.ts'
import { createAppender } from '../../src/kafka/write/appender.ts'
import { createLogger } from '../../src/logger.ts'
import { closedInTheEnd } from '../support/closing.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { createLossySockets, END_TRANSACTION, PRODUCE } from '../support/lossy-sockets.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const clock = createSystemClock()
const logger = createLogger('silent')
let runtime: TestRuntime
beforeAll(async () => {
  runtime = await testRuntime()
})
afterAll(() => runtime.close())

const text = (records: LogRecord[]) => records.map(record => record.value?.toString())
const to = (topic: string, value: string) => ({ topic, partition: 0, key: null, value })

describe('a connection that breaks before the answer', () => {
  it.each(['announced', 'joining'] as const)(
    'to a commit, with partitions %s, repeats it: it is there once',
    async protocol => {
      const topic = await runtime.createTopic(`commit-${protocol}`)
      const sockets = createLossySockets()
      const kafka = { ...runtime.kafka, socketFactory: sockets.factory }
      const writer = await runtime.writer(runtime.name(`lost-commit-${protocol}`), kafka, protocol)
      await writer.commit([to(topic, 'first')])
      sockets.loseNext(END_TRANSACTION)
      await writer.commit([to(topic, 'second')])
      await writer.commit([to(topic, 'third')])
      const records = await runtime.tail(topic).until(list => list.length >= 3)
      expect(text(records)).toEqual(['first', 'second', 'third'])
      expect(sockets.lost()).toBe(1)
    },
  )

  it('to a send within a transaction sends the same batch again, which the broker knows', async () => {
    const topic = await runtime.createTopic('send')
    const sockets = createLossySockets()
    const writer = await runtime.writer(runtime.name('lost-send'), { ...runtime.kafka, socketFactory: sockets.factory })
    await writer.commit([to(topic, 'first')])
    sockets.loseNext(PRODUCE)
    await writer.commit([to(topic, 'second')])
    await writer.commit([to(topic, 'third')])
    const records = await runtime.tail(topic).until(list => list.length >= 3)
    expect(text(records)).toEqual(['first', 'second', 'third'])
    expect(sockets.lost()).toBe(1)
  })

  it('to an append outside a transaction is answered with the position of the one record', async () => {
    const topic = await runtime.createTopic('append')
    const sockets = createLossySockets()
    const appender = closedInTheEnd(
      createAppender({ kafka: { ...runtime.kafka, socketFactory: sockets.factory }, clock, logger, persistMs: 10_000 }),
    )
    const first = await appender.append(to(topic, 'first'))
    sockets.loseNext(PRODUCE)
    const second = await appender.append(to(topic, 'second'))
    const third = await appender.append(to(topic, 'third'))
    await appender.close()
    expect([first.offset, second.offset, third.offset]).toEqual([0, 1, 2])
    expect(text(await runtime.tail(topic).until(list => list.length >= 3))).toEqual(['first', 'second', 'third'])
    expect(sockets.lost()).toBe(1)
  })
})

it('an answer that was under way when a partition was assigned anew does not count', async () => {
  const topic = await runtime.createTopic('anew')
  const appender = closedInTheEnd(createAppender({ kafka: runtime.kafka, clock, logger, persistMs: 10_000 }))
  await Promise.all(Array.from({ length: 10 }, (_, n) => appender.append(to(topic, `${n}`))))
  const seen: LogRecord[] = []
  let check: () => void = () => undefined
  const reader = closedInTheEnd(
    createLogReader({
      kafka: runtime.kafka,
      clock,
      logger,
      events: {
        onRecords(_topic, _partition, records) {
          seen.push(...records)
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
  reader.assign(topic, 0, 9)
  await until(() => seen.length === 1)
  // The reader waits at the end of the log now; the next record answers that wait.
  await appender.append(to(topic, '10'))
  reader.unassign(topic, 0)
  seen.length = 0
  reader.assign(topic, 0, 0)
  await until(() => seen.some(record => record.offset === 10))
  expect(seen.map(record => record.offset)).toEqual(Array.from({ length: 11 }, (_, n) => n))
  await reader.close()
  await appender.close()
})

it('one reader follows 625 topics, those that come later too', async () => {
  const base = Array.from({ length: 625 }, (_, n) => runtime.name(`many${n}`))
  const admin = createClient(runtime.kafka).admin()
  closedInTheEnd({ close: () => admin.disconnect() })
  await admin.connect()
  await admin.createTopics({
    waitForLeaders: false,
    topics: base.slice(0, 600).map(topic => ({ topic, numPartitions: 1, replicationFactor: 1 })),
  })
  const seen = new Map<string, number>()
  let complete: () => void = () => undefined
  const reader = closedInTheEnd(
    createLogReader({
      kafka: runtime.kafka,
      clock,
      logger,
      events: {
        onRecords(topic, _partition, records) {
          seen.set(topic, (seen.get(topic) ?? 0) + records.length)
          if (seen.size === base.length) complete()
        },
        onFatal(error) {
          throw error
        },
      },
    }),
  )
  for (const topic of base) reader.assign(topic, 0, 'earliest')
  await admin.createTopics({
    waitForLeaders: false,
    topics: base.slice(600).map(topic => ({ topic, numPartitions: 1, replicationFactor: 1 })),
  })
  const appender = closedInTheEnd(createAppender({ kafka: runtime.kafka, clock, logger, persistMs: 20_000 }))
  await Promise.all(base.map(topic => appender.append(to(topic, 'x'))))
  await new Promise<void>(resolve => {
    complete = resolve
    if (seen.size === base.length) resolve()
  })
  expect([...seen.values()].every(count => count === 1)).toBe(true)
  await reader.close()
  await appender.close()
  await admin.deleteTopics({ topics: base })
  await admin.disconnect()
})

it('partitions that are quiet and busy by turns, and so read in one session and the other, give each record once and in order', async () => {
  const topic = await runtime.createTopic('quiet', 24)
  const appender = closedInTheEnd(createAppender({ kafka: runtime.kafka, clock, logger, persistMs: 10_000 }))
  const seen = new Map<number, string[]>()
  let total = 0
  let check: () => void = () => undefined
  const reader = closedInTheEnd(
    createLogReader({
      kafka: runtime.kafka,
      clock,
      logger,
      // Everything is quiet almost at once: partitions move with every other request, into one of several quiet
      // sessions.
      settings: { quietAfterMs: 1, busyMin: 2, quietMax: 5, maxWaitMs: 20, quietWaitMs: 20 },
      events: {
        onRecords(_topic, partition, records) {
          seen.set(partition, [...(seen.get(partition) ?? []), ...(text(records) as string[])])
          total += records.length
          check()
        },
        onFatal: error => {
          throw error
        },
      },
    }),
  )
  const until = (count: number) =>
    new Promise<void>(resolve => {
      check = () => total >= count && resolve()
      check()
    })
  for (let partition = 0; partition < 24; partition++) reader.assign(topic, partition, 'earliest')
  let written = 0
  for (let round = 0; round < 60; round++) {
    // The first is always busy, the others now and then, and sometimes one is paused meanwhile.
    const partitions = Array.from({ length: 24 }, (_, partition) => partition).filter(
      partition => partition === 0 || (round + partition) % 5 === 0,
    )
    if (round % 7 === 0) reader.pause(topic, round % 24, true)
    await Promise.all(
      partitions.map(partition => appender.append({ topic, partition, key: null, value: String(round) })),
    )
    written += partitions.length
    if (round % 7 === 0) reader.resume(topic, round % 24)
    await until(written)
  }
  await appender.close()
  await reader.close()
  expect(total).toBe(written)
  for (const rounds of seen.values()) expect(rounds).toEqual([...rounds].sort((a, b) => Number(a) - Number(b)))
})
