/**
 * A writer's reaction to answers that a broker gives only rarely, or only among several: the wire returns them here,
 * the rest is real.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { compact, compactArray, flat, int16, int32, int64, NO_TAGS } from '../../src/kafka/protocol/flexible.ts'
import { type CommitFailed, openTransactionalWriter } from '../../src/kafka/write/transactional-writer.ts'
import { createLogger } from '../../src/logger.ts'
import { createLossySockets, END_TRANSACTION, PRODUCE } from '../support/lossy-sockets.ts'
import { type TestRuntime, testRuntime } from '../support/runtime.ts'

const INIT_PRODUCER_ID = 22
const clock = createSystemClock()
let runtime: TestRuntime
beforeAll(async () => {
  runtime = await testRuntime()
})
afterAll(() => runtime.close())

const text = (records: Array<{ value: Buffer | null }>) => records.map(record => record.value?.toString())
const to = (topic: string, value: string) => ({ topic, partition: 0, key: null, value })

async function failureOf(commit: Promise<unknown>): Promise<CommitFailed> {
  return commit.then(
    () => {
      throw new Error('it was committed')
    },
    error => error as CommitFailed,
  )
}

const END_ANSWER = {
  announced: (code: number) => Buffer.concat([NO_TAGS, int32(0), int16(code), NO_TAGS]),
  joining: (code: number) => Buffer.concat([NO_TAGS, int32(0), int16(code), int64(-1n), int16(-1), NO_TAGS]),
}

/** Produce version 12, about partition 0 of one topic. */
function produceAnswer(topic: string, code: number): Buffer {
  const partition = [int32(0), int16(code), int64(-1n), int64(-1n), int64(-1n), compactArray([]), Buffer.of(0), NO_TAGS]
  return Buffer.concat(
    flat([NO_TAGS, compactArray([[compact(topic), compactArray([partition]), NO_TAGS]]), int32(0), NO_TAGS]),
  )
}

describe.each(['announced', 'joining'] as const)('a commit, with partitions %s', protocol => {
  const moved = [
    ['is somewhere else now', 16],
    ['is not there yet', 15],
    ['is still reading its log', 14],
  ] as const
  it.each(moved)('goes through once its coordinator, which %s, has been found again', async (_, code) => {
    const topic = await runtime.createTopic(`moved-${code}-${protocol}`)
    const sockets = createLossySockets()
    const writer = await runtime.writer(topic, { ...runtime.kafka, socketFactory: sockets.factory }, protocol)
    await writer.commit([to(topic, 'first')])
    sockets.answerNext(END_TRANSACTION, END_ANSWER[protocol](code))
    await writer.commit([to(topic, 'second')])
    await writer.commit([to(topic, 'third')])
    expect(text(await runtime.tail(topic).until(list => list.length >= 3))).toEqual(['first', 'second', 'third'])
    expect(sockets.lost()).toBe(1)
  })
})

describe.each(['announced', 'joining'] as const)('a commit whose answer says nothing, with partitions %s', protocol => {
  it('was made, as the log shows, when it had arrived before another process took over', async () => {
    const topic = await runtime.createTopic(`made-${protocol}`)
    const sockets = createLossySockets()
    const writer = await runtime.writer(topic, { ...runtime.kafka, socketFactory: sockets.factory }, protocol)
    await writer.commit([to(topic, 'first')])
    sockets.loseEach(END_TRANSACTION)
    const commit = failureOf(writer.commit([to(topic, 'second')]))
    while (sockets.lost() === 0) await clock.sleep(1)
    await runtime.writer(topic, undefined, protocol)
    sockets.loseEach(undefined)
    const failed = await commit
    expect(failed).toMatchObject({ outcome: 'unknown', isFenced: true, abortConfirmed: false })
    expect(text(await runtime.tail(topic).until(list => list.length >= 2))).toEqual(['first', 'second'])
  })

  it('was not made, as the log shows once the next owner has opened the id, when it had not arrived', async () => {
    const topic = await runtime.createTopic(`unmade-${protocol}`)
    const sockets = createLossySockets()
    const writer = await runtime.writer(topic, { ...runtime.kafka, socketFactory: sockets.factory }, protocol)
    await writer.commit([to(topic, 'first')])
    sockets.answerNext(END_TRANSACTION, END_ANSWER[protocol](90))
    const failed = await failureOf(writer.commit([to(topic, 'second')]))
    expect(failed).toMatchObject({ outcome: 'unknown', isFenced: true })
    const next = await runtime.writer(topic, undefined, protocol)
    await next.commit([to(topic, 'third')])
    expect(text(await runtime.tail(topic).until(list => list.length >= 2))).toEqual(['first', 'third'])
  })
})

