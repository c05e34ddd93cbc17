import { describe, expect, it } from '@jest/globals'
import { deliveryId } from '../../../src/model/ids.ts'
import {
  catchUpKeys,
  deliveryCatchUps,
  type ParkedWebhook,
  parkedWebhookCodec,
} from '../../../topics/delivery-catch-ups.ts'
import { clock, type Stage } from './harness.ts'
import { attemptOf, FAST, times, useHarness } from './set-up.ts'
import { createStagedClock } from './staged-clock.ts'

const { newStage, receiver, run } = useHarness()

/** The stored range of the webhook. */
function owedTo(stage: Stage, webhookId: string) {
  const tail = stage.tail(deliveryCatchUps.name)
  const newest = () => tail.records.findLast(({ key }) => key?.toString() === catchUpKeys.ofParked(webhookId))?.value
  const found = (): ParkedWebhook | undefined => {
    const value = newest()
    return value ? parkedWebhookCodec.decode(value) : undefined
  }
  return Object.assign(found, {
    until: (condition: (range: ParkedWebhook | undefined) => boolean) => tail.until(() => condition(found())),
  })
}

describe('a delivery', () => {
  it('is one signed request, its row says what was sent and came back, and the emit is complete', async () => {
    const stage = newStage()
    const { url, requests } = await receiver(() => ({ status: 201, headers: { 'x-seen': 'yes' }, body: 'thanks' }))
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
    const stage = newStage()
    const { url, requests } = await receiver(({ number }) => ({ status: number < 4 ? 500 : 200 }))
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
    const stage = newStage()
    const { url, requests } = await receiver(() => ({ status: 503 }))
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
    const stage = newStage()
    const { url } = await receiver(() => answer)
    stage.webhook('wh_1', url)
    run(stage)
    await stage.publish(['wh_1'])
    expect((await stage.completions(1))[0]).toMatchObject({ state: 'FAILED' })
    expect((await stage.deadLetters(1))[0]!.record.attempts).toBe(1)
  })
})

