/** Redrives of dead letters as jobs, on a broker in memory and in a time that the test controls. */
import { describe, expect, it } from '@jest/globals'
import type { DeadLetterChoice, Replay } from '../../../src/model/replays.ts'
import { createMemoryShard, type MemoryShard } from './memory-shard.ts'
import { MINUTE, SECOND, times, toWebhooks } from './replays-setup.ts'

const ALL: DeadLetterChoice = {
  ...{ type: null, errorKind: null, responseStatus: null, from: null, to: null, oldestEvent: 'evt_', count: 0 },
}

/** So many dead letters of each webhook, whose endpoints answer from now on. */
async function dead(count: number, webhookIds = ['wh_a']) {
  const shard = createMemoryShard()
  for (const id of webhookIds) shard.webhook(id, { retryDelaysMs: [0] })
  shard.open()
  await shard.settle()
  for (const id of webhookIds) shard.answer(id, 'fail')
  const events = times(count, at => shard.emit(webhookIds, { subject: `s${at}` }))
  await shard.advance(SECOND)
  for (const id of webhookIds) shard.answer(id, { laterMs: 10, ok: true })
  return { shard, events }
}

function redrive(shard: MemoryShard, changes: Partial<Replay> = {}, webhookIds = ['wh_a']): string {
  const createdAt = new Date(shard.clock.nowMs()).toISOString()
  const asked = { kind: 'redrive' as const, deadLetters: ALL, createdAt, force: true }
  return shard.replayTo(toWebhooks(...webhookIds), { ...asked, ...changes })
}

/** The newest step of each delivery, with its number of attempts, in the order of their events. */
function ends({ rows }: MemoryShard, webhookId = 'wh_a') {
  const newest = new Map(rows.filter(row => row.webhookId === webhookId).map(row => [row.deliveryId, row]))
  return [...newest.values()].sort((a, b) => a.sequence - b.sequence).map(({ state, number }) => `${state} ${number}`)
}

/** The deliveries that a redrive has taken up, each once however often it was written. */
const takenUp = ({ items }: MemoryShard, replayId: string) =>
  new Set(items.filter(item => item.replayId === replayId && item.outcome === 'redriven').map(item => item.deliveryId))

describe('a redrive', () => {
  it('sends every dead letter of its webhooks once more, under its id, and counts them', async () => {
    const { shard } = await dead(30, ['wh_a', 'wh_b'])
    const id = redrive(shard, {}, ['wh_a', 'wh_b'])
    await shard.advance(5 * SECOND, 100)
    for (const webhookId of ['wh_a', 'wh_b']) expect(ends(shard, webhookId)).toEqual(Array(30).fill('success 2'))
    expect(shard.replayState(id).state).toBe('completed')
    expect(shard.ended.map(({ progress }) => progress)).toEqual(
      Array(2).fill({ matched: 30, skipped: 0, handedOver: 0, failed: 0, expired: 0 }),
    )
    expect(takenUp(shard, id).size).toBe(60)
    expect(shard.state('replay/')).toEqual([])
    expect(shard.failures).toEqual([])
  })

  it('takes those that its filter chooses, and leaves what failed after its call', async () => {
    const { shard } = await dead(5)
    const none = redrive(shard, { deadLetters: { ...ALL, responseStatus: 404 } })
    await shard.advance(2 * SECOND, 100)
    expect(shard.replayState(none).state).toBe('completed')
    expect(ends(shard)).toEqual(Array(5).fill('failed 1'))
    shard.answer('wh_a', 'fail')
    const id = redrive(shard)
    await shard.advance(5 * SECOND, 100)
    expect(ends(shard)).toEqual(Array(5).fill('failed 2'))
    expect(shard.replayState(id).state).toBe('completed')
    expect(takenUp(shard, id).size).toBe(5)
  })

  it('goes on from its place under its next owner: each letter is sent, and counted once', async () => {
    const { shard } = await dead(40)
    const id = redrive(shard, { ratePerSecond: 20 })
    for (const afterCommit of [false, true, false, true]) {
      await shard.advance(SECOND / 2, 100)
      await shard.restart(afterCommit)
    }
    await shard.advance(10 * SECOND, 100)
    expect(shard.replayState(id).state).toBe('completed')
    expect(ends(shard)).toEqual(Array(40).fill('success 2'))
    expect(takenUp(shard, id).size).toBe(40)
    expect(shard.ended.map(({ progress }) => progress.matched)).toEqual([40])
    expect(shard.failures).toEqual([])
  })

  it('pauses, resumes and is cancelled; what it has not reached stays a dead letter', async () => {
    const { shard } = await dead(40)
    const id = redrive(shard, { ratePerSecond: 10 })
    await shard.advance(SECOND, 100)
    shard.steer(id, { state: 'paused' })
    await shard.advance(SECOND, 100)
    const sent = shard.requests.length
    await shard.advance(MINUTE, SECOND)
    expect(shard.requests).toHaveLength(sent)
    shard.steer(id, { state: 'running' })
    await shard.advance(SECOND, 100)
    expect(shard.requests.length).toBeGreaterThan(sent)
    shard.steer(id, { state: 'cancelling' })
    await shard.advance(MINUTE, SECOND)
    expect(shard.replayState(id).state).toBe('cancelled')
    const taken = takenUp(shard, id).size
    expect(taken).toBeLessThan(40)
    expect(ends(shard).filter(end => end === 'success 2')).toHaveLength(taken)
    expect(ends(shard).filter(end => end === 'failed 1')).toHaveLength(40 - taken)
  })

  it('waits for a webhook that is switched off, and has failed at one that is deleted', async () => {
    const { shard } = await dead(10, ['wh_a', 'wh_b'])
    shard.webhook('wh_a', { active: false })
    const id = redrive(shard, {}, ['wh_a', 'wh_b'])
    await shard.advance(5 * SECOND, 100)
    expect(ends(shard, 'wh_b')).toEqual(Array(10).fill('success 2'))
    expect(ends(shard)).toEqual(Array(10).fill('failed 1'))
    expect(shard.replayState(id).state).toBe('running')
    shard.webhook('wh_a', null)
    await shard.advance(5 * SECOND, 100)
    expect(shard.ended.map(({ targetId, state, reason }) => [targetId, state, reason])).toEqual([
      ['wh_b', 'completed', null],
      ['wh_a', 'failed', 'target_deleted'],
    ])
  })

  it('leaves to another call what that has taken up, and says so', async () => {
    const { shard, events } = await dead(3)
    shard.answer('wh_a', { laterMs: 20 * SECOND, ok: true })
    shard.retry(shard.rows.find(row => row.eventId === events[1]!.eventId)!, true, events[1]!)
    const id = redrive(shard)
    await shard.advance(MINUTE, SECOND)
    expect(ends(shard)).toEqual(Array(3).fill('success 2'))
    const { matched, skipped } = shard.ended.find(end => end.replayId === id)!.progress
    expect([takenUp(shard, id).size + skipped, matched]).toEqual([matched, matched])
    expect(takenUp(shard, id).size).toBe(2)
  })
})
