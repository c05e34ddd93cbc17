/** Queues of a shard: what wakes them, what puts them to sleep, and what a call leaves behind. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { claimOf, createMemoryQueues, type MemoryQueues } from './memory-queues.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

let shard: MemoryQueues
beforeEach(() => {
  shard = createMemoryQueues()
})

const offsets = ({ messages }: { messages: Array<{ offset: number }> }) => messages.map(({ offset }) => offset)
const statuses = ({ results }: { results: Array<{ status: string }> }) => results.map(({ status }) => status)

/** Minute by minute, as timers run. */
async function minutes(count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) await shard.pass(MINUTE_MS)
}

describe('a queue that nobody calls', () => {
  it('lets go of the log, becomes a record again, and goes on where it was', async () => {
    const queue = shard.put('que_1')
    shard.emit()
    const { messages } = await shard.receive(queue)
    await shard.settleClaims(queue, { as: 'ack', claims: messages.map(claimOf) })
    expect([shard.live().awake, shard.followers()]).toEqual([1, 1])
    await minutes(13)
    expect([shard.live(), shard.followers()]).toEqual([{ waiting: 0, awake: 0, unsettled: 0 }, 0])
    const before = shard.transactions()
    await minutes(60)
    expect([shard.transactions(), shard.clock.pending()]).toEqual([before, 0])

    shard.emit()
    expect(offsets(await shard.receive(queue))).toEqual([1])
    expect(await shard.stats(queue)).toMatchObject({ handedOut: 2, acked: 1, inFlight: 1 })
    // It is awake again, and sleeps again, but what is out stays in memory.
    await minutes(13)
    expect(shard.live()).toEqual({ waiting: 0, awake: 0, unsettled: 1 })
    expect(offsets(await shard.receive(queue))).toEqual([1])
  })

  it('moves its last receives to the dead letters all the same', async () => {
    const dead = shard.put('que_dead', { selectors: ['never.happens'] })
    const queue = shard.put('que_1', { maxReceives: 1, deadLetterQueueId: dead })
    shard.emit()
    await shard.receive(queue)
    const waiting = shard.begin(dead, 'receive', { max: 1, waitMs: 20_000, perSubject: 1, ack: [] })
    await shard.settle()
    await minutes(1)
    expect(shard.answer<{ messages: object[] }>(waiting)?.value.messages).toEqual([])
    expect((await shard.receive(dead)).messages).toMatchObject([{ deadFrom: { queueId: queue, receiveCount: 1 } }])
  })

  it('does not take part in a commit', async () => {
    const many = Array.from({ length: 50 }, (_, at) => shard.put(`que_${at}`))
    for (const queue of many) await shard.receive(queue)
    const queue = many[7]!
    shard.emit()
    await shard.receive(queue)
    shard.begin(queue, 'dead', { limit: 1, after: 0 })
    await shard.settle()
    const written = shard.commit().map(({ key }) => key)
    expect(written).toEqual([])
  })
})

