/** Reading the log in pages, over HTTP, on logs that the test writes itself. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Owner } from '../../src/model/environments.ts'
import { logOf } from '../../src/streaming/streaming.ts'
import { openTestApi, type Reply, type TestApi } from '../api/api-harness.ts'
import { createClient } from '../support/kafkajs-client.ts'
import { type LogWriter, type NewEvent, openLogWriter } from './log-writer.ts'

type Organization = Awaited<ReturnType<TestApi['organization']>>

let api: TestApi
let writer: LogWriter
let admin: ReturnType<ReturnType<typeof createClient>['admin']>
beforeAll(async () => {
  api = await openTestApi()
  writer = await openLogWriter(api.kafka)
  admin = createClient(api.kafka).admin()
  await admin.connect()
}, 60_000)
afterAll(async () => {
  await admin?.disconnect()
  await writer?.close()
  await api?.close()
})

const live = ({ id }: Organization): Owner => ({ organizationId: id, environment: 'live' })
const many = (count: number, more: NewEvent = {}): NewEvent[] => Array.from({ length: count }, () => ({ ...more }))
const pull = (organization: Pick<Organization, 'call'>, query: Record<string, string | number>): Promise<Reply> =>
  organization.call('GET', `/api/v1/events?${new URLSearchParams(query as Record<string, string>)}`)
const numbers = ({ data }: Reply): number[] => (data as Array<{ sequence: number }>).map(({ sequence }) => sequence)
const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at)

async function untilWaiting(pulls: number) {
  while (api.streaming.pulls.waiting < pulls) await new Promise(resolve => setImmediate(resolve))
}

/** As retention does. */
async function deleteBefore(organization: Organization, offset: number) {
  const { topic } = logOf(live(organization))
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
}

/** Follows `nextCursor` to the end. */
async function readAll(organization: Organization, query: Record<string, string | number>) {
  const found: number[] = []
  for (let next: Record<string, string | number> = query, pages = 0; pages < 500; pages++) {
    const page = await pull(organization, next)
    expect([page.status, page.code]).toEqual([200, undefined])
    expect(page.meta.nextCursor).toEqual(expect.any(String))
    found.push(...numbers(page))
    if (page.meta.atEnd) return { found, pages, cursor: page.meta.nextCursor! }
    const { from: _, ...rest } = query
    next = { ...rest, cursor: page.meta.nextCursor! }
  }
  throw new Error('the end was never reached')
}

describe('a log that is pulled', () => {
  it('shows every event once, oldest first, whatever the size of the pages, and a cursor at its end too', async () => {
    const organization = await api.organization('ENTERPRISE')
    for (let n = 0; n < 10; n++) await writer.write(live(organization), many(25))
    for (const limit of [1_000, 100, 17]) {
      const { found, cursor } = await readAll(organization, { types: '*', from: 'earliest', limit })
      expect(found).toEqual(upTo(1, 250))
      const rest = await pull(organization, { types: '*', cursor })
      expect([rest.data, rest.meta.atEnd]).toEqual([[], true])
    }
  })

  it('is in the order of the numbers over several partitions, and continues when it gets more of them', async () => {
    const organization = await api.organization('ENTERPRISE')
    const grow = (partitions: number) =>
      api.operator('POST', `/api/v1/organizations/${organization.id}/partitions`, { partitions })
    await writer.write(live(organization), many(3))
    const before = await readAll(organization, { types: '*', from: 'earliest' })
    expect((await grow(4)).status).toBeLessThan(300)
    for (let n = 0; n < 40; n++)
      await writer.write(live(organization), [{ partition: n % 4 }, { partition: (n * 7) % 4 }])
    expect((await readAll(organization, { types: '*', from: 'earliest', limit: 9 })).found).toEqual(upTo(1, 83))
    expect((await readAll(organization, { types: '*', cursor: before.cursor, limit: 9 })).found).toEqual(upTo(4, 83))
  })

  it('carries envelopes with the payload’s own bytes', async () => {
    const organization = await api.organization('ENTERPRISE')
    const payload = '{"z":1e400,"a":123456789012345678901234567890, "text":"ä\\u0000"}'
    await writer.write(live(organization), [{ payload, subject: 's/1' }])
    const response = await fetch(`${api.base}/api/v1/events?types=*&from=earliest`, {
      headers: { authorization: `Bearer ${organization.apiKey}` },
    })
    const text = await response.text()
    expect(text).toContain(`"replay":null,"data":${payload}}`)
    expect(text).not.toMatch(/deliveryId|apiVersion/)
  })

  it('hides what was not committed', async () => {
    const organization = await api.organization('ENTERPRISE')
    await writer.write(live(organization), many(2))
    const producer = createClient(api.kafka).producer({
      transactionalId: `aborted.${organization.id}`,
      idempotent: true,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic: logOf(live(organization)).topic, messages: [{ value: '{}' }] })
    expect((await readAll(organization, { types: '*', from: 'earliest' })).found).toEqual([1, 2])
    await transaction.abort()
    await producer.disconnect()
    await writer.write(live(organization), many(2))
    expect((await readAll(organization, { types: '*', from: 'earliest', limit: 1 })).found).toEqual([1, 2, 3, 4])
  })
})

