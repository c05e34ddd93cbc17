/** Lists, history, retries and cancellations of deliveries, as a user calls them, on a whole platform. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { type Answer, createReceiver, type ReceivedRequest } from '../support/receiver.ts'

const clock = createSystemClock()
let platform: TestPlatform
const closing: Array<() => Promise<unknown>> = []
beforeAll(async () => {
  platform = await startPlatform({ env: { CLARION_TIME_SCALE: '0.0005' } })
}, 120_000)
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(() => platform?.stop(), 60_000)

interface Delivery {
  id: string
  status: string
  attempts: number
  maxAttempts: number
  trigger: string
  reason: string | null
  history: Array<{ attemptId: string | null; number: number; state: string }>
  [field: string]: unknown
}

async function receiver(answer: (request: ReceivedRequest) => Answer) {
  const made = await createReceiver({ answer })
  closing.push(() => made.close())
  return made
}

async function webhook(organization: TestOrganization, url: string, more: object = {}): Promise<string> {
  const made = await organization.call<{ id: string }>('POST', '/api/v1/webhooks', { url, events: ['*'], ...more })
  expect(made.status).toBe(201)
  return made.data.id
}

const emit = (organization: TestOrganization, n: number) =>
  organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
    name: 'platformxe.generic',
    payload: { kind: 'order', data: { n } },
  })

/** Asks until the answer is as wanted; what ClickHouse shows lags behind. */
async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await ask()
    if (wanted(answer) || tries === 200) return answer
    await clock.sleep(50)
  }
}

const listOf = async (organization: TestOrganization, webhookId: string) =>
  (await organization.call<Delivery[]>('GET', `/api/v1/webhooks/${webhookId}/deliveries`)).data
const settled = (organization: TestOrganization, webhookId: string, status: string, count = 1) =>
  until(
    () => listOf(organization, webhookId),
    list => list.filter(delivery => delivery.status === status).length >= count,
  )
const deliveryAt = (organization: TestOrganization, id: string) => async () =>
  (await organization.call<Delivery>('GET', `/api/v1/webhooks/deliveries/${id}`)).data

describe('a manual retry', () => {
  it('makes attempt 5 of 4 of a failed delivery, once for two calls, and then stops', async () => {
    const organization = await platform.organization()
    const { url, requests } = await receiver(() => ({ status: 500 }))
    const id = await webhook(organization, url, { retry: { preset: 'four' } })
    await emit(organization, 1)
    const [failed] = await settled(organization, id, 'failed')
    expect(failed).toMatchObject({ attempts: 4, maxAttempts: 4, reason: 'exhausted' })
    const retry = () => organization.call<Delivery>('POST', `/api/v1/webhooks/deliveries/${failed!.id}/retry`)
    const answers = await Promise.all([retry(), retry()])
    expect(answers.map(({ status, code }) => [status, code]).sort()).toEqual([[202, undefined], [409, 'delivery_in_progress']]) // biome-ignore format: pairs
    const again = await until(
      deliveryAt(organization, failed!.id),
      one => one.attempts === 5 && one.status === 'failed',
    )
    expect(again).toMatchObject({ id: failed!.id, attempts: 5, maxAttempts: 4, status: 'failed', trigger: 'manual' })
    expect(again.history.filter(({ attemptId }) => attemptId !== null).map(({ number }) => number)).toEqual([
      1, 2, 3, 4, 5,
    ])
    expect(requests.map(({ headers }) => headers['x-delivery-attempt'])).toEqual(['1', '2', '3', '4', '5'])
    expect(requests.at(-1)!.body.toString()).toBe(requests[0]!.body.toString())
  }, 60_000)

  it('is refused while the delivery is retrying, and while its webhook is off; of another organization there is none', async () => {
    const organization = await platform.organization()
    const { url } = await receiver(() => ({ status: 500 }))
    const id = await webhook(organization, url, { retry: { delays: [0, '12h'] } })
    await emit(organization, 1)
    const [retrying] = await settled(organization, id, 'retrying')
    const path = `/api/v1/webhooks/deliveries/${retrying!.id}/retry`
    expect(await organization.call('POST', path)).toMatchObject({ status: 409, code: 'delivery_in_progress' })
    await organization.call('POST', `/api/v1/webhooks/deliveries/${retrying!.id}/cancel`)
    await settled(organization, id, 'cancelled')
    expect(await organization.call('POST', path)).toMatchObject({ status: 409, code: 'conflict' })
    await organization.call('PATCH', `/api/v1/webhooks/${id}`, { active: false })
    const stranger = await platform.organization()
    expect(await stranger.call('POST', path)).toMatchObject({ status: 404, code: 'not_found' })
  }, 60_000)

  it('of a delivery that succeeded sends it again; by the alias header the answer is bare', async () => {
    const organization = await platform.organization()
    const { url, requests, received } = await receiver(() => ({ status: 200 }))
    const id = await webhook(organization, url)
    await emit(organization, 1)
    const [success] = await settled(organization, id, 'success')
    const path = `/api/v1/webhooks/deliveries/${success!.id}/retry`
    const answer = await fetch(platform.base + path, {
      method: 'POST',
      headers: { 'x-platphorm-api-key': organization.apiKey },
    })
    expect(await answer.json()).toMatchObject({
      id: success!.id,
      event: 'platformxe.generic',
      status: 'retrying',
      attempts: 1,
    })
    await received(2)
    expect(requests.map(({ headers }) => headers['x-delivery-id'])).toEqual([success!.id, success!.id])
    await until(deliveryAt(organization, success!.id), one => one.attempts === 2)
    await organization.call('PATCH', `/api/v1/webhooks/${id}`, { active: false })
    expect(await organization.call('POST', path)).toMatchObject({ status: 409, code: 'webhook_inactive' })
  }, 60_000)

  it('of a delivery that is in flight is refused as in progress, from the moment at which its receiver has it', async () => {
    const organization = await platform.organization()
    const { url, requests } = await receiver(() => 'hang')
    await webhook(organization, url)
    await emit(organization, 1)
    await until(async () => requests.length, Boolean)
    const path = `/api/v1/webhooks/deliveries/${requests[0]!.headers['x-delivery-id']}`
    expect(await organization.call('POST', `${path}/retry`)).toMatchObject({
      status: 409,
      code: 'delivery_in_progress',
    })
    expect(await organization.call('GET', path)).toMatchObject({
      status: 200,
      data: { status: 'pending', attempts: 0 },
    })
  }, 60_000)

  it('of a test is refused at once: it is in no log', async () => {
    const organization = await platform.organization()
    const { url } = await receiver(() => ({ status: 500 }))
    const id = await webhook(organization, url)
    await organization.call('POST', `/api/v1/webhooks/${id}/test`)
    const [test] = await settled(organization, id, 'failed')
    expect(test).toMatchObject({ trigger: 'test', status: 'failed' })
    const retried = await organization.call('POST', `/api/v1/webhooks/deliveries/${test!.id}/retry`)
    expect(retried).toMatchObject({ status: 409, code: 'conflict' })
    const redriven = await organization.call('POST', '/api/v1/webhooks/dead-letters/redrive', {
      deliveryIds: [test!.id],
    })
    expect(redriven.data).toMatchObject({ count: 0, skipped: [{ deliveryId: test!.id, reason: 'not_failed' }] })
  }, 60_000)
})