describe('what is not settled', () => {
  it('comes again after its lease, and a late ack settles it while it waits', async () => {
    const queue = shard.put('que_1')
    shard.emit()
    const { messages } = await shard.receive(queue, { leaseMs: 5_000 })
    await shard.pass(6_000)
    expect(await shard.stats(queue)).toMatchObject({ ready: 1, inFlight: 0 })
    expect(statuses(await shard.settleClaims(queue, { as: 'ack', claims: messages.map(claimOf) }))).toEqual(['acked'])
    expect(offsets(await shard.receive(queue))).toEqual([])
  })

  it('waits by the backoff of the queue, or as long as the caller says', async () => {
    const queue = shard.put('que_1', { nackBackoff: { firstSeconds: 2, factor: 3, maxSeconds: 10 } })
    shard.emit()
    for (const seconds of [2, 6, 10, 10]) {
      const { messages } = await shard.receive(queue)
      const { results } = await shard.settleClaims(queue, { as: 'nack', claims: messages.map(claimOf) })
      expect(results).toEqual([{ status: 'returned', visibleAtMs: shard.clock.nowMs() + seconds * 1_000 }])
      await shard.pass(seconds * 1_000 - 1)
      expect(offsets(await shard.receive(queue))).toEqual([])
      await shard.pass(1)
    }
    const { messages } = await shard.receive(queue)
    await shard.settleClaims(queue, { as: 'nack', delayMs: HOUR_MS, claims: messages.map(claimOf) })
    await shard.pass(HOUR_MS)
    expect(offsets(await shard.receive(queue))).toEqual([0])
  })

  it('is leased for ten seconds more at least when another owner takes the shard over', async () => {
    const queue = shard.put('que_1')
    shard.emit()
    await shard.receive(queue, { leaseMs: 1_000 })
    shard.crash()
    await shard.pass(9_999)
    expect(offsets(await shard.receive(queue))).toEqual([])
    await shard.pass(1)
    expect(offsets(await shard.receive(queue))).toEqual([0])
  })

  it('is extended from now on, to twelve hours from its receive', async () => {
    const queue = shard.put('que_1')
    shard.emit()
    const { messages } = await shard.receive(queue)
    const claims = messages.map(claimOf)
    const extend = (forMs: number) => shard.settleClaims(queue, { as: 'extend', forMs, claims })
    expect((await extend(12 * HOUR_MS)).results).toEqual([
      { status: 'extended', visibleAtMs: shard.clock.nowMs() + 12 * HOUR_MS },
    ])
    await shard.pass(11 * HOUR_MS)
    expect(statuses(await extend(HOUR_MS + 1))).toEqual(['extension_too_long'])
    expect(statuses(await extend(HOUR_MS))).toEqual(['extended'])
    await shard.pass(HOUR_MS - 1)
    expect(offsets(await shard.receive(queue))).toEqual([])
    await shard.pass(1)
    expect(offsets(await shard.receive(queue))).toEqual([0])
  })

  it('is not handed out any more once it is too old', async () => {
    const queue = shard.put('que_1', { retentionHours: 1 })
    shard.emit()
    shard.emit()
    await shard.receive(queue, { max: 1 })
    await shard.pass(HOUR_MS)
    shard.emit()
    expect(offsets(await shard.receive(queue))).toEqual([2])
    expect(await shard.stats(queue)).toMatchObject({ expired: 2, handedOut: 2 })
  })

  it('is given back without counting, however often', async () => {
    const queue = shard.put('que_1', { maxReceives: 1 })
    shard.emit()
    shard.emit()
    for (let round = 0; round < 3; round++) {
      const { messages } = await shard.receive(queue)
      expect(messages.map(({ receiveCount }) => receiveCount)).toEqual([1, 1])
      await shard.settleClaims(queue, { as: 'giveBack', claims: messages.slice(0, 1).map(claimOf) })
    }
    expect(await shard.stats(queue)).toMatchObject({ ready: 2, inFlight: 0, dead: 0, handedOut: 0 })
  })
})

