/** The schedule, end to end on the real broker, in a time of its own: one hour becomes 1.08 s. */
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { RETRY_PRESETS } from '../../../src/delivery/retry-schedule.ts'
import { createReceiver } from '../../support/receiver.ts'
import { clock, createHarness, type Harness } from './harness.ts'

const SCALE = 0.0003
let harness: Harness
const closing: Array<() => Promise<unknown>> = []
beforeAll(async () => {
  harness = await createHarness()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(() => harness.close())
// A busy machine may wake a timer late; the promise is about the platform.
jest.retryTimes(3)

describe('the schedule of six attempts', () => {
  it('has every gap within −10 % and +5 %, or 100 ms, of what was promised, each from the end of the failed attempt', async () => {
    const stage = harness.stage()
    const endpoint = await createReceiver({ answer: ({ number }) => ({ status: number < 6 ? 500 : 200 }) })
    closing.push(() => endpoint.close())
    stage.webhook('wh_1', endpoint.url, { retryDelaysMs: [...RETRY_PRESETS.six] })
    const running = stage.run({ timeScale: SCALE })
    closing.push(() => running.crash())
    const publishedAtMs = clock.nowMs()
    await stage.publish(['wh_1'])
    const rows = await stage.succeeded(1)
    expect(rows.map(({ number, state }) => [number, state])).toEqual([1, 2, 3, 4, 5, 6].map(number => [number, number < 6 ? 'retrying' : 'success'])) // biome-ignore format: one thought
    // What one way through the broker takes on this machine now, as the first attempt tells; on one with nothing else to do far below 50 ms.
    const toleranceMs = Math.max(100, 2 * (rows[0]!.startedAtMs - publishedAtMs))
    for (let at = 1; at < rows.length; at++) {
      const promisedMs = RETRY_PRESETS.six[at]! * SCALE
      const endedAtMs = rows[at - 1]!.startedAtMs + rows[at - 1]!.durationMs
      const dueAfterMs = rows[at - 1]!.nextAttemptAtMs! - endedAtMs
      // Rows have whole milliseconds.
      expect(dueAfterMs).toBeGreaterThanOrEqual(promisedMs * 0.9 - 3)
      expect(dueAfterMs).toBeLessThanOrEqual(promisedMs + 20)
      const gapMs = rows[at]!.startedAtMs - endedAtMs
      expect(gapMs).toBeGreaterThanOrEqual(dueAfterMs)
      expect(gapMs).toBeLessThanOrEqual(promisedMs + Math.max(promisedMs * 0.05, toleranceMs))
    }
    expect(endpoint.requests).toHaveLength(6)
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
    expect(new Set(rows.filter(({ state }) => state === 'success').map(({ webhookId }) => webhookId)).size).toBe(webhooks - dead)
    expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(400)
  })
})
