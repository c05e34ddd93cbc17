/** Replays to webhooks, on a broker in memory and in a time that the test controls. */
import { describe, expect, it } from '@jest/globals'
import { eventHeaders } from '../../../src/events/log-record.ts'
import type { MemoryShard } from './memory-shard.ts'
import { itemsOf, logged, MINUTE, replayed, SECOND, started, times, toWebhooks } from './replays-setup.ts'

describe('a replay to several webhooks', () => {
  it('brings each of them what it selects, at its own pace, and ends when the last one has it', async () => {
    const shard = await started()
    const only = { all: [{ path: 'subject', operator: 'equals' as const, value: 'a' }] }
    shard.webhook('wh_b', { conditions: only })
    await logged(shard, 40)
    const id = shard.replayTo(toWebhooks('wh_a', 'wh_b'), { selectors: [], ratePerSecond: 10 })
    await shard.advance(3 * SECOND, 100)
    expect(shard.replayState(id).state).toBe('running')
    expect(shard.replayState(id).targets!.map(({ state }) => state)).toEqual(['running', 'completed'])
    await shard.advance(3 * SECOND, 100)
    expect(shard.replayState(id).state).toBe('completed')
    expect(replayed(shard, 'wh_a', id)).toEqual(times(40, at => [at + 1, 'success']))
    expect(replayed(shard, 'wh_b', id).map(([sequence]) => sequence)).toEqual([1, 9, 17, 25, 33])
    const conditions = itemsOf(shard, 'wh_b')
    expect(conditions).toHaveLength(35)
    expect(conditions.every(([, outcome, reason]) => outcome === 'skipped' && reason === 'condition_false')).toBe(true)
    expect(shard.ended.map(({ targetId, state, progress }) => [targetId, state, progress.matched])).toEqual([
      ['wh_b', 'completed', 40],
      ['wh_a', 'completed', 40],
    ])
    expect(shard.state('replay/')).toEqual([])
    expect(shard.failures).toEqual([])
  })

  it('goes on to the others when one is deleted, which has failed', async () => {
    const shard = await started()
    await logged(shard, 40)
    const id = shard.replayTo(toWebhooks('wh_a', 'wh_b'), { ratePerSecond: 10 })
    await shard.advance(SECOND, 100)
    shard.webhook('wh_a', null)
    await shard.advance(5 * SECOND, 100)
    expect(shard.ended.map(({ targetId, state, reason }) => [targetId, state, reason])).toEqual([
      ['wh_a', 'failed', 'target_deleted'],
      ['wh_b', 'completed', null],
    ])
    expect(replayed(shard, 'wh_a', id).length).toBeLessThan(20)
    expect(replayed(shard, 'wh_b', id)).toHaveLength(40)
    expect(shard.state('replay/')).toEqual([])
  })

  it('goes on from its stored place when it is killed, without a second delivery of what had committed', async () => {
    const shard = await started()
    await logged(shard, 60)
    const id = shard.replayTo(toWebhooks('wh_a', 'wh_b'), { ratePerSecond: 20 })
    for (const afterCommit of [false, true, false, true]) {
      await shard.advance(SECOND / 2, 100)
      await shard.restart(afterCommit)
    }
    await shard.advance(6 * SECOND, 100)
    expect(shard.replayState(id).state).toBe('completed')
    for (const webhookId of ['wh_a', 'wh_b']) {
      expect(replayed(shard, webhookId, id)).toEqual(times(60, at => [at + 1, 'success']))
      // One request at most was in flight in each crash, by subject.
      const sent = shard.requests.filter(each => each.webhookId === webhookId).length
      expect(sent).toBeLessThanOrEqual(60 + 4 * 8)
    }
    expect(shard.ended.map(({ progress }) => progress.matched)).toEqual([60, 60])
  })

  it('pauses, resumes and is cancelled as one', async () => {
    const shard = await started()
    await logged(shard, 40)
    const id = shard.replayTo(toWebhooks('wh_a', 'wh_b'), { ratePerSecond: 10 })
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
    expect(shard.requests.length).toBeLessThan(80)
    expect(shard.ended.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    expect(shard.replayState(id).state).toBe('cancelled')
    expect(shard.state('replay/')).toEqual([])
  })

  it('waits for none of them: one that is held does not delay the others, and gets its own when it is well', async () => {
    const shard = await started({ limits: { waitingMax: 10 } as never })
    await logged(shard, 30)
    shard.webhook('wh_a', { active: false })
    const id = shard.replayTo(toWebhooks('wh_a', 'wh_b'), { force: true })
    await shard.advance(MINUTE, SECOND)
    expect(replayed(shard, 'wh_b', id)).toHaveLength(30)
    expect(replayed(shard, 'wh_a', id)).toEqual([])
    expect(shard.replayState(id).state).toBe('running')
    shard.webhook('wh_a', { active: true })
    await shard.advance(MINUTE, SECOND)
    expect(replayed(shard, 'wh_a', id)).toHaveLength(30)
    expect(shard.replayState(id).state).toBe('completed')
    expect(shard.items).toEqual([])
  })

  it('has more targets than may read at once, and all get their events', async () => {
    const shard = await started()
    const ids = times(40, at => `wh_${at}`)
    for (const id of ids) shard.webhook(id, {})
    await logged(shard, 20)
    const id = shard.replayTo(toWebhooks(...ids), { ratePerSecond: 5 })
    await shard.advance(2 * MINUTE, SECOND)
    expect(shard.replayState(id).state).toBe('completed')
    for (const webhookId of ids) expect(replayed(shard, webhookId, id)).toEqual(times(20, at => [at + 1, 'success']))
  })
})

describe('what a replay does not bring', () => {
  it('is noted for a webhook that is switched off, each event once', async () => {
    const shard = await started()
    await logged(shard, 500)
    shard.webhook('wh_a', { active: false })
    const id = shard.replayTo(toWebhooks('wh_a'))
    await shard.advance(2 * SECOND, 100)
    expect(itemsOf(shard, 'wh_a')).toEqual(times(500, at => [at + 1, 'skipped', 'inactive']))
    expect(shard.ended).toMatchObject([{ state: 'completed', progress: { matched: 500, skipped: 500 } }])
    expect(shard.requests).toEqual([])
    expect(shard.replayState(id).state).toBe('completed')
  })

  it('is what the webhook has had, if it recovers', async () => {
    const shard = await started({
      sources: {
        delivered: async (_of, eventIds) => new Map(eventIds.filter((_, at) => at % 2 === 0).map(id => [id, 1_000])),
      },
    })
    await logged(shard, 20)
    const id = shard.replayTo(toWebhooks('wh_a'), { onlyFailed: true })
    await shard.advance(2 * SECOND, 100)
    expect(replayed(shard, 'wh_a', id).map(([sequence]) => sequence)).toEqual(times(10, at => 2 * at + 2))
    expect(itemsOf(shard, 'wh_a')).toEqual(times(10, at => [2 * at + 1, 'skipped', 'already_delivered']))
  })

  it('has been erased', async () => {
    const shard = await started()
    const [event] = await logged(shard, 1)
    const headers = eventHeaders({ ...event!, sequence: 2, eventId: event!.eventId.replace(/.$/, 'z') }, [])
    const topic = `events.${shard.organizationId}`
    shard.append({ topic, partition: 0, key: null, value: null, headers })
    const id = shard.replayTo(toWebhooks('wh_a'))
    await shard.advance(2 * SECOND, 100)
    expect(itemsOf(shard, 'wh_a')).toEqual([[2, 'skipped', 'erased']])
    expect(replayed(shard, 'wh_a', id)).toEqual([[1, 'success']])
  })

  it('is beyond the allowance of the day, counted over all replays of the organization', async () => {
    const shard = await started()
    await logged(shard, 60)
    const first = shard.replayTo(toWebhooks('wh_a'), { matchedMax: 50, ratePerSecond: 10 })
    const second = shard.replayTo(toWebhooks('wh_b', 'wh_c'), { matchedMax: 50, ratePerSecond: 10 })
    await shard.advance(MINUTE, 100)
    const all = [first, second].flatMap(id => ['wh_a', 'wh_b', 'wh_c'].flatMap(of => replayed(shard, of, id)))
    expect(all.length).toBe(50)
    expect(shard.ended.map(({ state, reason }) => [state, reason])).toEqual(
      times(3, () => ['completed', 'replay_quota_exceeded']),
    )
  })

  it('has left the log before the replay came to it: that is counted', async () => {
    const shard = await started()
    await logged(shard, 300)
    await shard.advance(MINUTE)
    const cutAtMs = shard.clock.nowMs()
    await logged(shard, 100)
    const id = shard.replayTo(toWebhooks('wh_a'), { ratePerSecond: 10 })
    await shard.advance(2 * SECOND, 100)
    shard.steer(id, { state: 'paused' })
    shard.dropLogBefore(cutAtMs)
    await shard.restart()
    shard.steer(id, { state: 'running' })
    await shard.advance(2 * MINUTE, 100)
    const [ended] = shard.ended
    const brought = replayed(shard, 'wh_a', id)
    expect(brought.slice(-100).map(([sequence]) => sequence)).toEqual(times(100, at => 301 + at))
    expect(ended!.progress.expired).toBe(400 - brought.length)
    expect(ended!.progress.expired).toBeGreaterThan(200)
  })
})

it('a replay of many events with subjects of their own waits for its rate as often as there are events', async () => {
  const shard = await started({ forgetful: true })
  await logged(shard, 12_000, at => String.fromCharCode(0x4e00 + at))
  const id = shard.replayTo(toWebhooks('wh_a'), { ratePerSecond: 500 })
  await shard.advance(26 * SECOND, 2, 2)
  expect(shard.replayState(id).state).toBe('completed')
  expect(shard.ended[0]!.progress.matched).toBe(12_000)
  expect(shard.failures).toEqual([])
}, 60_000)

it('a replay of named events takes them from the history, in their order', async () => {
  const kept: Array<ReturnType<MemoryShard['emit']>> = []
  const shard = await started({
    sources: {
      keptEvents: {
        numbers: async (_of, emitIds) => kept.filter(({ emitId }) => emitIds.includes(emitId)),
        events: async (_of, emitIds) =>
          kept
            .filter(({ emitId }) => emitIds.includes(emitId))
            .map(event => ({ event, payload: event.sequence === 3 ? null : Buffer.from(`{"n":${event.sequence}}`) })),
      },
    },
  })
  const events = await logged(shard, 120)
  kept.push(...events.slice(0, 118))
  const eventIds = [119, 117, 2, 60, 61, 0].map(at => events[at]!.eventId)
  const id = shard.replayTo(toWebhooks('wh_a'), { eventIds, selectors: [], ratePerSecond: 10 })
  await shard.advance(SECOND / 4, 50)
  await shard.restart()
  await shard.advance(MINUTE, SECOND)
  expect(replayed(shard, 'wh_a', id).map(([sequence]) => sequence)).toEqual([1, 61, 62, 118])
  expect(itemsOf(shard, 'wh_a')).toEqual([[3, 'skipped', 'erased']])
  expect(shard.ended).toMatchObject([{ progress: { matched: 5, skipped: 1, expired: 1 } }])
})
