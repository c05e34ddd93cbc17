import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import {
  catchUpKeys,
  deliveryCatchUps,
  type ParkedWebhook,
  parkedWebhookCodec,
} from '../../../topics/delivery-catch-ups.ts'
import { type Answer, createReceiver, type ReceivedRequest } from '../../support/receiver.ts'
import { createHarness, type Harness, type RunningShard, type Stage } from './harness.ts'

let harness: Harness
const closing: Array<() => Promise<unknown>> = []
beforeAll(async () => {
  harness = await createHarness()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(() => harness.close())

async function receiver(answer: (request: ReceivedRequest) => Answer = () => ({ status: 200 })) {
  const made = await createReceiver({ answer })
  closing.push(() => made.close())
  return made
}

function run(stage: Stage, overrides: Parameters<Stage['run']>[0] = {}): RunningShard {
  const running = stage.run(overrides)
  closing.push(() => running.crash())
  return running
}

const times = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at))
const idOf = (request: ReceivedRequest) => request.headers['x-delivery-id']!
const attemptOf = (request: ReceivedRequest) => request.headers['x-delivery-attempt']!
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

/** One minute becomes 30 ms. */
const FAST = 0.0005

describe('a crash', () => {
  it('between the ends of one event repeats only the request in flight, and the event ends once, when the last has', async () => {
    const stage = harness.stage()
    const good = await receiver()
    const hanging = await receiver(({ number }) => (number === 1 ? 'hang' : { status: 200 }))
    const flaky = await receiver(({ number }) => ({ status: number === 1 ? 500 : 200 }))
    stage.webhook('wh_good', good.url)
    stage.webhook('wh_hanging', hanging.url)
    stage.webhook('wh_flaky', flaky.url, { retryDelaysMs: [0, 1000] })
    const before = run(stage)
    const [event] = await stage.publish(['wh_good', 'wh_hanging', 'wh_flaky'])
    await Promise.all([stage.rows(2), hanging.received(1)])
    await before.crash()
    expect(stage.completionsSoFar()).toEqual([])

    run(stage)
    expect(await stage.completions(1)).toMatchObject([{ eventId: event!.eventId, state: 'DELIVERED' }])
    const rows = (await stage.rows(4)).map(row => [row.webhookId, row.number, row.state])
    expect(rows.sort()).toEqual([
      ['wh_flaky', 1, 'retrying'],
      ['wh_flaky', 2, 'success'],
      ['wh_good', 1, 'success'],
      ['wh_hanging', 1, 'success'],
    ])
    expect([good, hanging, flaky].map(({ requests }) => requests.map(attemptOf))).toEqual([
      ['1'],
      ['1', '1'],
      ['1', '2'],
    ])
    expect(new Set(hanging.requests.map(idOf)).size).toBe(1)
  })

  it('after a thousand deliveries that ended out of order repeats none that ended', async () => {
    const stage = harness.stage()
    const stuck = new Set<string>()
    let stuckOnes = true
    const { url, requests } = await receiver(request => {
      // Half of the slots at most: with all of them taken the rest would wait for a time limit.
      if (!stuckOnes || request.number % 20 !== 0) return { status: 200 }
      stuck.add(idOf(request))
      return 'hang'
    })
    stage.webhook('wh_1', url, { maxInFlight: 100 })
    const before = run(stage)
    await stage.publish(...times(1000, () => ['wh_1']))
    const ended = (await stage.rows(950)).map(row => row.deliveryId)
    await before.crash()
    stuckOnes = false

    run(stage)
    expect(await stage.completions(1000)).toHaveLength(1000)
    const rows = await stage.rows(1000)
    expect(new Set(rows.map(row => row.deliveryId)).size).toBe(1000)
    expect(stage.completionsSoFar()).toHaveLength(1000)
    const sent = new Map<string, number>()
    for (const request of requests) sent.set(idOf(request), (sent.get(idOf(request)) ?? 0) + 1)
    expect(ended.filter(id => sent.get(id) !== 1)).toEqual([])
    expect([...sent.values()].reduce((sum, count) => sum + count, 0)).toBe(1000 + stuck.size)
  }, 120_000)

  it('while the only delivery of an event waits for its retry does not lose the event', async () => {
    const stage = harness.stage()
    const { url } = await receiver(({ number }) => ({ status: number === 1 ? 500 : 200 }))
    stage.webhook('wh_1', url, { retryDelaysMs: [0, 2000] })
    const before = run(stage)
    const [event] = await stage.publish(['wh_1'])
    await stage.rows(1)
    await before.crash()
    run(stage)
    expect(await stage.completions(1)).toMatchObject([{ eventId: event!.eventId, state: 'DELIVERED' }])
  })

  it('when one of several webhooks is exhausted and the others are long done leaves the count exact', async () => {
    const stage = harness.stage()
    const good = await receiver()
    const bad = await receiver(() => ({ status: 500 }))
    stage.webhook('wh_good', good.url)
    stage.webhook('wh_bad', bad.url, { retryDelaysMs: [0, 1000, 1000, 1000] })
    await stage.publish(...times(20, () => ['wh_good', 'wh_bad']))
    for (const rows of [40, 55, 70]) {
      const running = run(stage, { timeScale: FAST })
      await stage.rows(rows)
      await running.crash()
    }
    run(stage, { timeScale: FAST })
    const completions = await stage.completions(20)
    expect(new Set(completions.map(row => row.eventId)).size).toBe(20)
    expect(completions.every(row => row.state === 'FAILED')).toBe(true)
    const numbers = (await stage.rows(100)).map(row => `${row.deliveryId} ${row.number}`)
    expect(new Set(numbers).size).toBe(100)
    expect(numbers).toHaveLength(100)
    expect(good.requests.length).toBeGreaterThanOrEqual(20)
  })
})

