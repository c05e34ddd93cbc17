/** Dry runs of replays, on a broker in memory and in a time that the test controls. */
import { describe, expect, it } from '@jest/globals'
import type { Replay } from '../../../src/model/replays.ts'
import { logged, MINUTE, replayed, SECOND, started, toWebhooks } from './replays-setup.ts'

describe('a dry run', () => {
  it('counts what each target would get, shows ten of them, and delivers nothing', async () => {
    const shard = await started()
    const only = { all: [{ path: 'subject', operator: 'equals' as const, value: 'a' }] }
    shard.webhook('wh_b', { conditions: only })
    shard.webhook('wh_c', { active: false })
    await logged(shard, 400)
    const id = shard.replayTo(toWebhooks('wh_a', 'wh_b', 'wh_c'), { dryRun: true, selectors: [] })
    await shard.advance(SECOND, 100)
    expect(shard.replayState(id).state).toBe('completed')
    expect(shard.ended.map(({ targetId, progress }) => [targetId, progress.matched])).toEqual([
      ['wh_a', 400],
      ['wh_b', 50],
      ['wh_c', 400],
    ])
    expect(shard.items).toHaveLength(10)
    expect(shard.items.every(({ outcome }) => outcome === 'would_deliver')).toBe(true)
    expect(shard.requests).toEqual([])
    expect(shard.state('replay/')).toEqual([])
  })

  it('counts the same as the replay delivers, whatever it selects', async () => {
    const shard = await started({
      sources: {
        delivered: async (_of, eventIds) => new Map(eventIds.filter(id => /[02468aceg]$/.test(id)).map(id => [id, 1])),
      },
    })
    const events = await logged(shard, 100)
    const from = new Date(events[0]!.recordedAtMs).toISOString()
    const choices: Array<Partial<Replay>> = [
      {},
      { subject: 'b' },
      { onlyFailed: true },
      { selectors: ['orders.*'], from },
      { selectors: ['nothing.else'] },
      { conditions: { all: [{ path: 'payload.n', operator: 'gt', value: 30 }] } },
      { fromOffsets: [10, 20], fromCursor: 'c' },
    ]
    for (const choice of choices) {
      const counted = shard.replayTo(toWebhooks('wh_a'), { dryRun: true, selectors: [], ...choice })
      await shard.advance(SECOND, 100)
      const real = shard.replayTo(toWebhooks('wh_a'), { selectors: [], ...choice })
      await shard.advance(12 * SECOND, 100)
      const matched = shard.ended.find(({ replayId }) => replayId === counted)!.progress.matched
      expect([choice, matched]).toEqual([choice, replayed(shard, 'wh_a', real).length])
    }
  })

  it('begins again after a crash, waits while it is paused, and ends when it is cancelled', async () => {
    const shard = await started()
    await logged(shard, 50)
    await shard.crash()
    const id = shard.replayTo(toWebhooks('wh_a'), { dryRun: true, state: 'paused' })
    await shard.restart()
    await shard.advance(MINUTE, SECOND)
    expect(shard.ended).toEqual([])
    await shard.restart()
    shard.steer(id, { state: 'running' })
    await shard.advance(SECOND, 100)
    expect(shard.ended).toMatchObject([{ state: 'completed', progress: { matched: 50 } }])
    const other = shard.replayTo(toWebhooks('wh_a'), { dryRun: true, state: 'paused' })
    await shard.advance(SECOND, 100)
    shard.steer(other, { state: 'cancelling' })
    await shard.advance(SECOND, 100)
    expect(shard.ended.at(-1)).toMatchObject({ replayId: other, state: 'cancelled' })
    expect(shard.items.filter(({ replayId }) => replayId === other)).toEqual([])
  })
})
