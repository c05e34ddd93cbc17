/** The books of queues, as the ledger compares them. */
import { describe, expect, it } from '@jest/globals'
import { createQueueCheck } from '../../src/ledger/queue-check.ts'
import type { QueueBooks } from '../../src/ledger/queue-figures.ts'
import type { QueueRecord } from '../../src/model/queues.ts'

const OWNERS = new Set(['org_1'])
const HOUR_MS = 3_600_000
const RIGHT: QueueBooks = {
  ...{ queueId: 'que_1', organizationId: 'org_1', offsets: [10], purge: 0 },
  ...{ matched: 8, brought: 2, left: 1, settled: 6, here: 3 },
}

function opened(inLog: () => number | undefined = () => 0) {
  let queue: QueueRecord | undefined = {
    ...{ id: 'que_1', organizationId: 'org_1', environment: 'live', name: 'jobs', selectors: ['*'], conditions: null },
    updatedAt: new Date(0).toISOString(),
  } as QueueRecord
  let books: QueueBooks | undefined = RIGHT
  let nowMs = HOUR_MS
  const asked: unknown[] = []
  const { check } = createQueueCheck({
    view: { find: (() => queue) as never },
    figures: {
      books: async () => new Map(books === undefined ? [] : [[books.queueId, books]]),
      async matching(_queue, from, to) {
        asked.push([from, to])
        return inLog()
      },
    },
  })
  return {
    asked,
    async check(next: Partial<QueueBooks> = {}) {
      books = books && { ...books, ...next }
      nowMs += HOUR_MS
      return (await check(0, OWNERS, nowMs)).map(({ of, expected, actual }) => [of, expected, actual])
    },
    change: () => {
      queue = queue && { ...queue, updatedAt: new Date(nowMs).toISOString() }
    },
    remove: () => {
      queue = undefined
    },
  }
}

describe('the books of a queue', () => {
  it('agree where everything that came in is settled, here, or elsewhere', async () => {
    expect(await opened().check()).toEqual([])
  })

  it('are a finding where a message is nowhere, until it is', async () => {
    const ledger = opened()
    expect(await ledger.check({ here: 2 })).toEqual([['balance', 10, 9]])
    expect(await ledger.check({ here: 3 })).toEqual([])
  })

  it('are compared with the log between two checks', async () => {
    const ledger = opened(() => 5)
    await ledger.check()
    expect(await ledger.check({ offsets: [30], matched: 13, settled: 11 })).toEqual([])
    expect(ledger.asked).toEqual([[[10], [30]]])
  })

  it('are a finding where the queue has passed an event over, for as long as nothing is counted anew', async () => {
    const inLog = [5, 2, 0]
    const ledger = opened(() => inLog.shift())
    await ledger.check()
    expect(await ledger.check({ offsets: [30], matched: 12, settled: 10 })).toEqual([['matched', 5, 4]])
    expect(await ledger.check({ offsets: [40], matched: 14, settled: 12 })).toEqual([['matched', 5, 4]])
    ledger.change()
    expect(await ledger.check()).toEqual([])
  })

  it('are counted from a new place after a purge, and where the log has lost records', async () => {
    const ledger = opened(() => undefined)
    await ledger.check()
    expect(await ledger.check({ offsets: [30], purge: 1 })).toEqual([])
    expect(ledger.asked).toEqual([])
    expect(await ledger.check({ offsets: [40] })).toEqual([])
    expect(ledger.asked).toHaveLength(1)
  })

  it('of a deleted queue are nobody’s', async () => {
    const ledger = opened()
    await ledger.check({ here: 2 })
    ledger.remove()
    expect(await ledger.check()).toEqual([])
  })
})
