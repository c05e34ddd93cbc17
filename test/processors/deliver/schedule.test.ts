/**
 * The schedule, end to end on the real broker, in a time that the test controls: a timer that fires too early or too
 * late would show.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { RETRY_PRESETS, TIER_LOAD_FRACTION } from '../../../src/delivery/retry-schedule.ts'
import { RETRY_TIERS } from '../../../topics/deliveries-retry.ts'
import { createReceiver } from '../../support/receiver.ts'
import { clock, createHarness, type Harness } from './harness.ts'
import { createStagedClock } from './staged-clock.ts'

let harness: Harness
const closing: Array<() => Promise<unknown>> = []
beforeAll(async () => {
  harness = await createHarness()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(() => harness.close())

/** A shard in a time of the test's own, and a receiver that fails all attempts before `succeedsAt`. */
async function staged(options: { succeedsAt: number; retryDelaysMs: readonly number[] }) {
  const stage = harness.stage()
  const endpoint = await createReceiver({
    answer: ({ number }) => ({ status: number < options.succeedsAt ? 500 : 200 }),
  })
  closing.push(() => endpoint.close())
  stage.webhook('wh_1', endpoint.url, { retryDelaysMs: [...options.retryDelaysMs] })
  const hand = createStagedClock(clock)
  const running = stage.run({ clock: hand })
  closing.push(() => running.crash())
  await stage.publish(['wh_1'])
  return { stage, endpoint, hand }
}

describe('the schedule of six attempts', () => {
  it('has every gap within −10 % of what was promised, each from the end of the failed attempt, and every attempt at its time to the millisecond', async () => {
    const { stage, endpoint, hand } = await staged({ succeedsAt: 6, retryDelaysMs: RETRY_PRESETS.six })
    const others = await createReceiver()
    closing.push(() => others.close())
    stage.webhook('wh_2', others.url)
    for (const [made, promisedMs] of RETRY_PRESETS.six.slice(1).entries()) {
      const failed = (await stage.rows(3 * made + 1)).at(-1)!
      expect(failed).toMatchObject({
        webhookId: 'wh_1',
        number: made + 1,
        state: 'retrying',
        startedAtMs: hand.nowMs(),
      })
      const dueAtMs = failed.nextAttemptAtMs!
      expect(dueAtMs - hand.nowMs()).toBeGreaterThanOrEqual(promisedMs * 0.9)
      expect(dueAtMs - hand.nowMs()).toBeLessThanOrEqual(promisedMs)
      // Once it is loaded from its tier, and once more when it is nearly due.
      for (const [at, earlyMs] of [1_000, 1].entries()) {
        hand.moveTo(dueAtMs - earlyMs)
        // Time for an attempt that is made too early: as much as another delivery takes, from the log to its row.
        await stage.publish(['wh_2'])
        expect((await stage.rows(3 * made + 2 + at)).at(-1)).toMatchObject({ webhookId: 'wh_2', state: 'success' })
        expect(endpoint.requests).toHaveLength(made + 1)
      }
      hand.moveTo(dueAtMs)
    }
    expect((await stage.rows(16)).at(-1)).toMatchObject({
      webhookId: 'wh_1',
      number: 6,
      state: 'success',
      startedAtMs: hand.nowMs(),
    })
    expect(endpoint.requests).toHaveLength(6)
  })

  it('sends a delivery with a delay that fits no tier through several, each for nine tenths of its delay, and is on time', async () => {
    const { stage, endpoint, hand } = await staged({ succeedsAt: 2, retryDelaysMs: [0, 6_000_000] })
    const tails = RETRY_TIERS.map(tier => ({ tier, tail: stage.tail(tier.topic.name), seen: 0 }))
    const [failed] = await stage.rows(1)
    const passed: number[] = []
    for (let remainingMs = failed!.nextAttemptAtMs! - hand.nowMs(); remainingMs > 30_000; ) {
      const fitting = tails.findLast(({ tier }) => tier.delayMs * TIER_LOAD_FRACTION <= remainingMs)!
      await fitting.tail.until(records => records.length > fitting.seen)
      fitting.seen++
      passed.push(fitting.tier.delayMs)
      hand.moveTo(hand.nowMs() + fitting.tier.delayMs * TIER_LOAD_FRACTION)
      remainingMs = failed!.nextAttemptAtMs! - hand.nowMs()
    }
    expect(passed.length).toBeGreaterThanOrEqual(3)
    expect(endpoint.requests).toHaveLength(1)
    hand.moveTo(failed!.nextAttemptAtMs!)
    expect((await stage.rows(2)).at(-1)).toMatchObject({
      number: 2,
      state: 'success',
      startedAtMs: failed!.nextAttemptAtMs,
    })
    expect(tails.map(({ tail }) => tail.records.length)).toEqual(tails.map(({ seen }) => seen))
  })
})

describe('thousands of webhooks', () => {
  it('of which many are dead: the others get everything, in bounded memory', async () => {
    const webhooks = 1_500
    const dead = 75
    const stage = harness.stage()
    const endpoint = await createReceiver()
    closing.push(() => endpoint.close())
    const gone = await createReceiver()
    await gone.close()
    const ids = Array.from({ length: webhooks }, (_, at) => `wh_${at}`)
    for (const [at, id] of ids.entries()) stage.webhook(id, at < dead ? gone.url : `${endpoint.url}/${at}`)
    const running = stage.run()
    closing.push(() => running.crash())
    const before = process.memoryUsage().rss
    for (let at = 0; at < webhooks; at += 500) await stage.publish(ids.slice(at, at + 500), ids.slice(0, dead))
    const rows = await stage.succeeded(webhooks - dead)
    expect(new Set(rows.filter(({ state }) => state === 'success').map(({ webhookId }) => webhookId)).size).toBe(
      webhooks - dead,
    )
    expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(400)
  }, 120_000)
})
