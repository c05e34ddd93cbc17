/** A writer's reaction to each failure, over transactions that fail as the test specifies. */
import { describe, expect, it } from '@jest/globals'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { KafkaError } from '../../src/kafka/protocol/wire.ts'
import { repeat } from '../../src/kafka/write/repeat.ts'
import { writerOver } from '../../src/kafka/write/transactional-writer.ts'
import { createManualClock } from '../delivery/manual-clock.ts'
import { settle } from '../support/scripted-wire.ts'

const record = { topic: 't', partition: 0, key: null, value: 'x' }

function writing(
  failing: { write?: string; batch?: string; append?: string; commit?: string; abort?: string; renew?: string },
  home?: { topic: string; partition: number },
) {
  const calls: string[] = []
  const step = async (name: keyof typeof failing) => {
    calls.push(name)
    if (failing[name]) throw new KafkaError(failing[name], name)
  }
  const writer = writerOver(
    {
      async write(records) {
        await step('write')
        const error = failing.batch === undefined ? undefined : new KafkaError(failing.batch, 'batch')
        return [{ records: [...records], error, baseOffset: error ? -1 : 5, logAppendTimeMs: -1 }]
      },
      async append(records) {
        calls.push('append')
        const error = failing.append === undefined ? undefined : new KafkaError(failing.append, 'append')
        return [{ records: [...records], error, baseOffset: error ? -1 : 7, logAppendTimeMs: -1 }]
      },
      producerId: () => 1n,
      commit: () => step('commit'),
      abort: () => step('abort'),
      async renew(isHeldUp) {
        calls.push(isHeldUp ? 'renew, held up' : 'renew')
        if (failing.renew) throw new KafkaError(failing.renew, 'renew')
      },
    },
    {
      async close() {
        calls.push('close')
      },
      settled: async () => undefined,
      unknown: () => void calls.push('unknown'),
      home,
    },
  )
  return {
    calls,
    failing,
    commit: (...others: OutRecord[]) => writer.commit([record, ...others]).catch((error: unknown) => error),
    writer,
  }
}

describe('before EndTxn', () => {
  it.each([
    ['TRANSACTION_ABORTABLE', 'aborted', 'renew'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'aborted', 'renew'],
    ['INVALID_TXN_STATE', 'aborted', 'renew'],
    ['MESSAGE_TOO_LARGE', 'refused', 'renew'],
    ['NOT_ENOUGH_REPLICAS', 'aborted', 'renew, held up'],
  ])('%s of a batch means %s: aborted, and the writer goes on', async (batch, outcome, renew) => {
    const { commit, calls, failing } = writing({ batch })
    const failedTopics = [{ topic: 't', partition: 0, type: batch }]
    expect(await commit()).toMatchObject({ outcome, isFenced: false, abortConfirmed: true, failedTopics })
    delete failing.batch
    expect(await commit()).toMatchObject([{ baseOffset: 5 }])
    expect(calls).toEqual(['write', 'abort', renew, 'write', 'commit'])
  })

  it.each(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING'])(
    '%s means fenced: nothing is left to abort',
    async type => {
      for (const failing of [{ batch: type }, { write: type }]) {
        const { commit, calls } = writing(failing)
        expect(await commit()).toMatchObject({ outcome: 'aborted', isFenced: true, abortConfirmed: false })
        expect(calls).toEqual(['write', 'close'])
        expect(await commit()).toMatchObject({ outcome: 'aborted', isFenced: false })
      }
    },
  )

  it.each([{ abort: 'COORDINATOR_NOT_AVAILABLE' }, { renew: 'CONCURRENT_TRANSACTIONS' }])(
    'an abort that is not confirmed (%j) ends the writer',
    async more => {
      const { commit, calls } = writing({ batch: 'TRANSACTION_ABORTABLE', ...more })
      expect(await commit()).toMatchObject({ outcome: 'aborted', abortConfirmed: false })
      expect(calls.at(-1)).toBe('close')
    },
  )
})