describe('a shard that fails and is opened again by the same process', () => {
  it('sends again only what was in flight, ignores the answers to that, and keeps the limits of each webhook', async () => {
    const stage = harness.stage()
    const release = Promise.withResolvers<void>()
    const first = await receiver(({ number }) => (number <= 10 ? { late: release.promise } : { status: 200 }))
    const second = await receiver()
    stage.webhook('wh_1', first.url)
    stage.webhook('wh_2', second.url)
    const running = run(stage)
    await stage.publish(...times(300, () => ['wh_1']))
    await first.received(10)
    running.fail()
    await stage.publish(...times(50, () => ['wh_2']))
    await second.received(50)
    // The ten requests from before the failure still count towards the webhook's limit.
    expect(first.requests).toHaveLength(10)
    release.resolve()
    const completions = await stage.completions(350)
    expect(new Set(completions.map(row => row.eventId)).size).toBe(350)
    const rows = await stage.succeeded(350)
    expect(rows).toHaveLength(350)
    expect(new Set(rows.map(row => row.deliveryId)).size).toBe(350)
    expect(first.requests).toHaveLength(310)
    expect(second.requests).toHaveLength(50)
  })
})

describe('draining', () => {
  it('waits for the requests in flight and keeps their results; nothing is sent again', async () => {
    const stage = harness.stage()
    const release = Promise.withResolvers<void>()
    const { url, requests, received } = await receiver(() => ({ late: release.promise }))
    stage.webhook('wh_1', url, { maxInFlight: 5 })
    const running = run(stage)
    await stage.publish(...times(20, () => ['wh_1']))
    await received(5)
    const drained = running.drain()
    release.resolve()
    await drained
    expect(await stage.rows(5)).toHaveLength(5)
    expect(requests).toHaveLength(5)
    run(stage)
    await stage.completions(20)
    expect(requests.map(idOf).sort()).toEqual([...new Set(requests.map(idOf))].sort())
    expect(requests).toHaveLength(20)
  })
})

describe('a webhook', () => {
  it('that hangs does not delay another', async () => {
    const stage = harness.stage()
    const hanging = await receiver(() => 'hang')
    const good = await receiver()
    stage.webhook('wh_hanging', hanging.url)
    stage.webhook('wh_good', good.url)
    run(stage)
    await stage.publish(...times(500, () => ['wh_hanging']), ...times(500, () => ['wh_good', 'wh_hanging']))
    await good.received(500)
    expect(hanging.requests).toHaveLength(10)
  })

  it('that is slow does not hold the position back: what has waited too long waits with its range', async () => {
    const stage = harness.stage()
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
    const stage = harness.stage()
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
    const stage = harness.stage()
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
    const stage = harness.stage()
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
    const stage = harness.stage()
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
    const stage = harness.stage()
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
    const stage = harness.stage()
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

describe('memory', () => {
  it('is bounded: with budget for a few, all are delivered once', async () => {
    const stage = harness.stage()
    const { url, requests } = await receiver(({ number }) => (number % 7 === 0 ? { status: 500 } : { status: 200 }))
    for (let n = 0; n < 4; n++)
      stage.webhook(`wh_${n}`, url, { maxInFlight: 2, retryDelaysMs: times(8, at => (at === 0 ? 0 : 1000)) })
    const limits = { deliveriesMax: 30, waitingFairShare: 3, scheduledMax: 5, inFlightMax: 6, uncommittedMax: 4 }
    run(stage, { timeScale: 0.01, limits })
    await stage.publish(...times(300, at => [`wh_${at % 4}`, `wh_${(at + 1) % 4}`]))
    await stage.completions(300)
    const rows = await stage.succeeded(600)
    expect(rows.filter(row => row.state === 'success')).toHaveLength(600)
    expect(rows).toHaveLength(requests.length)
    expect(new Set(rows.map(row => `${row.deliveryId} ${row.number}`)).size).toBe(rows.length)
  })
})

describe('a secret that cannot be opened', () => {
  it('is recorded in the history of each delivery, which is sent when the webhook has one again', async () => {
    const stage = harness.stage()
    const { url, requests } = await receiver()
    stage.webhook('wh_1', url, { encryptedSecret: 'v2.another-key.AAAA.AAAA.AAAA' })
    run(stage, { timeScale: FAST })
    await stage.publish(['wh_1'])
    expect(await stage.rows(1)).toMatchObject([
      {
        state: 'retrying',
        reason: 'secret_unreadable',
        number: 0,
        attemptId: null,
        nextAttemptAtMs: expect.any(Number),
      },
    ])
    expect(requests).toHaveLength(0)
    stage.webhook('wh_1', url)
    const rows = await stage.succeeded(1)
    expect(rows.at(-1)).toMatchObject({ state: 'success', number: 1 })
    expect(requests.map(attemptOf)).toEqual(['1'])
  })
})
