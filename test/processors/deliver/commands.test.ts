import { describe, expect, it } from '@jest/globals'
import { deliveryId } from '../../../src/model/ids.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { Stage } from './harness.ts'
import { attemptOf, FAST, useHarness } from './set-up.ts'

const { newStage, receiver, run } = useHarness()

/** A delivery whose attempts are used up, as in its dead letter, and as it is to continue. */
async function exhausted(stage: Stage): Promise<RetryRecord> {
  await stage.publish(['wh_1'])
  const [dead] = await stage.deadLetters(1)
  return { ...dead!.record, trigger: 'manual', once: true, attemptsBefore: dead!.record.attempts }
}

describe('a retry by hand', () => {
  it('is one attempt more under the same delivery id, shown as it is asked for, and does not change how the emit ended', async () => {
    const stage = newStage()
    const { url, requests } = await receiver(() => ({ status: 500 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 1000] })
    run(stage, { timeScale: FAST })
    const record = await exhausted(stage)
    await stage.command({ kind: 'retry', webhookId: 'wh_1', deliveryId: record.deliveryId, record })
    const rows = (await stage.rows(4)).slice(2)
    expect(rows).toMatchObject([
      { attemptId: null, number: 2, state: 'retrying', reason: 'asked_for', trigger: 'manual' },
      {
        number: 3,
        maxAttempts: 2,
        state: 'failed',
        reason: 'single_attempt',
        trigger: 'manual',
        deliveryId: record.deliveryId,
      },
    ])
    expect(requests.map(attemptOf)).toEqual(['1', '2', '3'])
    expect(stage.completionsSoFar()).toMatchObject([{ state: 'FAILED' }])
  })

  it('with resume goes through the schedule anew, counting on', async () => {
    const stage = newStage()
    const { url, requests } = await receiver(({ number }) => ({ status: number < 4 ? 500 : 200 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 1000] })
    run(stage, { timeScale: FAST })
    const record = { ...(await exhausted(stage)), once: false }
    await stage.command({ kind: 'retry', webhookId: 'wh_1', deliveryId: record.deliveryId, record })
    const [success] = (await stage.succeeded(1)).slice(-1)
    expect(success).toMatchObject({ number: 4, state: 'success', deliveryId: record.deliveryId })
    expect(requests.map(attemptOf)).toEqual(['1', '2', '3', '4'])
    expect(stage.completionsSoFar()).toHaveLength(1)
  })

  it('that is asked for twice is made once, also when a crash comes between', async () => {
    const stage = newStage()
    const { url, requests } = await receiver(() => ({ status: 500 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0] })
    const before = run(stage)
    const record = await exhausted(stage)
    const ask = (deliveryId: string) => stage.command({ kind: 'retry', webhookId: 'wh_1', deliveryId, record })
    await Promise.all([ask(record.deliveryId), ask(record.deliveryId)])
    await stage.rows(3)
    await before.crash()
    run(stage)
    await ask(record.deliveryId)
    // A later record has been read, so the third call was ignored.
    await stage.publish(['wh_1'])
    await stage.deadLetters(3)
    expect(requests.map(attemptOf)).toEqual(['1', '2', '1'])
  })
})

describe('a message of a workflow', () => {
  async function message(stage: Stage): Promise<RetryRecord> {
    stage.webhook('wh_seen', (await receiver()).url)
    const [event] = await stage.publish(['wh_seen'])
    const id = deliveryId('evt_message', 'wh_1')
    return {
      ...{ event: { ...event!, eventId: 'evt_message', sequence: 0, type: 'workflow.message' }, webhookId: 'wh_1' },
      ...{ payload: Buffer.from('{"n":1}'), deliveryId: id, attempts: 0, dueAtMs: 0, createdAtMs: Date.now() },
      ...{ trigger: 'test', replayId: null, once: false },
    }
  }

  it('goes through the schedule of its webhook once, and ends no emit', async () => {
    const stage = newStage()
    const { url, requests } = await receiver(({ number }) => ({ status: number < 3 ? 500 : 200 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 1000, 1000] })
    run(stage, { timeScale: FAST })
    const record = await message(stage)
    await stage.command({ kind: 'retry', webhookId: 'wh_1', deliveryId: record.deliveryId, record })
    await stage.succeeded(2)
    const rows = stage.rowsSoFar().filter(row => row.webhookId === 'wh_1')
    expect(rows.map(({ number, state, trigger, sequence }) => [number, state, trigger, sequence])).toEqual([
      [1, 'retrying', 'test', 0],
      [2, 'retrying', 'test', 0],
      [3, 'success', 'test', 0],
    ])
    expect(requests.map(({ body }) => JSON.parse(body.toString()).data)).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }])
    expect(stage.completionsSoFar().map(({ eventId }) => eventId)).not.toContain('evt_message')
  })

  it('waits for a webhook that is switched off as long as its schedule, and is a dead letter then', async () => {
    const stage = newStage()
    const { url, requests } = await receiver()
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 60_000], active: false })
    run(stage, { timeScale: FAST })
    const record = await message(stage)
    await stage.command({ kind: 'retry', webhookId: 'wh_1', deliveryId: record.deliveryId, record })
    const [dead] = await stage.deadLetters(1)
    expect(dead!.record.deliveryId).toBe(record.deliveryId)
    expect((await stage.rows(2)).filter(row => row.webhookId === 'wh_1')).toMatchObject([
      { state: 'failed', reason: 'endpoint_unavailable', trigger: 'test' },
    ])
    expect(requests).toEqual([])
  })
})