describe('what is selected', () => {
  let organization: Organization
  beforeAll(async () => {
    organization = await api.organization('ENTERPRISE')
    await writer.write(live(organization), [
      { type: 'shop.order', subject: 'a', payload: '{"amount":5}' },
      { type: 'shop.refund', subject: 'b', payload: '{"amount":50}' },
      { type: 'lettings.viewing', subject: 'a', payload: '{"amount":500}' },
      { type: 'platformxe.generic', kind: 'sku_reorder' },
      { type: 'WEBHOOK_CREATED' },
    ])
  })
  const selected = async (query: Record<string, string | number>) =>
    numbers(await pull(organization, { from: 'earliest', types: '*', ...query }))

  it('follows selectors, subject and filter, and lifecycle events only by name or when they are included', async () => {
    expect(await selected({})).toEqual([1, 2, 3, 4])
    expect(await selected({ types: 'shop.*' })).toEqual([1, 2])
    expect(await selected({ types: 'lettings.viewing,shop.refund@1.0.0' })).toEqual([2, 3])
    expect(await selected({ types: 'platformxe.generic#sku_reorder' })).toEqual([4])
    expect(await selected({ types: 'platformxe.generic#other' })).toEqual([])
    expect(await selected({ types: 'WEBHOOK_CREATED' })).toEqual([5])
    expect(await selected({ types: 'shop.order', includeLifecycle: 'true' })).toEqual([1, 5])
    expect(await selected({ subject: 'a' })).toEqual([1, 3])
    expect(await selected({ filter: '{"payload.amount":{"gte":50}}' })).toEqual([2, 3])
    expect(await selected({ filter: '{"subject":"b"}' })).toEqual([2])
  })

  it('may come as CloudEvents', async () => {
    const { data } = await pull(organization, { types: 'shop.order', from: 'earliest', format: 'cloudevents' })
    expect(data).toEqual([
      expect.objectContaining({ specversion: '1.0', sequence: '0000000000000001', data: { amount: 5 } }),
    ])
  })

  it.each([
    [
      '101 selectors',
      { types: Array.from({ length: 101 }, (_, n) => `shop.order${n}`).join(',') },
      '/types',
      'validation_failed',
    ],
    ['no selector', { types: '' }, '/types', 'validation_failed'],
    ['a wrong selector', { types: 'shop.order,no selector' }, '/types/1', 'invalid_event_selector'],
    ['a filter that is no JSON', { filter: '{' }, '/filter', 'validation_failed'],
    ['a filter that is a list', { filter: '[]' }, '/filter', 'validation_failed'],
    [
      'an operator that does not exist',
      { filter: '{"all":[{"path":"payload.a","operator":"x","value":1}]}' },
      '/filter/all/0/operator',
      'validation_failed',
    ],
    [
      'a filter that nests too deep',
      { filter: `${'{"all":['.repeat(6)}{"subject":"a"}${']}'.repeat(6)}` },
      expect.stringContaining('/filter/all/0'),
      'validation_failed',
    ],
    [
      'a pattern that is too large',
      { filter: '{"all":[{"path":"payload.a","operator":"matches_regex","value":"(a{1,100}){1,100}"}]}' },
      '/filter/all/0/value',
      'validation_failed',
    ],
    [
      'a filter beyond 4 KB',
      { filter: JSON.stringify({ subject: 'ä'.repeat(2_100) }) },
      '/filter',
      'validation_failed',
    ],
    ['a limit beyond 1,000', { limit: 1_001 }, '/limit', 'validation_failed'],
    ['a wait beyond 20 s', { waitSeconds: 21 }, '/waitSeconds', 'validation_failed'],
    ['a date without a time', { from: '2026-07-01' }, '/from', 'validation_failed'],
    ['a zone that was not escaped', { from: '2026-07-01T00:00:00 02:00' }, '/from', 'validation_failed'],
    ['a day that does not exist', { from: '2026-02-30T00:00:00Z' }, '/from', 'validation_failed'],
    [
      'an end before the start',
      { from: '2026-03-02T00:00:00Z', to: '2026-03-01T00:00:00Z' },
      '/from',
      'validation_failed',
    ],
    ['another word', { to: 'yesterday' }, '/to', 'validation_failed'],
    ['a cursor beside from', { cursor: 'x' }, '/cursor', 'validation_failed'],
    ['a webhook without a range', { webhook: 'wh_1' }, '/webhook', 'validation_failed'],
  ])('%s is refused with its place', async (_, query, path, code) => {
    const answer = await pull(organization, { types: '*', from: 'earliest', ...(query as object) })
    expect([answer.status, answer.code, answer.body.error?.details?.[0]?.path]).toEqual([400, code, path])
  })
})

