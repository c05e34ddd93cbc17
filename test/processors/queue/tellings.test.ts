/** Announcements of queues: readings of their meter, and dead letters that were lost. */
import { beforeEach, expect, it } from '@jest/globals'
import { claimOf, createMemoryQueues, type MemoryQueues } from './memory-queues.ts'

const DAY_MS = 86_400_000

let shard: MemoryQueues
beforeEach(() => {
  shard = createMemoryQueues()
})

/** As the history counts: what each counter has grown by. */
function metered(): number {
  const highest = new Map<string, number>()
  for (const { counterId, reading } of shard.readings)
    highest.set(counterId, Math.max(reading, highest.get(counterId) ?? 0))
  return [...highest.values()].reduce((sum, reading) => sum + reading, 0)
}

async function handOut(queue: string, count: number): Promise<void> {
  for (let event = 0; event < count; event++) shard.emit()
  const { messages } = await shard.receive(queue, { max: 100 })
  await shard.settleClaims(queue, { as: 'ack', claims: messages.map(claimOf) })
}

it('a queue reads its meter every ten seconds while messages are handed out for the first time', async () => {
  const queue = shard.put('que_1')
  await handOut(queue, 3)
  expect(shard.readings).toMatchObject([{ meter: 'queue_messages', organizationId: 'org_a', reading: 3 }])
  await handOut(queue, 2)
  await handOut(queue, 2)
  expect(shard.readings).toHaveLength(1)
  await shard.pass(10_000)
  expect([shard.readings.length, metered()]).toEqual([2, 7])
  await shard.pass(60_000)
  expect(shard.readings).toHaveLength(2)
})

it('a message that comes again is not counted again, nor one that nobody got', async () => {
  const queue = shard.put('que_1')
  shard.emit()
  const { messages } = await shard.receive(queue)
  await shard.settleClaims(queue, { as: 'nack', claims: messages.map(claimOf) })
  const again = await shard.receive(queue)
  await shard.settleClaims(queue, { as: 'giveBack', claims: again.messages.map(claimOf) })
  await shard.receive(queue)
  await shard.pass(10_000)
  expect(metered()).toBe(1)
})

it('another owner reads what the one before had not, and a counter that was idle for a day begins anew', async () => {
  const queue = shard.put('que_1')
  await handOut(queue, 1)
  await handOut(queue, 4)
  expect(metered()).toBe(1)
  shard.crash()
  await shard.pass(10_000)
  expect(metered()).toBe(5)
  await shard.pass(3 * DAY_MS)
  shard.crash()
  await handOut(queue, 2)
  expect([metered(), shard.readings.at(-1)!.reading]).toEqual([7, 2])
  expect(new Set(shard.readings.map(({ counterId }) => counterId)).size).toBe(2)
})

it('a queue that is deleted is read a last time', async () => {
  const queue = shard.put('que_1')
  await handOut(queue, 1)
  await handOut(queue, 4)
  shard.remove(queue)
  await shard.settle()
  expect(metered()).toBe(5)
})

it('dead letters that leave a full list are announced to those who name it, once an hour', async () => {
  shard = createMemoryQueues({ deadMax: 200 })
  const queue = shard.put('que_1', { maxReceives: 1 })
  shard.put('que_watch', { selectors: ['QUEUE_DEAD_LETTER_OVERFLOW'] })
  const fill = async (count: number) => {
    for (let done = 0; done < count; done += 100) {
      for (let event = 0; event < 100; event++) shard.emit()
      const { messages } = await shard.receive(queue, { max: 100 })
      await shard.settleClaims(queue, { as: 'nack', claims: messages.map(claimOf) })
    }
  }
  await fill(200)
  expect(shard.emits).toEqual([])
  await fill(100)
  await fill(100)
  const told = () => shard.emits.map(({ type, payload }) => [type, JSON.parse(payload.toString()).count])
  expect(told()).toEqual([['QUEUE_DEAD_LETTER_OVERFLOW', 100]])
  await shard.pass(3_600_000)
  expect(told().map(([, count]) => count)).toEqual([100, 100])
})
