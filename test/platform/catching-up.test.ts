/** Catch-ups after a pause, and replays, on a whole platform, from outside. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type ReceivedRequest } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { emit, numberOf, range, webhook } from './numbered-events.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

const bodyOf = ({ body }: ReceivedRequest) =>
  JSON.parse(body.toString()) as { recordedAt: string; replay: { replayId: string; originalDeliveredAt: string } }

describe('a webhook that is off', () => {
  it('gets everything that came meanwhile when it is on again: in order, each once, marked as a replay, then live again', async () => {
    const organization = await platform.organization()
    const receiver = await createReceiver()
    // Of several in flight at once, one may arrive behind those that were sent just after it.
    const { id } = await webhook(organization, receiver.url, { maxInFlight: 1 })
    await emit(organization, 0, 5)
    await receiver.received(5)
    await organization.call('PATCH', `/api/v1/webhooks/${id}`, { active: false })
    await emit(organization, 5, 300)
    await emit(organization, 305, 300)
    expect(receiver.requests).toHaveLength(5)
    const on = await organization.call('PATCH', `/api/v1/webhooks/${id}`, { active: true })
    expect(on.status).toBe(200)
    await emit(organization, 605, 50) // while it catches up, or after
    await receiver.received(655)
    await emit(organization, 655, 1)
    const requests = await receiver.received(656)
    expect(requests.slice(5, 605).map(numberOf)).toEqual(range(5, 600))
    expect(requests.map(numberOf).sort((a, b) => a - b)).toEqual(range(0, 656))
    expect(requests.slice(5, 605).every(request => request.headers['x-delivery-attempt'] === '1')).toBe(true)
    expect(new Set(requests.slice(5, 605).map(request => request.headers['x-event-replay'])).size).toBe(1)
    expect(requests[5]!.headers['x-event-replay']).toMatch(/^rpl_/)
    expect(requests[655]!.headers['x-event-replay']).toBeUndefined()
    await receiver.close()
  })
})

describe('a replay', () => {
  it('delivers a range again to one webhook under new delivery ids, on its rate, and to no other webhook', async () => {
    const organization = await platform.organization()
    const [receiver, other] = [await createReceiver(), await createReceiver()]
    const { id } = await webhook(organization, receiver.url)
    await webhook(organization, other.url)
    const from = new Date().toISOString()
    await emit(organization, 0, 40)
    const live = (await receiver.received(40)).slice()
    await other.received(40)
    await until(
      () => organization.call<unknown[]>('GET', `/api/v1/webhooks/${id}/deliveries?limit=100&status=success`),
      ({ data }) => data.length === 40,
    )
    const replayedFromMs = Date.now()
    const answer = await organization.call<{ id: string; state: string }>('POST', `/api/v1/webhooks/${id}/replay`, {
      from,
      ratePerSecond: 500,
    })
    expect([answer.status, answer.data.state]).toEqual([202, 'running'])
    const requests = await receiver.received(80)
    const again = requests.slice(40)
    expect(again.map(numberOf)).toEqual(range(0, 40))
    expect(again.map(request => request.headers['x-event-id'])).toEqual(
      live.toSorted((a, b) => numberOf(a) - numberOf(b)).map(request => request.headers['x-event-id']),
    )
    expect(new Set(requests.map(request => request.headers['x-delivery-id'])).size).toBe(80)
    expect(again.every(request => request.headers['x-event-replay'] === answer.data.id)).toBe(true)
    const done = await until(
      () => organization.call<{ state: string; progress: object }>('GET', `/api/v1/replays/${answer.data.id}`),
      ({ data }) => data.state === 'completed',
    )
    const lastRecordedAt = bodyOf(again[39]!).recordedAt
    const progress = { matched: 40, processed: 40, succeeded: 40, failed: 0, skipped: 0, lastRecordedAt }
    expect(done.data).toMatchObject({ state: 'completed', progress })
    const items = await organization.call<unknown[]>('GET', `/api/v1/replays/${answer.data.id}/items?limit=100`)
    expect(items.data).toHaveLength(40)
    expect(items.data[0]).toMatchObject({ trigger: 'replay', replayId: answer.data.id, status: 'success' })
    for (const request of again) {
      const { replay, recordedAt } = bodyOf(request)
      expect(replay.replayId).toBe(answer.data.id)
      expect(Date.parse(replay.originalDeliveredAt)).toBeGreaterThanOrEqual(Date.parse(recordedAt))
      expect(Date.parse(replay.originalDeliveredAt)).toBeLessThan(replayedFromMs)
    }
    expect(other.requests).toHaveLength(40)
    await receiver.close()
    await other.close()
  })

  it('recovers only events that the webhook has not had with success', async () => {
    const organization = await platform.organization()
    let refuse = true
    const receiver = await createReceiver({
      answer: request => ({ status: refuse && numberOf(request) % 2 === 0 ? 500 : 204 }),
    })
    const { id } = await webhook(organization, receiver.url, { retry: { delays: [0], maxAttempts: 1 } })
    const since = new Date().toISOString()
    await emit(organization, 0, 20)
    await receiver.received(20)
    refuse = false
    await until(
      () => organization.call<unknown[]>('GET', `/api/v1/webhooks/${id}/deliveries?limit=100&status=success`),
      ({ data }) => data.length === 10,
    )
    const answer = await organization.call('POST', `/api/v1/webhooks/${id}/recover`, { since })
    expect(answer.status).toBe(202)
    const requests = await receiver.received(30)
    expect(requests.slice(20).map(numberOf)).toEqual(range(0, 20).filter(n => n % 2 === 0))
    await receiver.close()
  })

  it('refuses a range that is empty, to come or gone, another one to the same webhook, and a plan without replays', async () => {
    const organization = await platform.organization()
    const receiver = await createReceiver({ answer: () => 'hang' })
    const { id } = await webhook(organization, receiver.url)
    const at = (ms: number) => new Date(Date.now() + ms).toISOString()
    const ask = (body: object, on: TestOrganization = organization, to = id) =>
      on.call('POST', `/api/v1/webhooks/${to}/replay`, body)
    const HOUR = 3_600_000
    expect((await ask({ from: at(-HOUR), to: at(-2 * HOUR) })).code).toBe('invalid_range')
    expect((await ask({ from: at(-HOUR), to: at(HOUR) })).code).toBe('invalid_range')
    const gone = await ask({ from: at(-900 * HOUR), to: at(-800 * HOUR) })
    expect([gone.status, gone.code]).toEqual([410, 'outside_retention'])
    expect((await ask({ from: at(-HOUR) }, organization, 'wh_unknown')).status).toBe(404)
    await emit(organization, 0, 30)
    await organization.call('POST', `/api/v1/webhooks/${id}/replay`, { from: at(-HOUR), ratePerSecond: 1 })
    const second = await ask({ from: at(-HOUR) })
    expect([second.status, second.code]).toEqual([409, 'replay_in_progress'])
    const free = await platform.organization('FREE')
    const poor = await webhook(free, receiver.url)
    const refused = await ask({ from: at(-HOUR) }, free, poor.id)
    expect([refused.status, refused.code]).toEqual([402, 'replay_quota_exceeded'])
    const [running] = (await organization.call<Array<{ id: string }>>('GET', '/api/v1/replays')).data
    const cancelled = await organization.call<{ state: string }>('POST', `/api/v1/replays/${running!.id}/cancel`)
    expect(cancelled.data.state).toBe('cancelling')
    const ended = await until(
      () => organization.call<{ state: string }>('GET', `/api/v1/replays/${running!.id}`),
      ({ data }) => data.state === 'cancelled',
    )
    expect(ended.data.state).toBe('cancelled')
    expect((await organization.call('POST', `/api/v1/replays/${running!.id}/pause`)).code).toBe('replay_not_running')
    receiver.cut()
    await receiver.close()
  })
})