describe('from EndTxn on', () => {
  it.each([
    ['CONNECTION', false],
    ['COORDINATOR_NOT_AVAILABLE', false],
    ['INVALID_TXN_STATE', false],
    ['PRODUCER_FENCED', true],
  ])('%s means unknown, and the writer ends', async (type, isFenced) => {
    const { commit, calls } = writing({ commit: type })
    expect(await commit()).toMatchObject({ outcome: 'unknown', isFenced, abortConfirmed: false })
    expect(calls).toEqual(['write', 'commit', 'unknown', 'close'])
  })
})

describe('a request to a coordinator', () => {
  function repeating(answers: string[]) {
    const clock = createManualClock()
    let heldUp = 0
    let calls = 0
    const retrying = { clock, isClosed: () => false, onHeldUp: async () => void heldUp++ }
    const done = repeat(retrying, 5_000, async () => {
      const type = answers[Math.min(calls++, answers.length - 1)]!
      if (type !== '') throw new KafkaError(type, type)
    }).then(
      () => 'answered',
      (error: KafkaError) => error.type,
    )
    const advance = async (ms: number) => {
      for (let elapsedMs = 0; elapsedMs < ms; elapsedMs += 50) {
        clock.advance(50)
        await settle()
      }
    }
    return { done, advance, heldUp: () => heldUp, calls: () => calls }
  }

  it('is repeated while it is not answered, or not yet', async () => {
    const { done, advance } = repeating([
      'CONNECTION',
      'REQUEST_TIMEOUT',
      'NOT_COORDINATOR',
      'COORDINATOR_LOAD_IN_PROGRESS',
      '',
    ])
    await advance(1_000)
    expect(await done).toBe('answered')
  })

  it('rejects with the last error when its retry time is over, and at once with any other', async () => {
    const late = repeating(['COORDINATOR_NOT_AVAILABLE'])
    await late.advance(6_000)
    expect(await late.done).toBe('COORDINATOR_NOT_AVAILABLE')
    expect(await repeating(['PRODUCER_FENCED']).done).toBe('PRODUCER_FENCED')
  })

  it('looks for the cause that blocks the last transaction after a second', async () => {
    const { done, advance, heldUp } = repeating([...Array.from({ length: 30 }, () => 'CONCURRENT_TRANSACTIONS'), ''])
    await advance(950)
    expect(heldUp()).toBe(0)
    await advance(4_000)
    expect(await done).toBe('answered')
    expect(heldUp()).toBeGreaterThan(0)
  })
})

describe('one batch of its home', () => {
  const home = { topic: 't', partition: 0 }

  it('is appended outside of a transaction; with a record of another partition, or more than a batch takes, it is in one', async () => {
    const { commit, calls } = writing({}, home)
    expect(await commit()).toMatchObject([{ baseOffset: 7 }])
    expect(await commit({ ...record, partition: 1 })).toMatchObject([{ baseOffset: 5 }])
    expect(await commit({ ...record, value: Buffer.alloc(1024 * 1024) })).toMatchObject([{ baseOffset: 5 }])
    expect(calls).toEqual(['append', 'write', 'commit', 'write', 'commit'])
  })

  it.each([
    ['INVALID_PRODUCER_EPOCH', 'unknown', true, ['append', 'close']],
    ['MESSAGE_TOO_LARGE', 'refused', false, ['append', 'close']],
    ['REQUEST_TIMEOUT', 'unknown', false, ['append', 'unknown', 'close']],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'unknown', false, ['append', 'unknown', 'close']],
  ])('%s means %s, and ends the writer: only the log shows what is there', async (append, outcome, isFenced, steps) => {
    const { commit, calls } = writing({ append }, home)
    expect(await commit()).toMatchObject({ outcome, isFenced, abortConfirmed: false })
    expect(await commit()).toMatchObject({ outcome: 'aborted' })
    expect(calls).toEqual(steps)
  })
})