it('a delivery that waits because its webhook is off says so, in the list, alone and in the history of its event', async () => {
  const organization = await platform.organization()
  const { url, requests } = await receiver(() => ({ status: 204 }))
  const id = await webhook(organization, url)
  await organization.call('PATCH', `/api/v1/webhooks/${id}`, { active: false })
  const { eventId } = (await emit(organization, 1)).data
  const [waiting] = await settled(organization, id, 'pending')
  const told = { status: 'pending', attempts: 0, reason: 'webhook_inactive' }
  expect(waiting).toMatchObject(told)
  expect(await deliveryAt(organization, waiting!.id)()).toMatchObject(told)
  const history = await organization.call<{ deliveries: Delivery[] }>('GET', `/api/v1/events/${eventId}`)
  expect(history.data.deliveries).toMatchObject([told])
  expect(requests).toHaveLength(0)
}, 60_000)

describe('a cancellation', () => {
  it('ends a delivery that waits for hours, and cannot be done twice', async () => {
    const organization = await platform.organization()
    const { url } = await receiver(() => ({ status: 500 }))
    const id = await webhook(organization, url, { retry: { delays: [0, '12h'] } })
    await emit(organization, 1)
    const [retrying] = await settled(organization, id, 'retrying')
    const path = `/api/v1/webhooks/deliveries/${retrying!.id}/cancel`
    expect(await organization.call('POST', path)).toMatchObject({
      status: 202,
      data: { status: 'cancelled', reason: 'manual' },
    })
    const [cancelled] = await settled(organization, id, 'cancelled')
    expect(cancelled).toMatchObject({ id: retrying!.id, status: 'cancelled', reason: 'manual', nextAttemptAt: null })
    expect(await organization.call('POST', path)).toMatchObject({ status: 409, code: 'conflict' })
  }, 60_000)
})