describe('a place in the log', () => {
  it('is the end, the start, a time or a cursor, for the beginning and for the end of a read', async () => {
    const organization = await api.organization('ENTERPRISE')
    const start = Math.floor(Date.now() / 1_000) * 1_000 - 500_000
    for (let n = 0; n < 300; n++) await writer.write(live(organization), [{ recordedAtMs: start + n * 1_000 }])
    const at = (n: number) => new Date(start + n * 1_000).toISOString()
    const read = async (query: Record<string, string | number>) =>
      numbers(await pull(organization, { types: '*', limit: 1_000, ...query }))
    expect(await read({})).toEqual([])
    expect(await read({ from: at(250) })).toEqual(upTo(251, 300))
    expect(await read({ from: at(-1) })).toEqual(upTo(1, 300))
    expect(await read({ from: at(10_000) })).toEqual([])
    expect(await read({ from: at(100), to: at(110) })).toEqual(upTo(101, 110))
    const first = await pull(organization, { types: '*', from: 'earliest', limit: 40 })
    const second = await pull(organization, { types: '*', cursor: first.meta.nextCursor!, limit: 40 })
    expect(await read({ from: first.meta.nextCursor!, to: second.meta.nextCursor! })).toEqual(upTo(41, 80))
    const finite = await pull(organization, { types: '*', from: 'earliest', to: first.meta.nextCursor!, limit: 1_000 })
    expect([numbers(finite), finite.meta.atEnd]).toEqual([upTo(1, 40), true])
    expect(await read({ from: second.meta.nextCursor!, to: first.meta.nextCursor! })).toEqual([])
  })

  it('of another organization or environment, or one that was changed, is refused with one answer', async () => {
    const [own, other] = [await api.organization('ENTERPRISE'), await api.organization('ENTERPRISE')]
    const made = await own.call('POST', '/api/v1/keys', { name: 't', environment: 'test', scopes: ['events:read'] })
    const cursor = (await pull(own, { types: '*' })).meta.nextCursor!
    const changed = `${cursor.slice(0, -1)}${cursor.endsWith('A') ? 'B' : 'A'}`
    const ofTest = (await pull({ call: api.as(made.data.apiKey) }, { types: '*' })).meta.nextCursor!
    const answers = [
      await pull(other, { types: '*', cursor }),
      await pull(own, { types: '*', cursor: ofTest }),
      await pull(own, { types: '*', cursor: changed }),
      await pull(own, { types: '*', cursor: cursor.slice(0, 12) }),
      await pull(own, { types: '*', from: changed }),
      await pull(own, { types: '*', from: 'earliest', to: changed }),
      await pull(own, { sequence: '1-2', cursor: changed }),
    ]
    for (const { status, code } of answers) expect([status, code]).toEqual([400, 'invalid_cursor'])
  })

  it('that retention has passed is 410 with the place to go on and the number of lost events, one beyond the end says so', async () => {
    const organization = await api.organization('ENTERPRISE')
    await writer.write(live(organization), many(5))
    const early = (await pull(organization, { types: '*', from: 'earliest', limit: 5 })).meta.nextCursor!
    await writer.write(live(organization), many(20))
    // The first transaction with its marker, and then ten events of the second.
    await deleteBefore(organization, 16)
    const expired = await pull(organization, { types: '*', cursor: early })
    expect([expired.status, expired.code]).toEqual([410, 'cursor_expired'])
    const { earliestCursor, lostEvents, reason } = expired.body.error!
    expect([lostEvents, reason]).toEqual([10, undefined])
    expect((await readAll(organization, { types: '*', cursor: earliestCursor as string })).found).toEqual(upTo(16, 25))
    expect((await readAll(organization, { types: '*', from: 'earliest' })).found).toEqual(upTo(16, 25))

    const { pages } = api.streaming
    const { topic } = logOf(live(organization))
    await expect(pages.read(topic, 0, 15n, 1_000)).rejects.toMatchObject({ name: 'OffsetExpired', earliest: 16n })
    await expect(pages.read(topic, 0, 28n, 1_000)).rejects.toMatchObject({ name: 'OffsetAhead', end: 27n })
    expect(await pages.read(topic, 0, 27n, 1_000)).toEqual({ records: [], nextOffset: 27n, stableEnd: 27n })
    expect(await pages.bounds(topic)).toEqual([{ earliest: 16n, stableEnd: 27n }])

    const beyond = api.streaming.cursors.encode(live(organization), [1_000_000n], 5)
    const wider = api.streaming.cursors.encode(live(organization), [20n, 20n], 5)
    for (const cursor of [beyond, wider]) {
      const ahead = await pull(organization, { types: '*', cursor })
      expect([ahead.status, ahead.code, ahead.body.error?.reason]).toEqual([410, 'cursor_expired', 'ahead'])
      const again = await pull(organization, {
        types: '*',
        cursor: ahead.body.error!.earliestCursor as string,
        limit: 1,
      })
      expect(numbers(again)).toEqual([16])
    }
  })
})