describe('a receive that waits', () => {
  it('is answered by what comes after a purge', async () => {
    const queue = shard.put('que_1')
    const waiting = shard.begin(queue, 'receive', { max: 1, waitMs: 20_000, perSubject: 1, ack: [] })
    await shard.settle()
    expect(await shard.ask(queue, 'purge', { dead: false })).toEqual({ purged: 0 })
    shard.emit()
    await shard.settle()
    expect(shard.answer<{ messages: object[] }>(waiting)?.value.messages).toHaveLength(1)
  })

  it('gets the events that woke it along with its answer; one that finds them in the log does not', async () => {
    const queue = shard.put('que_1')
    const order = { max: 10, waitMs: 20_000, perSubject: 1, ack: [] }
    const woken = shard.begin(queue, 'receive', order)
    await shard.settle()
    const first = shard.emit('s_1')
    await shard.settle()
    expect(shard.answer(woken)?.events).toMatchObject([{ partition: 0, offset: first, value: Buffer.from('{}') }])
    shard.emit('s_2')
    await shard.settle()
    const later = shard.begin(queue, 'receive', order)
    await shard.settle()
    expect(shard.answer<{ messages: object[] }>(later)).toMatchObject({ value: { messages: [{}] }, events: [] })
  })

  it('is refused when its queue is deleted or switched off', async () => {
    const order = { max: 1, waitMs: 20_000, perSubject: 1, ack: [] }
    const [deleted, off] = [shard.put('que_1'), shard.put('que_2')]
    const waiting = [shard.begin(deleted, 'receive', order), shard.begin(off, 'receive', order)]
    await shard.settle()
    shard.remove(deleted)
    shard.put(off, { active: false })
    await shard.settle()
    expect(waiting.map(correlation => shard.answer(correlation)?.code)).toEqual(['not_found', 'queue_inactive'])
    await expect(shard.receive(off)).rejects.toThrow('queue_inactive')
    expect([...shard.state.keys()].filter(key => key.includes(deleted))).toEqual([])
  })

  it('is taken back when its caller has gone', async () => {
    const queue = shard.put('que_1')
    const waiting = shard.begin(queue, 'receive', { max: 1, waitMs: 20_000, perSubject: 1, ack: [] })
    await shard.settle()
    shard.begin(queue, 'forget', { correlation: waiting })
    await shard.settle()
    shard.emit()
    expect((await shard.receive(queue)).messages).toMatchObject([{ receiveCount: 1 }])
    expect(shard.answer(waiting)).toBeUndefined()
  })

  it('is named to api processes as unanswered when another owner takes over, and can be sent again', async () => {
    const queue = shard.put('que_1')
    shard.emit()
    const { messages } = await shard.receive(queue)
    const ack = messages.map(claimOf)
    const waiting = shard.begin(queue, 'receive', { max: 1, waitMs: 20_000, perSubject: 1, ack })
    await shard.settle()
    shard.crash()
    await shard.settle()
    expect([shard.handedOver, shard.answer(waiting)]).toEqual([[shard.commands.length], undefined])
    // Its acks have committed.
    const again = shard.begin(queue, 'receive', { max: 1, waitMs: 20_000, perSubject: 1, ack })
    await shard.settle()
    shard.emit()
    await shard.settle()
    expect(shard.answer(again)?.value).toMatchObject({
      messages: [{ offset: 1 }],
      results: [{ status: 'already_settled' }],
    })
  })

  it('is refused while the log cannot be read, and nothing is lost by it', async () => {
    const queue = shard.put('que_1')
    shard.emit()
    shard.readable(false)
    await expect(shard.receive(queue)).rejects.toThrow('service_unavailable')
    shard.readable(true)
    expect(offsets(await shard.receive(queue))).toEqual([0])
  })
})

describe('the age of the oldest message', () => {
  it('is that of the oldest one which could be handed out, over all queues that are called', async () => {
    const [queue, other] = [shard.put('que_1'), shard.put('que_2')]
    expect(shard.oldestS()).toBe(0)
    await shard.stats(queue)
    shard.emit()
    await shard.pass(20_000)
    shard.emit()
    expect(shard.oldestS()).toBe(20)
    await shard.receive(queue, { max: 1, leaseMs: 60_000 })
    expect(shard.oldestS()).toBe(0)
    await shard.pass(5_000)
    expect(shard.oldestS()).toBe(5)
    await shard.receive(queue)
    expect(shard.oldestS()).toBe(0)
    await shard.stats(other)
    expect(shard.oldestS()).toBe(25)
    await shard.receive(other)
    await shard.pass(60_000)
    expect(shard.oldestS()).toBe(85)
  })
})

describe('the counts of an ordered queue', () => {
  it('say what is ready, and what is held behind another one of its subject', async () => {
    const queue = shard.put('que_1', { ordered: true })
    for (const subject of ['a', 'a', 'a', 'b']) shard.emit(subject)
    const first = await shard.receive(queue)
    expect(offsets(first)).toEqual([0, 3])
    expect(await shard.stats(queue)).toMatchObject({ ready: 0, inFlight: 2, held: 2 })
    await shard.settleClaims(queue, { as: 'ack', claims: first.messages.map(claimOf) })
    expect(await shard.stats(queue)).toMatchObject({ ready: 2, inFlight: 0, held: 0 })
  })

  it('do not call what was redriven held', async () => {
    const queue = shard.put('que_1', { ordered: true })
    shard.emit('a')
    const { messages } = await shard.receive(queue)
    await shard.settleClaims(queue, { as: 'nack', dead: true, claims: messages.map(claimOf) })
    await shard.ask(queue, 'redrive', {})
    expect(await shard.stats(queue)).toMatchObject({ ready: 1, held: 0, dead: 0 })
  })
})