describe('a cancellation', () => {
  it('reaches what waits in a retry topic for hours, at once; the emit is complete, and a later start sends nothing', async () => {
    const stage = newStage()
    const { url, requests } = await receiver(() => ({ status: 500 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 18_000_000] })
    const before = run(stage)
    const [event] = await stage.publish(['wh_1'], ['wh_1'])
    await stage.rows(2)
    const id = deliveryId(event!.eventId, 'wh_1')
    await stage.command({ kind: 'cancel', webhookId: 'wh_1', deliveryId: id })
    expect((await stage.rows(3))[2]).toMatchObject({
      deliveryId: id,
      attemptId: null,
      number: 1,
      state: 'cancelled',
      reason: 'manual',
    })
    expect(await stage.completions(1)).toMatchObject([{ eventId: event!.eventId, state: 'DELIVERED' }])
    await before.drain()
    run(stage)
    await stage.command({ kind: 'cancel', webhookId: 'wh_1', deliveryId: id })
    await stage.publish(['wh_1'])
    await stage.rows(4)
    expect(stage.rowsSoFar().filter(row => row.state === 'cancelled')).toHaveLength(1)
    expect(requests).toHaveLength(3)
  })

  it('of a delivery in flight lets the attempt end, and no other follow', async () => {
    const stage = newStage()
    const release = Promise.withResolvers<void>()
    const { url, received, requests } = await receiver(() => ({ late: release.promise }))
    stage.webhook('wh_1', url, { timeoutMs: 1_000, retryDelaysMs: [0, 1000, 1000] })
    run(stage, { timeScale: FAST })
    const [event] = await stage.publish(['wh_1'])
    await received(1)
    await stage.command({ kind: 'cancel', webhookId: 'wh_1', deliveryId: deliveryId(event!.eventId, 'wh_1') })
    const [row] = await stage.rows(1)
    release.resolve()
    expect(row).toMatchObject({ number: 1, state: 'cancelled', reason: 'manual', errorKind: 'timeout' })
    expect(requests).toHaveLength(1)
  })
})

describe('a crash', () => {
  it('while a delivery that was cancelled is in flight repeats the request and the cancellation', async () => {
    const stage = newStage()
    const hanging = await receiver(() => 'hang')
    const good = await receiver()
    stage.webhook('wh_1', hanging.url, { timeoutMs: 2_000 })
    stage.webhook('wh_2', good.url)
    const before = run(stage)
    const [event] = await stage.publish(['wh_1'])
    await hanging.received(1)
    await stage.command({ kind: 'cancel', webhookId: 'wh_1', deliveryId: deliveryId(event!.eventId, 'wh_1') })
    // A record after the command, so that the command has been read.
    await stage.publish(['wh_2'])
    await stage.rows(1)
    await before.crash()
    run(stage)
    const rows = (await stage.rows(2)).filter(row => row.webhookId === 'wh_1')
    expect(rows).toMatchObject([{ state: 'cancelled', reason: 'manual', number: 1, errorKind: 'timeout' }])
    expect(hanging.requests).toHaveLength(2)
  })
})

describe('a webhook that is deleted', () => {
  it('has everything that waits for it cancelled within moments, however late it would be due', async () => {
    const stage = newStage()
    const { url } = await receiver(() => ({ status: 500 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 18_000_000] })
    stage.webhook('wh_2', url, { retryDelaysMs: [0, 18_000_000] })
    run(stage)
    await stage.publish(...Array.from({ length: 9 }, () => ['wh_1', 'wh_2']))
    await stage.rows(18)
    stage.removeWebhook('wh_1')
    const cancelled = (await stage.rows(27)).slice(18)
    expect(new Set(cancelled.map(row => row.deliveryId)).size).toBe(9)
    for (const row of cancelled)
      expect(row).toMatchObject({ webhookId: 'wh_1', state: 'cancelled', reason: 'webhook_deleted', number: 1 })
  })
})
