import { describe, expect, it } from '@jest/globals'
import { createSystemRandom } from '../../../src/clock.ts'
import type { ReceivedRequest, Receiver } from '../../support/receiver.ts'
import { FAST, times, useHarness } from './set-up.ts'

const { newStage, receiver, run } = useHarness()
const random = createSystemRandom()

const sequenceOf = (request: ReceivedRequest) => Number(request.headers['x-event-sequence'])
const subjectOf = (request: ReceivedRequest): string | null => JSON.parse(request.body.toString()).subject
const isFirst = (request: ReceivedRequest) => request.headers['x-delivery-attempt'] === '1'
/** The sequence numbers of the events received for each subject, in order. */
const bySubject = (requests: ReceivedRequest[]) => {
  const seen = new Map<string | null, number[]>()
  for (const request of requests)
    seen.set(subjectOf(request), [...(seen.get(subjectOf(request)) ?? []), sequenceOf(request)])
  return seen
}

/** The events of a subject never go back: one may come again, but not after a later one. */
function expectOrder({ requests }: Receiver): void {
  for (const [subject, sequences] of bySubject(requests))
    expect([subject, sequences]).toEqual([subject, sequences.toSorted((a, b) => a - b)])
}

describe('ordering: block', () => {
  it('holds later deliveries of a subject back while one is failing, and none of other subjects', async () => {
    const stage = newStage()
    let isDown = true
    const bad = await receiver(request => ({ status: isDown && subjectOf(request) === 'a' ? 500 : 200 }))
    stage.webhook('wh_1', bad.url, {
      ordering: 'block',
      retryDelaysMs: [0, 200, 200, 200, 200, 200, 200, 200, 200, 200],
    })
    run(stage)
    await stage.publishAbout('wh_1', 'a', 'b', 'a', 'b', null, 'a', null)
    await bad.received(4 + 2)
    expect(bySubject(bad.requests).get('b')).toEqual([2, 4])
    expect(bySubject(bad.requests).get(null)).toEqual([5, 7])
    expect(new Set(bySubject(bad.requests).get('a'))).toEqual(new Set([1]))
    isDown = false
    await stage.succeeded(7)
    expect([...new Set(bySubject(bad.requests).get('a'))]).toEqual([1, 3, 6])
    expectOrder(bad)
  })

  it('goes on when the failing one is exhausted, and when it is cancelled', async () => {
    const stage = newStage()
    const bad = await receiver(request => ({ status: sequenceOf(request) < 3 ? 500 : 200 }))
    stage.webhook('wh_1', bad.url, { ordering: 'block', retryDelaysMs: [0, 100] })
    run(stage)
    await stage.publishAbout('wh_1', 'a', 'a', 'a')
    await stage.succeeded(1)
    expect(bySubject(bad.requests).get('a')).toEqual([1, 1, 2, 2, 3])
    stage.webhook('wh_2', bad.url, { ordering: 'block', retryDelaysMs: [0, 18_000_000] })
    bad.answerWith(request => ({ status: sequenceOf(request) === 4 ? 500 : 200 }))
    await stage.publishAbout('wh_2', 'a', 'a')
    const waiting = (await stage.rows(6)).at(-1)!
    expect(waiting).toMatchObject({ sequence: 4, state: 'retrying' })
    await stage.command({ kind: 'cancel', webhookId: 'wh_2', deliveryId: waiting.deliveryId })
    await stage.succeeded(2)
    expect(bad.requests.map(sequenceOf).slice(5)).toEqual([4, 5])
  })

  it('defers members when too many wait, and keeps their order and memory bounded', async () => {
    const stage = newStage()
    let isDown = true
    const bad = await receiver(() => ({ status: isDown ? 500 : 200 }))
    stage.webhook('wh_1', bad.url, { ordering: 'block', retryDelaysMs: times(40, () => 2_000).with(0, 0) })
    run(stage, { timeScale: 0.05, limits: { queuedMax: 20 } })
    await stage.publishAbout('wh_1', ...times(150, at => `subject ${at % 3}`))
    await bad.received(12)
    isDown = false
    await stage.succeeded(150)
    expectOrder(bad)
    expect(new Set(bad.requests.map(sequenceOf)).size).toBe(150)
  })

  it('survives crashes at any moment, with random failures: nothing is lost, nothing is overtaken', async () => {
    const stage = newStage()
    const flaky = await receiver(() => ({ status: random.uniform() < 0.3 ? 500 : 200 }))
    stage.webhook('wh_1', flaky.url, {
      ordering: 'block',
      maxInFlight: 20,
      retryDelaysMs: times(50, at => (at === 0 ? 0 : 20_000)),
    })
    const overrides = { timeScale: FAST, limits: { queuedMax: 15, waitingMsMax: 200 } }
    let running = run(stage, overrides)
    for (let life = 0; life < 5; life++) {
      await stage.publishAbout('wh_1', ...times(60, () => `subject ${Math.floor(random.uniform() * 8)}`))
      await stage.succeeded(life * 40 + 15)
      if (life % 2 === 0) await running.crash()
      else await running.drain()
      running = run(stage, overrides)
    }
    const rows = await stage.succeeded(300)
    expect(rows.filter(row => row.state === 'success')).toHaveLength(300)
    expect(new Set(rows.map(row => `${row.deliveryId} ${row.number}`)).size).toBe(rows.length)
    expectOrder(flaky)
  })
})

describe('ordering: park', () => {
  it('sends first attempts in order, moves a failing one to a retry topic, and brings it back on its schedule', async () => {
    const stage = newStage()
    const flaky = await receiver(request => ({ status: isFirst(request) && sequenceOf(request) % 3 === 0 ? 500 : 200 }))
    stage.webhook('wh_1', flaky.url, { ordering: 'park', retryDelaysMs: [0, 60_000, 60_000] })
    const before = run(stage, { timeScale: FAST })
    await stage.publishAbout('wh_1', ...times(60, at => (at % 4 === 0 ? null : `subject ${at % 4}`)))
    await stage.rows(30)
    await before.crash()
    run(stage, { timeScale: FAST })
    await stage.succeeded(60)
    const first = flaky.requests.filter(isFirst)
    for (const [subject, sequences] of bySubject(first))
      expect([subject, sequences]).toEqual([subject, sequences.toSorted((a, b) => a - b)])
    expect(new Set(first.map(sequenceOf)).size).toBe(60)
    expect(new Set(flaky.requests.filter(request => !isFirst(request)).map(sequenceOf)).size).toBe(20)
  })
})

describe('a webhook whose ordering is switched off', () => {
  it('sends what was waiting for its turn', async () => {
    const stage = newStage()
    const bad = await receiver(request => ({ status: sequenceOf(request) === 1 ? 500 : 200 }))
    const settings = { retryDelaysMs: [0, 18_000_000] }
    stage.webhook('wh_1', bad.url, { ...settings, ordering: 'block' })
    run(stage)
    await stage.publishAbout('wh_1', 'a', 'a', 'a')
    await stage.rows(1)
    stage.webhook('wh_1', bad.url, { ...settings, ordering: 'none' })
    await stage.succeeded(2)
    expect(bad.requests.map(sequenceOf).sort()).toEqual([1, 2, 3])
  })
})