describe('a pull that waits', () => {
  it('is answered as soon as something selected comes, and costs no reader of its own', async () => {
    const [organization, other] = [await api.organization('ENTERPRISE'), await api.organization('ENTERPRISE')]
    await writer.write(live(organization), many(3))
    const { cursor } = await readAll(organization, { types: '*', from: 'earliest' })
    const before = api.streaming.tail.awake
    const waiting = Array.from({ length: 30 }, (_, at) =>
      pull(organization, {
        ...{ types: at % 2 ? 'shop.refund' : '*', cursor, waitSeconds: 20 },
        ...(at % 4 === 1 ? { filter: '{"payload.n":{"gte":1}}' } : {}),
      }),
    )
    await untilWaiting(30)
    expect(api.streaming.tail.awake).toBe(before + 1)
    await writer.write(live(other), [{ type: 'shop.refund' }])
    await writer.write(live(organization), [{ type: 'shop.order' }])
    await writer.write(live(organization), [{ type: 'shop.refund' }])
    const answers = await Promise.all(waiting)
    for (const [at, answer] of answers.entries())
      expect(numbers(answer)).toEqual(at % 2 ? [5] : expect.arrayContaining([4]))
    const next = await pull(organization, { types: '*', cursor: answers[1]!.meta.nextCursor!, waitSeconds: 0 })
    expect(numbers(next)).toEqual([])
  })

  it('ends when its caller hangs up', async () => {
    const organization = await api.organization('ENTERPRISE')
    const calls = Array.from({ length: 10 }, () => new AbortController())
    const answers = calls.map(({ signal }) =>
      fetch(`${api.base}/api/v1/events?types=*&waitSeconds=20`, {
        headers: { authorization: `Bearer ${organization.apiKey}` },
        signal,
      }).catch(error => (error as Error).name),
    )
    await untilWaiting(10)
    for (const call of calls) call.abort()
    while (api.streaming.pulls.waiting > 0) await new Promise(resolve => setImmediate(resolve))
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['AbortError']))
  })

  it('misses nothing when the log gets more partitions meanwhile', async () => {
    const organization = await api.organization('ENTERPRISE')
    await writer.write(live(organization), many(2))
    const { cursor } = await readAll(organization, { types: '*', from: 'earliest' })
    const waiting = pull(organization, { types: '*', cursor, waitSeconds: 2 })
    await untilWaiting(1)
    await api.operator('POST', `/api/v1/organizations/${organization.id}/partitions`, { partitions: 2 })
    await writer.write(live(organization), [{ partition: 1 }])
    const first = await waiting
    const next = await pull(organization, { types: '*', cursor: first.meta.nextCursor!, waitSeconds: 20 })
    expect([...numbers(first), ...numbers(next)]).toEqual([3])
  })

  it('may go on at another process, with the cursor of the first', async () => {
    const second = await openTestApi()
    const organization = await api.organization('ENTERPRISE')
    await writer.write(live(organization), many(1))
    const { cursor } = await readAll(organization, { types: '*', from: 'earliest' })
    await second.view.waitFor(api.view.appliedOffset, 5_000)
    const elsewhere = { call: second.as(organization.apiKey) }
    const waiting = [
      pull(organization, { types: '*', cursor, waitSeconds: 20 }),
      pull(elsewhere, { types: '*', cursor, waitSeconds: 20 }),
    ]
    while (second.streaming.pulls.waiting === 0) await new Promise(resolve => setImmediate(resolve))
    await writer.write(live(organization), many(1))
    const answers = await Promise.all(waiting)
    expect(answers.map(numbers)).toEqual([[2], [2]])
    expect(numbers(await pull(organization, { types: '*', cursor: answers[1]!.meta.nextCursor! }))).toEqual([])
    await second.close()
  })

  it('is answered without events when its time or its limit has passed, and when the process stops', async () => {
    const organization = await api.organization('ENTERPRISE')
    const empty = await pull(organization, { types: '*', waitSeconds: 1 })
    expect([empty.data, empty.meta.atEnd]).toEqual([[], true])
    const to = new Date(Date.now() + 300).toISOString()
    const limited = await pull(organization, { types: '*', waitSeconds: 20, to })
    expect([limited.data, limited.meta.atEnd]).toEqual([[], true])
  })
})