describe('a batch that joins a transaction', () => {
  it('is sent again when the coordinator did not add it, because another one of the request was not known to it yet', async () => {
    const topic = await runtime.createTopic('not-attempted')
    const sockets = createLossySockets()
    const writer = await runtime.writer(topic, { ...runtime.kafka, socketFactory: sockets.factory }, 'joining')
    sockets.answerNext(PRODUCE, produceAnswer(topic, 55))
    await writer.commit([to(topic, 'first')])
    await writer.commit([to(topic, 'second')])
    expect(text(await runtime.tail(topic).until(list => list.length >= 2))).toEqual(['first', 'second'])
    expect(sockets.lost()).toBe(1)
  })

  it.each([
    ['an epoch that is over', 47],
    ['a producer whose epochs have run out since', 49],
  ])('of %s is fenced: another process holds the id', async (_, code) => {
    const topic = await runtime.createTopic(`fenced-${code}`)
    const sockets = createLossySockets()
    const writer = await runtime.writer(topic, { ...runtime.kafka, socketFactory: sockets.factory }, 'joining')
    sockets.answerNext(PRODUCE, produceAnswer(topic, code))
    await expect(writer.commit([to(topic, 'zombie')])).rejects.toMatchObject({ outcome: 'aborted', isFenced: true })
  })

  it('of a transaction that can only be aborted leaves nothing, and the next one goes through', async () => {
    const topic = await runtime.createTopic('abortable')
    const sockets = createLossySockets()
    const writer = await runtime.writer(topic, { ...runtime.kafka, socketFactory: sockets.factory }, 'joining')
    await writer.commit([to(topic, 'first')])
    sockets.answerNext(PRODUCE, produceAnswer(topic, 120))
    await expect(writer.commit([to(topic, 'second')])).rejects.toMatchObject({
      outcome: 'aborted',
      abortConfirmed: true,
      message: expect.stringContaining('TRANSACTION_ABORTABLE'),
    })
    await writer.commit([to(topic, 'third')])
    expect(text(await runtime.tail(topic).until(list => list.length >= 2))).toEqual(['first', 'third'])
  })
})

describe('an opening', () => {
  it('that waits for its coordinator ends as soon as the caller aborts it', async () => {
    const sockets = createLossySockets()
    sockets.loseEach(INIT_PRODUCER_ID)
    const stop = new AbortController()
    const unwanted = {
      kafka: { ...runtime.kafka, socketFactory: sockets.factory },
      transactionalId: runtime.name('unwanted'),
      // Retries that never end.
      clock: { ...clock, monotonicMs: () => 0 },
      logger: createLogger('silent'),
    }
    const opening = openTransactionalWriter({ ...unwanted, signal: stop.signal })
    while (sockets.lost() === 0) await clock.sleep(1)
    stop.abort()
    await expect(opening).rejects.toThrow()
    const lost = sockets.lost()
    await expect(openTransactionalWriter({ ...unwanted, signal: stop.signal })).rejects.toThrow('aborted')
    expect(sockets.lost()).toBe(lost)
  })
})