describe('dead letters', () => {
  it('are listed by page, webhook and time, and redriven through a fresh schedule under the same delivery ids', async () => {
    const organization = await platform.organization()
    let status = 500
    const { url, requests } = await receiver(() => ({ status }))
    const id = await webhook(organization, url, { retry: { delays: [0, '1m'] } })
    for (let n = 0; n < 5; n++) await emit(organization, n)
    await settled(organization, id, 'failed', 5)
    const first = await organization.call<Delivery[]>('GET', '/api/v1/webhooks/dead-letters?limit=2')
    expect(first.data).toHaveLength(2)
    const cursor = (first.body as { meta: { nextCursor: string } }).meta.nextCursor
    const rest = await organization.call<Delivery[]>(
      'GET',
      `/api/v1/webhooks/dead-letters?limit=100&cursor=${cursor}&webhookId=${id}`,
    )
    const ids = [...first.data, ...rest.data].map(delivery => delivery.id)
    expect(new Set(ids).size).toBe(5)
    const none = await organization.call<Delivery[]>('GET', '/api/v1/webhooks/dead-letters?to=2020-01-01T00:00:00Z')
    expect(none.data).toEqual([])

    const one = await organization.call('POST', '/api/v1/webhooks/dead-letters/redrive', {
      deliveryIds: [ids[0], 'dlv_none'],
    })
    expect(one).toMatchObject({
      status: 202,
      data: { count: 1, skipped: [{ deliveryId: 'dlv_none', reason: 'not_found' }] },
    })
    await until(deliveryAt(organization, ids[0]!), each => each.attempts === 4 && each.status === 'failed')
    status = 200
    expect(await organization.call('POST', '/api/v1/webhooks/dead-letters/redrive', { webhookId: id })).toMatchObject({
      status: 202,
      data: { count: 5, skipped: [], more: false },
    })
    const done = await settled(organization, id, 'success', 5)
    expect(done.map(delivery => delivery.id).sort()).toEqual(ids.sort())
    expect(done.map(delivery => delivery.attempts).sort()).toEqual([3, 3, 3, 3, 5])
    expect(requests).toHaveLength(5 * 2 + 2 + 5)
    expect((await organization.call<Delivery[]>('GET', '/api/v1/webhooks/dead-letters')).data).toEqual([])
    const redrive = (body: object) => organization.call('POST', '/api/v1/webhooks/dead-letters/redrive', body)
    const message = 'needs at least one of deliveryIds, webhookId, from and to: any one of them is enough'
    expect(await redrive({})).toMatchObject({
      ...{ status: 400, code: 'validation_failed' },
      body: {
        error: {
          message: `The request is wrong at '': ${message}.`,
          details: [{ path: '', rule: 'required', message }],
        },
      },
    })
    expect(await redrive({ from: '2026-03-02T00:00:00Z', to: '2026-03-01T00:00:00Z' })).toMatchObject({
      ...{
        status: 400,
        body: { error: { details: [{ path: '/from', rule: 'range', message: 'must not lie after to' }] } },
      },
    })
    const both = 'takes either deliveryIds or webhookId, from and to, not both'
    expect(await redrive({ deliveryIds: ['dlv_1'], webhookId: id })).toMatchObject({
      ...{ status: 400, body: { error: { details: [{ path: '', rule: 'one_choice', message: both }] } } },
    })
    for (const body of [
      { deliveryIds: ['dlv_1'] },
      { webhookId: id },
      { from: '2026-01-01T00:00:00Z' },
      { to: '2026-01-01T00:00:00Z' },
    ])
      expect([body, await redrive(body)]).toEqual([body, expect.objectContaining({ status: 202 })])
  }, 60_000)
})

interface Hook {
  active: boolean
  health: string
  failingSince: string | null
}
const hookOf = (organization: TestOrganization, id: string) => async () =>
  (await organization.call<Hook>('GET', `/api/v1/webhooks/${id}`)).data
const lifecycleOf = async (organization: TestOrganization, id: string) =>
  (await organization.call<Array<{ type: string }>>('GET', `/api/v1/audit?entityId=${id}`)).data.map(({ type }) => type)

/** Mail to the owner of this organization, in the order in which it was sent. */
function mailOf({ slug }: TestOrganization): string[] {
  const directory = join(platform.dataDir, 'mailbox')
  const files = existsSync(directory) ? readdirSync(directory).filter(file => file.endsWith('.eml')) : []
  const texts = files.sort().map(file => readFileSync(join(directory, file), 'utf8'))
  return texts.filter(text => text.includes(`To: ${slug}@example.test`)).map(text => /^Subject: (.*)$/m.exec(text)![1]!)
}

