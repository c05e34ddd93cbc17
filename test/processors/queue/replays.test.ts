/** Replays into queues: a second source, of which nothing is stored before it is handed out. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { claimOf, createMemoryQueues, type MemoryQueues } from './memory-queues.ts'

let shard: MemoryQueues
beforeEach(() => {
  shard = createMemoryQueues()
})

const offsets = ({ messages }: { messages: Array<{ offset: number }> }) => messages.map(({ offset }) => offset)

/** The queue has had all of them. */
async function emptied(count: number, settings: object = {}): Promise<string> {
  const queue = shard.put('que_1', settings)
  for (let event = 0; event < count; event++) shard.emit(`s${event % 3}`)
  while (true) {
    const { messages } = await shard.receive(queue, { max: 100, perSubject: 100 })
    if (messages.length === 0) return queue
    await shard.settleClaims(queue, { as: 'ack', claims: messages.map(claimOf) })
  }
}

/** Time for the rate of the replay. */
const moments = async (count = 20) => {
  for (let moment = 0; moment < count; moment++) await shard.pass(10)
}

describe('a replay into a queue', () => {
  it('hands out what the queue has had, in turns with what is new, and ends when all of it has left', async () => {
    const queue = await emptied(4)
    const replayId = shard.replay(queue)
    await moments()
    shard.emit()
    const { messages } = await shard.receive(queue, { max: 3 })
    expect(messages.map(({ offset, replayId: of }) => [offset, of]).sort()).toEqual([
      [0, replayId],
      [1, replayId],
      [4, null],
    ])
    expect(shard.ends).toEqual([])
    expect(offsets(await shard.receive(queue))).toEqual([2, 3])
    await moments()
    expect(shard.ends).toMatchObject([{ target: queue, state: 'completed', matched: 4, handedOver: 4, skipped: 0 }])
  })

  it('hands out the events that it names, and counts those that there are no more', async () => {
    const queue = await emptied(5)
    const eventIds = [shard.eventId(3), shard.eventId(1), `evt_${'0'.repeat(32)}`]
    shard.replay(queue, { eventIds })
    await moments()
    const { messages } = await shard.receive(queue, { max: 10 })
    expect(messages.map(({ offset, eventId }) => [offset, eventId])).toEqual([
      [1, shard.eventId(1)],
      [3, shard.eventId(3)],
    ])
    await moments()
    expect(shard.ends).toMatchObject([{ target: queue, state: 'completed', matched: 2, handedOver: 2, expired: 1 }])
  })

  it('wakes a receive that waits', async () => {
    const queue = await emptied(1)
    const waiting = shard.begin(queue, 'receive', { max: 1, waitMs: 20_000, perSubject: 1, ack: [] })
    await shard.settle()
    shard.replay(queue)
    await moments()
    expect(shard.answer<{ messages: object[] }>(waiting)?.value.messages).toHaveLength(1)
  })

  it('goes on behind what was handed out, with another owner', async () => {
    const queue = await emptied(6)
    shard.replay(queue)
    await moments()
    const first = await shard.receive(queue, { max: 2 })
    shard.crash()
    await moments()
    const second = await shard.receive(queue, { max: 10 })
    expect([...offsets(first), ...offsets(second)]).toEqual([0, 1, 2, 3, 4, 5])
    await shard.settleClaims(queue, { as: 'ack', claims: [...first.messages, ...second.messages].map(claimOf) })
    expect(await shard.stats(queue)).toMatchObject({ inFlight: 0, acked: 12 })
  })

  it('keeps the order of subjects with what is out', async () => {
    const queue = await emptied(6, { ordered: true })
    shard.replay(queue)
    await moments()
    const first = await shard.receive(queue)
    expect(offsets(first)).toEqual([0, 1, 2])
    expect(offsets(await shard.receive(queue))).toEqual([])
    await shard.settleClaims(queue, { as: 'ack', claims: first.messages.map(claimOf) })
    expect(offsets(await shard.receive(queue))).toEqual([3, 4, 5])
  })

  it('ends with a purge, and with its queue; what it had at hand is skipped', async () => {
    const queue = await emptied(3)
    shard.replay(queue)
    await moments()
    await shard.ask(queue, 'purge', { dead: false })
    await moments()
    expect(offsets(await shard.receive(queue))).toEqual([])
    expect(shard.ends).toMatchObject([{ state: 'cancelled', reason: 'purged', skipped: 3, handedOver: 0 }])
    shard.replay(queue)
    await moments()
    shard.remove(queue)
    await moments()
    expect(shard.ends.at(-1)).toMatchObject({ state: 'failed', reason: 'target_deleted' })
  })

  it('stays ended by a purge although its owner dies before the end is written; one that comes later runs', async () => {
    const queue = await emptied(3)
    shard.replay(queue)
    await moments()
    shard.writable(false)
    await shard.ask(queue, 'purge', { dead: false })
    shard.crash()
    await moments()
    expect(offsets(await shard.receive(queue))).toEqual([])
    shard.writable(true)
    await shard.pass(5_000)
    await moments()
    expect(shard.ends).toMatchObject([{ state: 'cancelled', reason: 'purged', handedOver: 0 }])
    shard.replay(queue)
    await moments()
    expect(offsets(await shard.receive(queue, { max: 10 }))).toEqual([0, 1, 2])
  })

  it('skips what is too old for the queue, and what comes while it is switched off', async () => {
    const queue = await emptied(2, { retentionHours: 1 })
    await shard.pass(3_600_000)
    shard.replay(queue)
    await moments()
    expect(shard.ends).toMatchObject([{ state: 'completed', matched: 2, skipped: 2 }])
    shard.emit()
    shard.put(queue, { active: false, startOffsets: [0] })
    await shard.pass(1)
    shard.replay(queue)
    await moments()
    expect(shard.ends.at(-1)).toMatchObject({ state: 'completed', matched: 3, skipped: 3 })
  })

  it('is counted by a dry run, which hands out nothing', async () => {
    const queue = await emptied(3)
    shard.replay(queue, { dryRun: true })
    await moments()
    expect(shard.ends).toMatchObject([{ target: queue, state: 'completed', matched: 3 }])
    expect(offsets(await shard.receive(queue))).toEqual([])
  })

  it('of which a message is dead is redriven as any other', async () => {
    const queue = await emptied(1)
    const replayId = shard.replay(queue)
    await moments()
    const { messages } = await shard.receive(queue)
    await shard.settleClaims(queue, { as: 'nack', dead: true, claims: messages.map(claimOf) })
    await shard.ask(queue, 'redrive', {})
    expect((await shard.receive(queue)).messages).toMatchObject([{ offset: 0, replayId, receiveCount: 1 }])
  })
})
