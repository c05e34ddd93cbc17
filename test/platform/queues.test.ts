/** Queues on a whole platform: from an event to its settlement, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createClient } from '../../sdks/typescript/src/index.ts'
import { writeCursor } from '../../src/model/cursors.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)
afterAll(() => undefined)

interface Message {
  id: string
  subject: string | null
  data: { kind: string; data: { n: number } }
  receipt: string
  receiveCount: number
  replay: object | null
  deadFrom?: object
}

interface Received {
  messages: Message[]
  results?: Array<{ receipt: string; status: string }>
}

const emit = async (organization: TestOrganization, n: number, subject?: string) => {
  const emitted = await organization.call<{ eventId: string }>('POST', '/api/v1/events/custom/emit', {
    ...{
      name: 'platformxe.generic',
      payload: { kind: 'job', data: { n } },
      ...(subject === undefined ? {} : { subject }),
    },
  })
  expect([emitted.status, emitted.body]).toEqual([202, expect.anything()])
  return emitted.data.eventId
}

async function queueOf(organization: TestOrganization, more: object = {}) {
  const made = await organization.call<{ id: string; receivable: boolean }>('POST', '/api/v1/queues', {
    ...{ name: 'jobs', selectors: ['platformxe.generic'], ...more },
  })
  expect([made.status, made.body]).toEqual([201, expect.anything()])
  const at = `/api/v1/queues/${made.data.id}`
  return {
    id: made.data.id,
    receive: async (order: object = {}) =>
      (await organization.call<Received>('POST', `${at}/receive`, { max: 10, waitSeconds: 20, ...order })).data,
    call: <T>(method: string, path: string, body?: object) => organization.call<T>(method, `${at}${path}`, body),
  }
}

/** Of another list. */
const cursorOfQueues = writeCursor('queues', ['2026-07-01T00:00:00.000Z', 'que_01kweg65bkn3gbg6pksg9kwwn1'])

const ns = ({ messages }: Received) => messages.map(({ data }) => data.data.n)
const receiptsOf = ({ messages }: Received) => messages.map(({ receipt }) => receipt)