describe('who may pull', () => {
  it('is whoever reads events: each environment its own, a suspended organization too', async () => {
    const organization = await api.organization('ENTERPRISE')
    const made = await organization.call('POST', '/api/v1/keys', {
      name: 't',
      environment: 'test',
      scopes: ['events:read'],
    })
    const blind = await organization.call('POST', '/api/v1/keys', {
      name: 'e',
      environment: 'live',
      scopes: ['events:emit'],
    })
    const test = { call: api.as(made.data.apiKey) }
    await writer.write(live(organization), many(2))
    await writer.write({ organizationId: organization.id, environment: 'test' }, many(1))
    expect((await pull(test, { types: '*', from: 'earliest' })).data).toEqual([
      expect.objectContaining({ environment: 'test', sequence: 1 }),
    ])
    expect((await pull({ call: api.as(blind.data.apiKey) }, { types: '*' })).code).toBe('insufficient_scope')
    await api.operator('POST', `/api/v1/organizations/${organization.id}/suspend`)
    expect(numbers(await pull(organization, { types: '*', from: 'earliest' }))).toEqual([1, 2])
  })

  it('is limited by the plan, per second; a call that is refused is not counted', async () => {
    const organization = await api.organization('BASIC')
    const answers = await Promise.all(Array.from({ length: 12 }, () => pull(organization, { types: '*' })))
    const refused = answers.filter(({ code }) => code === 'rate_limited')
    expect(refused.length).toBe(7)
    expect(refused[0]!.headers.get('retry-after')).toBe('1')
    // The rate comes before the query, the scope before the rate.
    expect((await pull(organization, { types: '' })).code).toBe('rate_limited')
  })

  it('sends its key in a header: a key in the URL is refused before sign-in', async () => {
    for (const query of [
      'key=x',
      'apiKey=x',
      'API_KEY=x',
      'access_token=x',
      'types=ck_live_abc',
      'ck_=&from=ck_test_x',
    ]) {
      const answer = await api.as(undefined)('GET', `/api/v1/events?${query}`)
      expect([query, answer.status, answer.code]).toEqual([query, 400, 'key_in_query'])
      expect(JSON.stringify(answer.body)).not.toContain('abc')
    }
  })
})