describe('a failing endpoint', () => {
  it('is shown, reported to the owner once by mail, and stays active; its first success is its recovery', async () => {
    const organization = await platform.organization()
    let status = 500
    const { url } = await receiver(() => ({ status }))
    const id = await webhook(organization, url, { retry: { delays: [0, '1m'] } })
    for (let n = 0; n < 10; n++) await emit(organization, n)
    await settled(organization, id, 'failed', 10)
    const failing = await until(hookOf(organization, id), hook => hook.health === 'failing')
    expect(failing).toMatchObject({ active: true, health: 'failing' })
    expect(Date.parse(failing.failingSince!)).toBeGreaterThan(0)
    status = 200
    await emit(organization, 10)
    expect(await until(hookOf(organization, id), hook => hook.health === 'healthy')).toMatchObject({
      active: true,
      failingSince: null,
    })
    await until(
      async () => mailOf(organization),
      mails => mails.length === 2,
    )
    expect(mailOf(organization)).toEqual([`Webhook ${id} is failing`, `Webhook ${id} has recovered`])
    const types = await until(
      () => lifecycleOf(organization, id),
      list => list.includes('WEBHOOK_RECOVERED'),
    )
    expect(types).toEqual(['WEBHOOK_RECOVERED', 'WEBHOOK_FAILING', 'WEBHOOK_CREATED'])
  }, 60_000)

  it('that is gone (410) is switched off at once', async () => {
    const organization = await platform.organization()
    const { url } = await receiver(() => ({ status: 410 }))
    const id = await webhook(organization, url)
    await emit(organization, 1)
    expect(await until(hookOf(organization, id), hook => !hook.active)).toMatchObject({
      active: false,
      health: 'failing',
    })
    const [failed] = await settled(organization, id, 'failed')
    expect(failed).toMatchObject({ attempts: 1, reason: 'gone', responseStatus: 410 })
    const types = await until(
      () => lifecycleOf(organization, id),
      list => list.includes('WEBHOOK_DISABLED'),
    )
    expect(types.sort()).toEqual(['WEBHOOK_CREATED', 'WEBHOOK_DISABLED', 'WEBHOOK_FAILING'])
  }, 60_000)
})

describe('how deliveries end', () => {
  it('is announced by lifecycle events to webhooks that name them: an emit delivered once, failed once per subscriber, the webhook failing and recovered', async () => {
    const organization = await platform.organization()
    const good = await receiver(() => ({ status: 200 }))
    let status = 500
    const bad = await receiver(() => ({ status }))
    const watcher = await receiver(() => ({ status: 200 }))
    const events = [
      ...[
        'CUSTOM_EVENT_EMIT_DELIVERED',
        'CUSTOM_EVENT_EMIT_DELIVERY_FAILED',
        'WEBHOOK_DELIVERY_EXHAUSTED',
        'WEBHOOK_FAILING',
      ],
      ...['WEBHOOK_RECOVERED', 'NOTIFICATION_SENT'],
    ]
    await webhook(organization, watcher.url, { events })
    await webhook(organization, good.url)
    const failing = await webhook(organization, bad.url, { retry: { delays: [0, '1m'] } })
    await emit(organization, 1)
    const told = () =>
      watcher.requests.map(({ body }) => JSON.parse(body.toString()) as { type: string; data: Record<string, unknown> })
    await until(
      async () => told(),
      list => list.some(({ type }) => type === 'NOTIFICATION_SENT'),
    )
    status = 200
    await emit(organization, 2)
    await until(
      async () => told(),
      list => list.filter(({ type }) => type === 'NOTIFICATION_SENT').length === 2 && list.length === 7,
    )
    const types = told()
      .map(({ type }) => type)
      .sort()
    expect(types).toEqual([...events, 'NOTIFICATION_SENT'].sort())
    const dataOf = (type: string) => told().find(each => each.type === type)!.data
    expect(dataOf('CUSTOM_EVENT_EMIT_DELIVERED')).toMatchObject({ entityType: 'emit', subscriberCount: 2 })
    expect(dataOf('CUSTOM_EVENT_EMIT_DELIVERY_FAILED')).toMatchObject({
      ...{ subscriberType: 'webhook', subscriberId: failing, attempts: 2, lastError: 'The receiver answered 500.' },
    })
    expect(dataOf('WEBHOOK_DELIVERY_EXHAUSTED')).toMatchObject({ webhookId: failing, attempts: 2, reason: 'exhausted' })
    expect(dataOf('WEBHOOK_FAILING')).toMatchObject({
      entityType: 'webhook',
      entityId: failing,
      previousStatus: 'healthy',
      status: 'failing',
    })
  }, 60_000)
})

describe('deleting a webhook', () => {
  it('cancels its waiting deliveries within moments', async () => {
    const organization = await platform.organization()
    const { url } = await receiver(() => ({ status: 500 }))
    const id = await webhook(organization, url, { retry: { delays: [0, '12h'] } })
    await emit(organization, 1)
    const [retrying] = await settled(organization, id, 'retrying')
    await organization.call('DELETE', `/api/v1/webhooks/${id}`)
    const one = await until(deliveryAt(organization, retrying!.id), each => each.status === 'cancelled')
    expect(one).toMatchObject({ status: 'cancelled', reason: 'webhook_deleted', webhook: null })
  }, 60_000)
})
