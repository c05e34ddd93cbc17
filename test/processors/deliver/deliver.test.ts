import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { deliveryId } from '../../../src/model/ids.ts'
import { createReceiver, type ReceiverOptions } from '../../support/receiver.ts'
import { clock, createHarness, type Harness, type RunningShard, type Stage } from './harness.ts'
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

async function receiver(options: ReceiverOptions = {}) {
  const made = await createReceiver(options)
  closing.push(() => made.close())
  return made
}

function run(stage: Stage, overrides: Parameters<Stage['run']>[0] = {}): RunningShard {
  const running = stage.run(overrides)
  closing.push(() => running.crash())
  return running
}

/** One minute becomes 30 ms. */
const FAST = 0.0005

describe('a delivery', () => {
  it('is one signed request, its row says what was sent and came back, and the emit is complete', async () => {
    const stage = harness.stage()
    const { url, requests } = await receiver({
      answer: () => ({ status: 201, headers: { 'x-seen': 'yes' }, body: 'thanks' }),
    })
    stage.webhook('wh_1', url)
    run(stage)
    const [event] = await stage.publish(['wh_1'])
    const [completion] = await stage.completions(1)
    expect(completion).toMatchObject({ eventId: event!.eventId, emitId: event!.emitId, state: 'DELIVERED' })
    const [row] = await stage.rows(1)
    const id = deliveryId(event!.eventId, 'wh_1')
    expect(row).toMatchObject({
      deliveryId: id,
      number: 1,
      maxAttempts: 4,
      state: 'success',
      responseStatus: 201,
      responseBody: 'thanks',
    })
    expect(JSON.parse(row!.requestHeaders!)).toMatchObject({ 'webhook-id': id, 'webhook-signature': '[redacted]' })
    expect(JSON.parse(row!.responseHeaders!)).toMatchObject({ 'x-seen': 'yes' })
    expect(requests).toHaveLength(1)
    expect(requests[0]!.headers).toMatchObject({ 'x-delivery-id': id, 'x-delivery-attempt': '1' })
    expect(JSON.parse(requests[0]!.body.toString())).toMatchObject({ id: event!.eventId, data: { n: 1 } })
  })

  it('that fails is tried again on its schedule, with the same id and the next number, until it succeeds', async () => {
    const stage = harness.stage()
    const { url, requests } = await receiver({ answer: ({ number }) => ({ status: number < 4 ? 500 : 200 }) })
    stage.webhook('wh_1', url)
    const hand = createStagedClock(clock)
    run(stage, { clock: hand })
    const [event] = await stage.publish(['wh_1'])
    for (let failed = 1; failed <= 3; failed++) hand.moveTo((await stage.rows(failed)).at(-1)!.nextAttemptAtMs!)
    expect((await stage.completions(1))[0]).toMatchObject({ eventId: event!.eventId, state: 'DELIVERED' })
    const rows = await stage.rows(4)
    expect(rows.map(row => [row.number, row.state])).toEqual([[1, 'retrying'], [2, 'retrying'], [3, 'retrying'], [4, 'success']]) // biome-ignore format: pairs
    expect(new Set(requests.map(request => request.headers['x-delivery-id'])).size).toBe(1)
    for (const [at, row] of rows.slice(0, 3).entries()) {
      const delayMs = [60_000, 300_000, 1_800_000][at]!
      expect(row.nextAttemptAtMs! - row.startedAtMs - row.durationMs).toBeGreaterThanOrEqual(delayMs * 0.9)
      expect(row.nextAttemptAtMs! - row.startedAtMs - row.durationMs).toBeLessThanOrEqual(delayMs)
      expect(rows[at + 1]!.startedAtMs).toBe(row.nextAttemptAtMs)
    }
  })

  it('whose attempts are used up is a dead letter, and the emit has failed', async () => {
    const stage = harness.stage()
    const { url, requests } = await receiver({ answer: () => ({ status: 503 }) })
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 1000, 5000] })
    run(stage, { timeScale: FAST })
    const [event] = await stage.publish(['wh_1'])
    const [dead] = await stage.deadLetters(1)
    expect(dead!.record).toMatchObject({ webhookId: 'wh_1', attempts: 3, event: { eventId: event!.eventId } })
    expect(dead!.record.payload.toString()).toBe('{"n":1}')
    expect(dead!.headers.reason!.toString()).toBe('status')
    expect((await stage.completions(1))[0]).toMatchObject({ state: 'FAILED' })
    expect((await stage.rows(3)).at(-1)).toMatchObject({ number: 3, state: 'failed', nextAttemptAtMs: null })
    expect(requests).toHaveLength(3)
  })

  it.each([
    ['410', { status: 410 }],
    ['the header webhook-retry: no', { status: 500, headers: { 'webhook-retry': 'no' } }],
  ])('is not tried again after %s', async (_name, answer) => {
    const stage = harness.stage()
    const { url } = await receiver({ answer: () => answer })
    stage.webhook('wh_1', url)
    run(stage)
    await stage.publish(['wh_1'])
    expect((await stage.completions(1))[0]).toMatchObject({ state: 'FAILED' })
    expect((await stage.deadLetters(1))[0]!.record.attempts).toBe(1)
  })
})
