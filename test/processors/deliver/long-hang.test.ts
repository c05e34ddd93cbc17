/** The cost of an endpoint that hangs for long: nothing grows with the time for which it has been dead. */
import { expect, it } from '@jest/globals'
import type { DeliverFigures } from '../../../processors/deliver/metrics.ts'
import { createMemoryShard } from './memory-shard.ts'

const STEP_S = 10
const HOUR_S = 3_600
const MINUTE_MS = 60_000
/** `CLARION_HANG_DAYS=30` takes minutes: this many days at one event a second, and one day at ten. */
const DAYS = Number(process.env.CLARION_HANG_DAYS ?? 0)
const SIX = [0, 1, 5, 30, 120, 300].map(minutes => minutes * MINUTE_MS)
const SHORT = [0, 1, 5, 24].map(minutes => minutes * MINUTE_MS)

const CASES =
  DAYS > 0
    ? [
        { perSecond: 1, hours: DAYS * 24, retryDelaysMs: SIX },
        { perSecond: 10, hours: 24, retryDelaysMs: SIX },
      ]
    : [
        { perSecond: 1, hours: 12, retryDelaysMs: SIX },
        { perSecond: 10, hours: 2, retryDelaysMs: SHORT },
      ]

it.each(CASES)(
  'an endpoint that hangs for $hours h at $perSecond/s costs less than a record a second, a state that does not grow, and one notice; its events fail in time',
  async ({ perSecond, hours, retryDelaysMs }) => {
    let figures: DeliverFigures | undefined
    const shard = createMemoryShard({
      forgetful: true,
      overrides: {
        watch(watched) {
          figures = watched
        },
      },
    })
    shard.webhook('wh_a', { retryDelaysMs })
    shard.open()
    await shard.settle()
    shard.answer('wh_a', 'hang')
    const scheduleS = retryDelaysMs.reduce((sum, ms) => sum + ms, 0) / 1_000
    // Until the first events of the range have expired, and after that.
    const growing = { states: 0, owed: 0 }
    const settled = { states: 0, owed: 0, inHand: 0 }
    for (let second = 0; second < hours * HOUR_S; second += STEP_S) {
      for (let at = 0; at < STEP_S * perSecond; at++) shard.emit(['wh_a'])
      await shard.advance(STEP_S * 1_000, STEP_S * 1_000, 4)
      if (second % (HOUR_S / 4) !== 0) continue
      shard.dropLogBefore(shard.clock.nowMs() - 1_000 * (scheduleS + HOUR_S))
      shard.dropInputsBefore(shard.clock.nowMs() - 1_000 * (scheduleS + HOUR_S))
      shard.clean()
      const now = second < scheduleS + HOUR_S ? growing : settled
      now.states = Math.max(now.states, shard.state('').length)
      now.owed = Math.max(now.owed, shard.ranges().get('wh_a')?.count ?? 0)
      settled.inHand = Math.max(
        settled.inHand,
        Object.values(figures!.inHand().stages).reduce((sum, count) => sum + count, 0),
      )
    }
    const total = hours * HOUR_S * perSecond
    const owedMax = scheduleS * perSecond
    expect(shard.written.records / (hours * HOUR_S)).toBeLessThan(1)
    // The schedule's length of events waits, and no more: the others have failed in time.
    expect(settled.owed).toBeLessThan(owedMax + 180 * perSecond)
    expect(settled.states).toBeLessThanOrEqual(growing.states)
    expect(settled.inHand).toBeLessThan(1_200)
    expect(shard.written.completions).toBeGreaterThan(total - owedMax - 500 * perSecond)
    expect(shard.notices.filter(kind => kind === 'webhook_failing')).toHaveLength(1)
    expect(shard.notices.length).toBeLessThanOrEqual(3)
    expect(shard.failures).toEqual([])
  },
  DAYS > 0 ? 7_200_000 : 120_000,
)