describe('a webhook', () => {
  it('that hangs does not delay another', async () => {
    const stage = newStage()
    const hanging = await receiver(() => 'hang')
    const good = await receiver()
    stage.webhook('wh_hanging', hanging.url)
    stage.webhook('wh_good', good.url)
    run(stage)
    await stage.publish(...times(500, () => ['wh_hanging']), ...times(500, () => ['wh_good', 'wh_hanging']))
    await good.received(500)
    // Ten at a time; on a slow machine the first ones have run out of time meanwhile.
    expect(hanging.requests.length).toBeGreaterThanOrEqual(10)
    expect(hanging.requests.length).toBeLessThan(500)
  })

  it('that is slow does not hold the position back: what has waited too long waits with its range', async () => {
    const stage = newStage()
    const slow = await receiver(() => 'hang')
    const good = await receiver()
    stage.webhook('wh_slow', slow.url, { maxInFlight: 1, timeoutMs: 30_000 })
    stage.webhook('wh_good', good.url)
    const range = owedTo(stage, 'wh_slow')
    run(stage, { limits: { waitingMsMax: 50 } })
    await stage.publish(...times(20, () => ['wh_slow']))
    await slow.received(1)
    for (let sent = 1; (range()?.count ?? 0) < 19; sent++) {
      await stage.publish(['wh_good'])
      await good.received(sent)
    }
    expect(slow.requests).toHaveLength(1)
  })

  it('whose last 20 attempts failed while more than its share waits is held, and loses nothing', async () => {
    const stage = newStage()
    const { url, requests, answerWith, received } = await receiver(() => ({ status: 500 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 10_000, 10_000, 10_000, 10_000, 10_000], maxInFlight: 5 })
    const range = owedTo(stage, 'wh_1')
    run(stage, { timeScale: 0.1, limits: { waitingFailingMax: 50, waitingFairShare: 10 } })
    await stage.publish(...times(100, () => ['wh_1']))
    await received(24)
    while (range()?.cause !== 'held') await stage.publish(['wh_1'])
    answerWith(() => ({ status: 200 }))
    await stage.publish(['wh_1'])
    const events = await stage.publish(['wh_1'])
    await stage.completions(events[0]!.sequence)
    const rows = await stage.succeeded(events[0]!.sequence)
    expect(new Set(rows.map(row => `${row.deliveryId} ${row.number}`)).size).toBe(rows.length)
    expect(rows).toHaveLength(requests.length)
  })

  it('that is switched off keeps what waits for its retry, without an attempt, and gets it when it is on again', async () => {
    const stage = newStage()
    const { url, requests } = await receiver(({ number }) => ({ status: number === 1 ? 500 : 200 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 1_000] })
    const range = owedTo(stage, 'wh_1')
    run(stage, { timeScale: 0.1 })
    await stage.publish(['wh_1'])
    await stage.rows(1)
    stage.webhook('wh_1', url, { active: false, retryDelaysMs: [0, 1_000] })
    await range.until(found => found?.cause === 'paused' && found.count === 1)
    expect([requests.length, stage.rowsSoFar().length]).toEqual([1, 1])
    stage.webhook('wh_1', url, { active: true, retryDelaysMs: [0, 1_000] })
    expect((await stage.rows(2))[1]).toMatchObject({ number: 2, state: 'success' })
  })

  it('that was paused gets what came meanwhile from all partitions of its log, in order, and is live again', async () => {
    const stage = newStage()
    const { url, requests } = await receiver()
    stage.webhook('wh_1', url, { active: false })
    const range = owedTo(stage, 'wh_1')
    const before = run(stage)
    await stage.publish(...times(60, () => ['wh_1']))
    await range.until(found => found?.count === 60)
    expect(requests).toHaveLength(0)
    await before.crash()
    run(stage)
    stage.webhook('wh_1', url, { active: true })
    await stage.completions(60)
    expect(requests.map(request => Number(request.headers['x-event-sequence']))).toEqual(times(60, at => at + 1))
    await range.until(found => found === undefined)
    await stage.publish(['wh_1'])
    await stage.completions(61)
    expect(requests).toHaveLength(61)
  })

  it('that is deleted cancels what waits for it, and the event is complete', async () => {
    const stage = newStage()
    const { url, requests } = await receiver(() => ({ status: 500 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 2_500] })
    run(stage)
    const [event] = await stage.publish(['wh_1'], ['wh_1'])
    await stage.rows(2)
    stage.removeWebhook('wh_1')
    const completions = await stage.completions(2)
    expect(completions.map(row => row.state)).toEqual(['DELIVERED', 'DELIVERED'])
    const cancelled = (await stage.rows(4)).slice(2)
    expect(cancelled).toMatchObject(
      times(2, () => ({ attemptId: null, number: 1, state: 'cancelled', reason: 'webhook_deleted' })),
    )
    expect(cancelled.some(row => row.eventId === event!.eventId)).toBe(true)
    expect(requests).toHaveLength(2)
  })

  it('that the view does not know yet is waited for', async () => {
    const stage = newStage()
    const { url } = await receiver()
    stage.webhook('wh_known', url)
    run(stage)
    await stage.publish(['wh_new', 'wh_known'])
    await stage.rows(1)
    stage.webhook('wh_new', url)
    expect(await stage.completions(1)).toMatchObject([{ state: 'DELIVERED' }])
    expect((await stage.rows(2)).map(row => [row.webhookId, row.state])).toContainEqual(['wh_new', 'success'])
  })

  it('reads its URL at each attempt', async () => {
    const stage = newStage()
    const old = await receiver(() => ({ status: 500 }))
    const young = await receiver()
    stage.webhook('wh_1', old.url, { retryDelaysMs: [0, 1000] })
    run(stage)
    await stage.publish(['wh_1'])
    await stage.rows(1)
    stage.webhook('wh_1', young.url, { retryDelaysMs: [0, 1000] })
    await stage.completions(1)
    expect([old, young].map(({ requests }) => requests.map(attemptOf))).toEqual([['1'], ['2']])
  })
})
