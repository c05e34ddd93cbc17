/** The ends of owed deliveries that several causes could end, or none: each ends once, as the delivery that it is. */
import { describe, expect, it } from '@jest/globals'
import { deliveryId } from '../../../src/model/ids.ts'
import type { MemoryShard } from './memory-shard.ts'
import { emit, endsWithReasons, MINUTE, numbersOf, SECOND, started } from './owed-setup.ts'

const DAY = 24 * 60 * MINUTE

const resumeLatest = (shard: MemoryShard, webhookId: string) =>
  shard.webhook(webhookId, { active: true, resumeAfter: new Date(shard.clock.nowMs()).toISOString() })

describe('events left out when a webhook is activated', () => {
  it('are none that went live between two pauses', async () => {
    const shard = await started()
    shard.answer('wh_a', (_request, number) => (number === 3 ? { laterMs: 20 * SECOND, ok: true } : 'ok'))
    shard.webhook('wh_a', { active: false })
    emit(shard, 3, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    shard.webhook('wh_a', { active: true })
    await shard.advance(3 * SECOND, SECOND)
    emit(shard, 2, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    expect(numbersOf(shard, 'wh_a')).toEqual([1, 2, 3, 4, 5])
    expect(shard.inFlight()).toBe(1)
    shard.webhook('wh_a', { active: false })
    emit(shard, 1, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    resumeLatest(shard, 'wh_a')
    await shard.advance(2 * MINUTE, SECOND, 6)
    expect(endsWithReasons(shard, 'wh_a').sort()).toEqual([
      ...['1 success', '2 success', '3 success', '4 success', '5 success', '6 skipped left_out'],
    ])
    expect(shard.completions).toHaveLength(6)
    expect(shard.ranges().size).toBe(0)
  })

  it('are those before the last of several activations, and the state does not grow with their number', async () => {
    const shard = await started()
    const events: number[] = []
    // Nothing that is owed can end: the log does not show the first of it.
    events.push(shard.emit(['wh_b'], { isLate: true }).sequence)
    for (let round = 0; round < 30; round++) {
      shard.webhook('wh_a', { active: false })
      events.push(...emit(shard, 2, ['wh_a'], { isLate: round === 0 }).map(({ sequence }) => sequence))
      await shard.advance(3 * SECOND, SECOND)
      resumeLatest(shard, 'wh_a')
      await shard.settle()
      expect(shard.ranges().get('wh_a')!.segments.length).toBeLessThanOrEqual(2)
    }
    events.shift()
    shard.settleMarkers()
    await shard.advance(20 * MINUTE, 5 * SECOND, 6)
    expect(endsWithReasons(shard, 'wh_a').map(end => Number.parseInt(end, 10))).toEqual(expect.arrayContaining(events))
    expect(endsWithReasons(shard, 'wh_a')).toHaveLength(events.length)
    expect(shard.ranges().size).toBe(0)
  })

  it('each end when another activation comes before all of them have', async () => {
    const shard = await started()
    shard.answer('wh_a', { laterMs: 20 * SECOND, ok: true })
    shard.webhook('wh_a', { active: false, ordering: 'block' })
    emit(shard, 3_000, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    // It is not left out, and in flight all the time.
    emit(shard, 1, ['wh_a'])
    await shard.settle()
    resumeLatest(shard, 'wh_a')
    // The first transaction of them; the next one waits for its time.
    await shard.settle()
    expect(endsWithReasons(shard, 'wh_a').length).toBeLessThan(3_000)
    expect(shard.inFlight()).toBe(1)
    shard.webhook('wh_a', { active: false })
    shard.clock.advance(1)
    resumeLatest(shard, 'wh_a')
    await shard.advance(2 * MINUTE, SECOND, 6)
    expect(new Set(endsWithReasons(shard, 'wh_a')).size).toBe(3_001)
    expect(endsWithReasons(shard, 'wh_a')).toHaveLength(3_001)
    expect(shard.completions).toHaveLength(3_001)
    expect(shard.ranges().size).toBe(0)
  })

  it('are left out when nobody holds the shard between pause and activation, too', async () => {
    const shard = await started({ limits: { waitingMax: 5, waitingFairShare: 3 } })
    shard.answer('wh_a', { laterMs: 20 * SECOND, ok: true })
    emit(shard, 20, ['wh_a'])
    await shard.settle()
    emit(shard, 10, ['wh_a'])
    await shard.advance(3 * SECOND, SECOND)
    const owed = shard.ranges().get('wh_a')!.count
    expect(owed).toBeGreaterThanOrEqual(10)
    await shard.crash()
    shard.webhook('wh_a', { active: false })
    shard.clock.advance(SECOND)
    resumeLatest(shard, 'wh_a')
    shard.clock.advance(SECOND)
    await shard.restart()
    await shard.advance(5 * MINUTE, 5 * SECOND, 6)
    const ends = endsWithReasons(shard, 'wh_a')
    expect(ends).toHaveLength(30)
    expect(ends.filter(end => end.endsWith('left_out'))).toHaveLength(owed)
    const { records } = shard.written
    await shard.restart()
    await shard.advance(MINUTE, SECOND)
    expect(shard.written.records).toBe(records)
  })
})

describe('a redrive that meets a pause', () => {
  it('leaves dead letters that wait for a slot as they are, and they can be redriven again', async () => {
    const shard = await started()
    shard.webhook('wh_a', { retryDelaysMs: [0], maxInFlight: 1 })
    shard.answer('wh_a', 'fail')
    emit(shard, 3, ['wh_a'])
    await shard.advance(SECOND)
    shard.answer('wh_a', { laterMs: 5 * SECOND, ok: true })
    // One takes the slot, so the dead letters wait.
    emit(shard, 1, ['wh_a'])
    await shard.settle()
    shard.redrive('wh_a')
    await shard.advance(SECOND)
    shard.webhook('wh_a', { active: false })
    await shard.advance(20 * SECOND, SECOND)
    expect(shard.rows.filter(({ trigger }) => trigger === 'manual').map(({ state }) => state)).toContain('failed')
    expect(shard.rows.filter(({ state }) => state === 'skipped')).toEqual([])
    shard.answer('wh_a', 'ok')
    shard.webhook('wh_a', { active: true })
    await shard.advance(20 * SECOND, SECOND)
    shard.redrive('wh_a')
    await shard.advance(20 * SECOND, SECOND)
    const newest = new Map(shard.rows.map(row => [row.deliveryId, row]))
    expect([...newest.values()].map(({ state }) => state)).toEqual(Array(4).fill('success'))
    expect(shard.state('redrive/')).toEqual([])
  })
})

describe('a retry by hand that ended without an attempt', () => {
  it('can be made again, and calls for an attempt that was made cannot', async () => {
    const shard = await started()
    shard.webhook('wh_a', { retryDelaysMs: [0] })
    shard.answer('wh_a', 'fail')
    const [event] = emit(shard, 1, ['wh_a'])
    await shard.advance(SECOND)
    const [first] = shard.rows
    shard.retry(first!, false, event!)
    await shard.advance(SECOND)
    const dead = shard.rows.at(-1)!
    expect(dead).toMatchObject({ state: 'failed', number: 2 })
    shard.webhook('wh_a', { active: false })
    shard.retry(dead, false, event!)
    await shard.advance(MINUTE, SECOND)
    await shard.advance(31 * DAY, DAY, 6)
    expect(shard.rows.at(-1)).toMatchObject({ state: 'failed', reason: 'outside_retention', number: 2 })
    await shard.restart()
    shard.answer('wh_a', 'ok')
    shard.webhook('wh_a', { active: true })
    shard.retry(first!, false, event!)
    await shard.advance(SECOND)
    expect(shard.requests).toHaveLength(2)
    shard.retry(shard.rows.at(-1)!, false, event!)
    await shard.advance(SECOND)
    expect(shard.requests.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(shard.rows.at(-1)).toMatchObject({ state: 'success', number: 3 })
  })
})

describe('an early entry of a delivery that a replay made', () => {
  /** A live delivery and one of a replay, of the same event, that wait with the range of a paused webhook. */
  async function both() {
    const shard = await started()
    shard.webhook('wh_a', { retryDelaysMs: [0, MINUTE] })
    shard.answer('wh_a', 'fail')
    const [event] = emit(shard, 1, ['wh_a'])
    await shard.advance(SECOND)
    const replayId = shard.replay('wh_a')
    await shard.advance(5 * SECOND, SECOND)
    const ids = [deliveryId(event!.eventId, 'wh_a'), deliveryId(event!.eventId, 'wh_a', replayId)] as const
    expect(shard.rows.map(row => row.deliveryId)).toEqual(ids)
    shard.webhook('wh_a', { active: false })
    await shard.advance(2 * MINUTE, SECOND)
    expect(shard.ranges().get('wh_a')).toMatchObject({ count: 2 })
    const endOf = (id: string) => shard.rows.findLast(row => row.deliveryId === id)!
    const cancel = (id: string) =>
      shard.command({ kind: 'cancel', webhookId: 'wh_a', deliveryId: id, sequence: event!.sequence })
    return { shard, event: event!, ids, endOf, cancel, replayId }
  }

  it('is cancelled by its own id, and so is the live one', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { shard, ids, endOf, cancel } = await both()
      cancel(ids[order[0]])
      await shard.advance(3 * SECOND, SECOND)
      expect(endOf(ids[order[0]])).toMatchObject({ state: 'cancelled', reason: 'manual' })
      expect(endOf(ids[order[1]])).toMatchObject({ state: 'retrying' })
      cancel(ids[order[1]])
      await shard.advance(3 * SECOND, SECOND)
      expect(endOf(ids[order[1]])).toMatchObject({ state: 'cancelled', reason: 'manual' })
      expect(shard.completions).toHaveLength(1)
    }
  })

  it('keeps its id in a retry by hand: with its record and without, and when it ends in bulk', async () => {
    for (const isGone of [false, true]) {
      const { shard, event, ids, endOf, replayId } = await both()
      shard.answer('wh_a', { status: 500, headers: { 'webhook-retry': 'no' } })
      shard.webhook('wh_a', { active: true })
      await shard.advance(5 * SECOND, SECOND)
      expect(endOf(ids[1])).toMatchObject({ state: 'failed', trigger: 'replay', replayId })
      shard.answer('wh_a', 'fail')
      shard.retry(endOf(ids[1]), true, event)
      await shard.advance(SECOND)
      expect(endOf(ids[1])).toMatchObject({ state: 'retrying', trigger: 'manual', number: 3 })
      shard.webhook('wh_a', { active: false })
      await shard.advance(2 * MINUTE, SECOND)
      expect(shard.ranges().get('wh_a')).toMatchObject({ count: 1 })
      if (isGone) shard.dropInputsBefore(shard.clock.nowMs())
      shard.webhook('wh_a', null)
      await shard.advance(5 * SECOND, SECOND)
      expect(endOf(ids[1])).toMatchObject({ state: 'cancelled', reason: 'webhook_deleted', trigger: 'manual' })
      expect(endOf(ids[0])).toMatchObject({ state: 'failed', trigger: 'live' })
    }
  })
})
