import { describe, expect, it } from '@jest/globals'
import { attemptOf, FAST, idOf, times, useHarness } from './set-up.ts'

const { newStage, receiver, run } = useHarness()

describe('a crash', () => {
  it('between the ends of one event repeats only the request in flight, and the event ends once, when the last has', async () => {
    const stage = newStage()
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
    const stage = newStage()
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
    const stage = newStage()
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
    const stage = newStage()
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
    const stage = newStage()
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
    const stage = newStage()
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

describe('memory', () => {
  it('is bounded: with budget for a few, all are delivered once', async () => {
    const stage = newStage()
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
    const stage = newStage()
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