describe('a queue', () => {
  it('hands out what it selects, under a lease, and never again once it is settled', async () => {
    const organization = await platform.organization()
    const queue = await queueOf(organization)
    for (let n = 1; n <= 3; n++) await emit(organization, n)
    const first = await queue.receive({ max: 2 })
    const second = await queue.receive()
    expect([ns(first), ns(second)]).toEqual([[1, 2], [3]])
    expect(first.messages[0]).toMatchObject({ receiveCount: 1, firstReceivedAt: expect.any(String) })
    expect((await queue.receive({ waitSeconds: 0 })).messages).toEqual([])

    const acked = await queue.call<Received>('POST', '/ack', { receipts: receiptsOf(first) })
    expect(acked.data.results!.map(({ status }) => status)).toEqual(['acked', 'acked'])
    const again = await queue.call<Received>('POST', '/ack', { receipts: [...receiptsOf(first), 'forged'] })
    expect(again.data.results!.map(({ status }) => status)).toEqual([
      'already_settled',
      'already_settled',
      'receipt_unknown',
    ])
    const nacked = await queue.call<Received>('POST', '/nack', { receipts: receiptsOf(second) })
    expect(nacked.data.results!.map(({ status }) => status)).toEqual(['returned'])
    const third = await queue.receive()
    expect(third.messages.map(({ receiveCount, data }) => [data.data.n, receiveCount])).toEqual([[3, 2]])
    const expired = await queue.call<{ code: string }>('POST', '/ack', { receipts: receiptsOf(second) })
    expect([expired.status, expired.code]).toEqual([409, 'receipt_expired'])
    const last = await queue.receive({ waitSeconds: 0, ack: receiptsOf(third) })
    expect([last.messages, last.results!.map(({ status }) => status)]).toEqual([[], ['acked']])
    const stats = await queue.call('GET', '/stats')
    expect(stats.data).toMatchObject({ ready: 0, inFlight: 0, dead: 0, handedOut: 3, acked: 3, approximate: false })
  })

  it('wakes a receive that waits, begins where it is asked to, and shows what is next', async () => {
    const organization = await platform.organization()
    await emit(organization, 1)
    const late = await queueOf(organization)
    const early = await queueOf(organization, { name: 'early', start: 'earliest' })
    expect((await early.call<Message[]>('GET', '/peek')).data).toMatchObject([
      { data: { data: { n: 1 } }, receiveCount: 0 },
    ])
    const waiting = late.receive()
    await emit(organization, 2)
    expect(ns(await waiting)).toEqual([2])
    expect(ns(await early.receive())).toEqual([1, 2])
  })

  it('keeps what was received too often, or rejected, as dead letters, and hands it out again when it is redriven', async () => {
    const organization = await platform.organization()
    const queue = await queueOf(organization, { maxReceives: 1 })
    const [one, two] = [await emit(organization, 1), await emit(organization, 2)]
    const received = await queue.receive()
    const [first, second] = receiptsOf(received)
    await queue.call('POST', '/nack', { receipts: [first] })
    await queue.call('POST', '/nack', { receipts: [second], dead: true })
    const dead = await queue.call<object[]>('GET', '/dead?limit=1')
    expect(dead.data).toMatchObject([{ eventId: one, reason: 'max_receives', receiveCount: 1, event: { id: one } }])
    const rest = await queue.call<object[]>(
      'GET',
      `/dead?cursor=${(dead.body as { meta: { nextCursor: string } }).meta.nextCursor}`,
    )
    expect(rest.data).toMatchObject([{ eventId: two, reason: 'rejected' }])
    const foreign = await queue.call('GET', `/dead?cursor=${cursorOfQueues}`)
    expect([foreign.status, foreign.code]).toEqual([400, 'validation_failed'])
    const redriven = await queue.call('POST', '/redrive', { eventIds: [two, 'evt_none'] })
    expect(redriven.data).toEqual({ redriven: 1, notFound: ['evt_none'] })
    expect(ns(await queue.receive())).toEqual([2])
    expect((await queue.call('POST', '/purge', { dead: true })).data).toEqual({ purged: 1 })
  })

  it('gives dead letters to another queue, which can give them back', async () => {
    const organization = await platform.organization()
    const dead = await queueOf(organization, { name: 'dead', selectors: ['never.happens'] })
    const queue = await queueOf(organization, { deadLetterQueueId: dead.id })
    await emit(organization, 7)
    const received = await queue.receive()
    await queue.call('POST', '/nack', { receipts: receiptsOf(received), dead: true })
    const buried = await dead.receive()
    expect(buried.messages).toMatchObject([
      {
        data: { data: { n: 7 } },
        receiveCount: 1,
        deadFrom: { queueId: queue.id, receiveCount: 1, reason: 'rejected' },
      },
    ])
    await dead.call('POST', '/nack', { receipts: receiptsOf(buried) })
    expect((await dead.call('POST', '/redrive', { all: true })).data).toEqual({ redriven: 1, notFound: [] })
    expect(ns(await queue.receive())).toEqual([7])
    const refused = await organization.call('DELETE', `/api/v1/queues/${dead.id}?force=true`)
    expect([refused.status, refused.code]).toEqual([409, 'conflict'])
  })

  it('hands out one event of a subject at a time, in their order', async () => {
    const organization = await platform.organization()
    const queue = await queueOf(organization, { ordered: true, name: 'jobs.fifo' })
    for (const [n, subject] of [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
      [4, 'a'],
    ] as const)
      await emit(organization, n, subject)
    const first = await queue.receive()
    expect(ns(first)).toEqual([1, 3])
    expect((await queue.receive({ waitSeconds: 0 })).messages).toEqual([])
    await queue.call('POST', '/ack', { receipts: receiptsOf(first) })
    expect(ns(await queue.receive({ perSubject: 10 }))).toEqual([2, 4])
  })

  it('is purged, switched off and deleted; a delete of one with messages needs force', async () => {
    const organization = await platform.organization()
    const queue = await queueOf(organization)
    await emit(organization, 1)
    await emit(organization, 2)
    const held = await queue.receive({ max: 1 })
    expect((await queue.call('POST', '/purge')).data).toEqual({ purged: 2 })
    const void409 = await queue.call('POST', '/ack', { receipts: receiptsOf(held) })
    expect([void409.status, void409.code]).toEqual([409, 'receipt_expired'])
    await emit(organization, 3)
    await queue.call('PATCH', '', { active: false })
    const inactive = await queue.call('POST', '/receive', {})
    expect([inactive.status, inactive.code]).toEqual([409, 'queue_inactive'])
    const full = await queue.call('DELETE', '')
    expect([full.status, full.code]).toEqual([409, 'queue_not_empty'])
    expect((await queue.call('DELETE', '?force=true')).status).toBe(200)
    expect((await queue.call('GET', '')).status).toBe(404)
  })

  it('wakes a receive that waits with what comes after a purge', async () => {
    const organization = await platform.organization()
    const queue = await queueOf(organization)
    const waiting = queue.receive()
    const waits = async () => (await queue.call<{ waitingReceives: number }>('GET', '/stats')).data.waitingReceives
    await until(waits, count => count > 0)
    expect((await queue.call('POST', '/purge')).data).toEqual({ purged: 0 })
    await emit(organization, 1)
    expect(ns(await waiting)).toEqual([1])
  })

  it('hands out again what a replay brings, beside what is new', async () => {
    const organization = await platform.organization()
    const queue = await queueOf(organization)
    const from = new Date(Date.now() - 60_000).toISOString()
    for (const n of [1, 2]) await emit(organization, n)
    for (let left = 2; left > 0; ) {
      const received = await queue.receive()
      left -= received.messages.length
      await queue.call('POST', '/ack', { receipts: receiptsOf(received) })
    }
    const target = { kind: 'queue', ids: [queue.id] }
    const made = await organization.call<{ id: string }>('POST', '/api/v1/replays', { source: { from }, target })
    expect([made.status, made.body]).toEqual([202, expect.anything()])
    const again: number[] = []
    while (again.length < 2) {
      const received = await queue.receive()
      for (const { replay } of received.messages) expect(replay).toEqual({ replayId: made.data.id })
      again.push(...ns(received))
    }
    expect(again).toEqual([1, 2])
    const state = async () =>
      (await organization.call<{ state: string }>('GET', `/api/v1/replays/${made.data.id}`)).data
    const ended = await until(state, ({ state: now }) => now !== 'running')
    expect(ended).toMatchObject({ state: 'completed', progress: { matched: 2, succeeded: 2 } })
    const unknown = await organization.call('POST', '/api/v1/replays', { source: { eventIds: ['evt_none'] }, target })
    expect(unknown.status).toBe(404)
    const third = await emit(organization, 3)
    for (let received = await queue.receive(); ; received = await queue.receive()) {
      await queue.call('POST', '/ack', { receipts: receiptsOf(received) })
      if (ns(received).includes(3)) break
    }
    const source = { eventIds: [third] }
    const named = await until(
      () => organization.call<{ id: string }>('POST', '/api/v1/replays', { source, target }),
      ({ status }) => status === 202,
    )
    const { messages } = await queue.receive()
    expect(messages).toMatchObject([{ id: third, replay: { replayId: named.data.id } }])
  })

  it('refuses receipts of another queue, of another organization and changed ones, without saying which', async () => {
    const [one, other] = [await platform.organization(), await platform.organization()]
    const queue = await queueOf(one)
    const beside = await queueOf(one, { name: 'beside' })
    const foreign = await queueOf(other)
    await emit(one, 1)
    const [receipt] = receiptsOf(await queue.receive())
    const changed = `${receipt![0] === 'A' ? 'B' : 'A'}${receipt!.slice(1)}`
    for (const [at, given] of [
      [beside, receipt],
      [foreign, receipt],
      [queue, changed],
      [queue, `${receipt}=`],
    ] as const) {
      const answer = await at.call<Received>('POST', '/ack', { receipts: [given] })
      expect(answer.data.results).toEqual([{ receipt: given, status: 'receipt_unknown' }])
    }
    const hidden = await other.call('GET', `/api/v1/queues/${queue.id}/stats`)
    expect([hidden.status, hidden.code]).toEqual([404, 'not_found'])
    expect((await queue.call('GET', '/stats')).data).toMatchObject({ inFlight: 1, acked: 0 })
  })

  it('is consumed by the kit: what a handler finishes is settled, what it fails comes again', async () => {
    const organization = await platform.organization()
    const queue = await queueOf(organization)
    const client = createClient({ baseUrl: platform.base, apiKey: organization.apiKey })
    for (let n = 1; n <= 5; n++) await emit(organization, n)
    const stop = new AbortController()
    const handled: Array<[number, number]> = []
    const errors: unknown[] = []
    await client.queues.consume(
      queue.id,
      message => {
        const { n } = (message as unknown as Message).data.data
        handled.push([n, message.receiveCount])
        if (n === 3 && message.receiveCount === 1) throw new Error('not yet')
        if (handled.length === 6) stop.abort()
      },
      { concurrency: 3, signal: stop.signal, onError: error => errors.push(error) },
    )
    expect(handled.toSorted(([a, x], [b, y]) => a - b || x - y)).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [3, 2],
      [4, 1],
      [5, 1],
    ])
    expect(errors).toEqual([new Error('not yet')])
    expect((await client.queues.stats(queue.id)).acked).toBe(5)
  })
})