describe('a range of sequence numbers', () => {
  it('brings exactly those events, paged, with the deliveries of a webhook that selects them now', async () => {
    const organization = await api.organization('ENTERPRISE')
    const webhook = await organization.call('POST', '/api/v1/webhooks', {
      url: 'https://hooks.example.com/a',
      events: ['shop.refund'],
    })
    const id = webhook.data.id as string
    for (let n = 0; n < 60; n++)
      await writer.write(live(organization), [
        { type: 'shop.order' },
        { type: 'shop.refund', webhookIds: n % 2 ? [id] : [] },
      ])
    api.sequences.set(`${organization.id}/live`, 120)
    expect((await readAll(organization, { sequence: '31-90', limit: 13 })).found).toEqual(upTo(31, 90))
    const gap = await pull(organization, { sequence: '1-8', webhook: id })
    expect(
      (gap.data as Array<{ event: { sequence: number }; delivery: { status: string } | null }>).map(
        ({ event, delivery }) => [event.sequence, delivery?.status],
      ),
    ).toEqual([
      [2, undefined],
      [4, 'pending'],
      [6, undefined],
      [8, 'pending'],
    ])
  })

  it('is refused when it is empty, too long or beyond the newest number, and 410 below retention', async () => {
    const organization = await api.organization('ENTERPRISE')
    await writer.write(live(organization), many(5))
    await writer.write(live(organization), many(20))
    api.sequences.set(`${organization.id}/live`, 20)
    const codeOf = async (sequence: string) => (await pull(organization, { sequence })).code
    expect(await codeOf('9-8')).toBe('invalid_range')
    expect(await codeOf('1-100001')).toBe('invalid_range')
    expect(await codeOf('20-26')).toBe('invalid_range')
    expect(await codeOf('0-5')).toBe('validation_failed')
    expect(await codeOf('1')).toBe('validation_failed')
    // The counter is a moment behind the log.
    expect(numbers(await pull(organization, { sequence: '20-25' }))).toEqual(upTo(20, 25))
    await deleteBefore(organization, 16)
    const gone = await pull(organization, { sequence: '3-20' })
    expect([gone.status, gone.code, gone.body.error?.lostEvents]).toEqual([410, 'cursor_expired', 13])
    const rest = await pull(organization, { sequence: '3-20', cursor: gone.body.error!.earliestCursor as string })
    expect(numbers(rest)).toEqual(upTo(16, 20))
    expect((await pull(organization, { sequence: '3-20', types: '*' })).code).toBe('validation_failed')
    const stranger = await api.organization('ENTERPRISE')
    const foreign = await stranger.call('POST', '/api/v1/webhooks', { url: 'https://a.example.com/', events: ['*'] })
    for (const webhook of ['wh_none', foreign.data.id])
      expect((await pull(organization, { sequence: '20-21', webhook })).code).toBe('not_found')
  })
})
