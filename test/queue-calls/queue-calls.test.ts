/** Calls of queues: who is answered, and what becomes of a call whose shard gets another owner. */
import { describe, expect, it } from '@jest/globals'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { createLogger } from '../../src/logger.ts'
import { createQueueCalls } from '../../src/queue-calls/queue-calls.ts'
import { queueCommandCodec } from '../../topics/queues-commands.ts'
import { ANSWERS_TO, queueAnswersCodec, queueStateKeys, queuesState, TO_ALL } from '../../topics/queues-state.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const QUEUE = { organizationId: 'org_a', environment: 'live', queueId: 'que_1' } as const
const ORDER = { max: 1, waitMs: 20_000, perSubject: 1, ack: [] }

function setup() {
  const clock = createManualClock(1_785_000_000_000)
  const appended: OutRecord[] = []
  const held: Array<() => void> = []
  let holds = false
  const appender = {
    async append(record: OutRecord) {
      appended.push(record)
      const offset = appended.length - 1
      if (holds) await new Promise<void>(resolve => held.push(resolve))
      return { offset, timestampMs: -1 }
    },
    close: async () => undefined,
  }
  const calls = createQueueCalls({
    ...{ appender, view: { appliedOffset: 1 }, shards: 1, clock, logger: createLogger('silent'), processId: 'api_1' },
  })
  function record(to: string, answers: Array<{ correlation: number; value: object }>, handedOverFrom = -1): void {
    const value = queueAnswersCodec.encode({
      answers: answers.map(({ correlation, value: json }) => ({
        ...{ correlation, code: null, value: Buffer.from(JSON.stringify(json)), events: [] },
      })),
      handedOverFrom,
    })
    const place = { topic: queuesState.name, partition: 0, offset: 0, timestampMs: 0 }
    const headers = { [ANSWERS_TO]: Buffer.from(to) }
    calls.onRecord({ ...place, headers, key: Buffer.from(queueStateKeys.answers), value })
  }
  return {
    clock,
    calls,
    /** Appends are acknowledged when the test says so. */
    hold() {
      holds = true
      return () => {
        holds = false
        for (const release of held.splice(0)) release()
      }
    },
    commands: () =>
      appended.map(({ value }) => {
        const { call, correlation, deadlineMs, body } = queueCommandCodec.decode(value as Buffer)
        return { call, correlation, deadlineMs, body: JSON.parse(String(body)) }
      }),
    answer: (correlation: number, value: object) => record('api_1', [{ correlation, value }]),
    handOver: (from: number) => record(TO_ALL, [], from),
  }
}

/** Lets what has been appended be acknowledged. */
const breathe = () => new Promise(resolve => setImmediate(resolve))

describe('a receive that waits when its shard gets another owner', () => {
  it('is sent again for what is left of its time, and answered', async () => {
    const { calls, commands, handOver, answer, clock } = setup()
    const called = calls.call(QUEUE, 'receive', ORDER, { waitMs: 20_000 })
    await breathe()
    clock.advance(15_000)
    handOver(1)
    await breathe()
    const [first, again] = commands()
    expect(again).toEqual({ ...first, body: { ...ORDER, waitMs: 5_000 } })
    answer(again!.correlation, { messages: ['one'] })
    expect(await called).toEqual({ messages: ['one'] })
    handOver(2)
    await breathe()
    expect([commands().length, calls.waiting]).toEqual([2, 0])
  })

  it('is left to the new owner when the former one had not read it', async () => {
    const { calls, commands, handOver, answer } = setup()
    const called = calls.call(QUEUE, 'receive', ORDER, { waitMs: 20_000 })
    await breathe()
    handOver(0)
    await breathe()
    expect(commands()).toHaveLength(1)
    answer(commands()[0]!.correlation, { messages: [] })
    await called
  })

  it('is sent again although the new owner is known before its append is acknowledged', async () => {
    const { calls, commands, handOver, answer, hold } = setup()
    handOver(5)
    const release = hold()
    const called = calls.call(QUEUE, 'receive', ORDER, { waitMs: 20_000 })
    await breathe()
    handOver(1)
    release()
    await breathe()
    expect(commands()).toHaveLength(2)
    await breathe()
    answer(commands()[1]!.correlation, { messages: [] })
    await called
  })

  it('ends, and is taken back, when its caller hangs up meanwhile', async () => {
    const { calls, commands, handOver } = setup()
    const controller = new AbortController()
    const called = calls.call(QUEUE, 'receive', ORDER, { waitMs: 20_000, signal: controller.signal })
    await breathe()
    handOver(1)
    controller.abort()
    await expect(called).rejects.toMatchObject({ code: 'service_unavailable' })
    await breathe()
    expect(commands().map(({ call }) => call)).toEqual(['receive', 'receive', 'forget'])
    handOver(3)
    await breathe()
    expect(commands()).toHaveLength(3)
  })
})
