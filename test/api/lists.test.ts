/** Lists as people search them: filters, counts, files, one box for all, and what must not get through. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { deliveryId } from '../../src/model/ids.ts'
import { attempt, NOON, verdict } from '../analytics/audit-rows.ts'
import { insertAudit } from '../analytics/database.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
let owner: Awaited<ReturnType<TestApi['organization']>>
let stranger: Awaited<ReturnType<TestApi['organization']>>
let webhookId: string
const EMITS = '/api/v1/events/custom/emits'
const DELIVERIES = '/api/v1/webhooks/deliveries'
const ids = (reply: { data: Array<{ id: string }> }) => reply.data.map(({ id }) => id)
let emits: ReturnType<typeof verdict>[]

beforeAll(async () => {
  api = await openTestApi()
  owner = await api.organization('PRO')
  stranger = await api.organization('PRO')
  const made = await owner.call('POST', '/api/v1/webhooks', {
    ...{ name: 'Orders 100%_x', url: 'https://hooks.example.com/orders', events: ['shop.*'] },
  })
  webhookId = made.data.id
  await owner.call('POST', '/api/v1/webhooks', {
    url: 'https://other.example.com/a',
    events: ['crm.lead@1.0.0'],
    active: false,
  })
  const own = { organizationId: owner.id }
  const considered = { webhooks: [{ webhookId, skipped: null }], subscriberCount: 1 }
  emits = [
    verdict(1, { ...own, ...considered, subject: '=cmd()', correlationId: 'corr-1', actorId: 'key_a' }),
    verdict(2, { ...own, ...considered, idempotencyKey: 'idem-2', channel: 'kafka' }),
    verdict(3, { ...own, verdict: 'rejected', code: 'payload_invalid', eventId: null, sequence: null }),
    verdict(4, { ...own, channel: 'platform', source: 'platform', name: 'tenant.suspended' }),
    verdict(5, { ...own, name: 'shop.other', subject: 'a,"b"\n' }),
  ]
  const failed = { state: 'failed', error: 'HTTP 503', errorKind: 'status', responseStatus: 503, number: 4 } as const
  await insertAudit(api.analytics, 1, {
    verdicts: emits,
    attempts: [attempt(emits[0]!, webhookId, deliveryId(emits[0]!.eventId!, webhookId), failed)],
  })
})
afterAll(() => api?.close())

describe('emits', () => {
  it.each([
    ['', [5, 4, 3, 2, 1]],
    ['type=shop.other', [5]],
    ['name=shop.other', [5]],
    ['type=shop.*', [5, 3, 2, 1]],
    ['type=tenant.suspended', [4]],
    ['verdict=rejected', [3]],
    ['verdict=accepted&status=REJECTED', []],
    ['code=payload_invalid', [3]],
    ['channel=kafka', [2]],
    ['channel=platform', [4]],
    ['subject=order-1', [4, 3, 2]],
    ['keyId=key_a', [1]],
    ['correlationId=corr-1', [1]],
    ['idempotencyKey=idem-2', [2]],
    ['noSubscriber=true', [5, 4]],
    ['status=RELAYED&channel=kafka', [2]],
    ['status=REQUESTED', []],
    ['type=shop.other&name=shop.order_placed', []],
  ])('with %s are %p', async (query, expected) => {
    const reply = await owner.call('GET', `${EMITS}?${query}`)
    expect([reply.status, ids(reply)]).toEqual([200, expected.map(n => emits[n - 1]!.emitId)])
    expect((await stranger.call('GET', `${EMITS}?${query}`)).data).toEqual([])
  })

  it('with webhookId are those that it matched', async () => {
    expect(ids(await owner.call('GET', `${EMITS}?webhookId=${webhookId}`))).toEqual([
      emits[1]!.emitId,
      emits[0]!.emitId,
    ])
    expect((await owner.call('GET', `${EMITS}?webhookId=wh_none`)).data).toEqual([])
  })

  it('take no wildcards and no quotes for more than what they are', async () => {
    for (const hostile of ['%', '_', "' OR 1=1 --", '\\', '*', '{x:String}', 'corr%2525'])
      expect((await owner.call('GET', `${EMITS}?correlationId=${encodeURIComponent(hostile)}`)).data).toEqual([])
    expect((await owner.call('GET', `${EMITS}?subject=${'x'.repeat(256)}`)).code).toBe('validation_failed')
  })

  it('are counted on demand', async () => {
    const counted = await owner.call('GET', `${EMITS}?count=true&limit=2`)
    expect([counted.data.length, counted.meta]).toMatchObject([2, { total: 5, nextCursor: expect.any(String) }])
    expect((await owner.call('GET', EMITS)).meta).not.toHaveProperty('total')
    expect((await owner.call('GET', `${EMITS}?count=true&verdict=rejected`)).meta).toMatchObject({ total: 1 })
  })

  it('are lines of JSON for a caller that accepts them', async () => {
    const reply = await owner.call('GET', `${EMITS}?type=shop.*`, undefined, { accept: 'application/x-ndjson' })
    const lines = String(reply.body).trim().split('\n')
    expect(reply.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8')
    expect(lines.map(line => JSON.parse(line).id)).toEqual([5, 3, 2, 1].map(n => emits[n - 1]!.emitId))
  })

  it('are cells for a caller that accepts them, and none of them is a formula', async () => {
    const reply = await owner.call('GET', EMITS, undefined, { accept: 'text/csv' })
    const text = String(reply.body)
    expect(reply.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(text.split('\r\n')[0]).toMatch(/^id,eventId,status,/)
    expect(text).toContain(",'=cmd(),")
    expect(text).toContain(',"a,""b""\n",')
    expect(text.split('\r\n')).toHaveLength(7)
  })

  it('refuse a cursor of another list', async () => {
    const { meta } = await owner.call('GET', `${EMITS}?limit=1`)
    for (const path of [
      DELIVERIES,
      '/api/v1/webhooks/dead-letters',
      '/api/v1/webhooks',
      '/api/v1/audit',
      '/api/v1/replays',
    ])
      expect([path, (await owner.call('GET', `${path}?cursor=${meta.nextCursor}`)).code]).toEqual([
        path,
        'validation_failed',
      ])
    const file = await owner.call('GET', `${DELIVERIES}?cursor=${meta.nextCursor}`, undefined, { accept: 'text/csv' })
    expect([file.status, file.code]).toEqual([400, 'validation_failed'])
  })
})

describe('deliveries of all webhooks', () => {
  it.each([
    ['', ['pending', 'failed']],
    ['status=failed', ['failed']],
    ['status=pending', ['pending']],
    ['errorKind=status&responseStatus=503', ['failed']],
    ['responseStatus=500', []],
    ['trigger=live', ['pending', 'failed']],
    ['trigger=replay', []],
    ['type=shop.order_placed', ['pending', 'failed']],
    ['type=shop.other', []],
  ])('with %s are %p', async (query, expected) => {
    const reply = await owner.call('GET', `${DELIVERIES}?${query}`)
    expect(reply.data.map(({ status }: { status: string }) => status)).toEqual(expected)
    expect((await stranger.call('GET', `${DELIVERIES}?${query}`)).data).toEqual([])
  })

  it('of an event or webhook of another organization are none', async () => {
    expect((await stranger.call('GET', `${DELIVERIES}?webhookId=${webhookId}`)).data).toEqual([])
    expect((await stranger.call('GET', `${DELIVERIES}?eventId=${emits[0]!.eventId}`)).data).toEqual([])
    expect((await owner.call('GET', `${DELIVERIES}?eventId=${emits[0]!.eventId}`)).data).toHaveLength(1)
  })

  it('that failed for good are filtered and counted', async () => {
    const dead = '/api/v1/webhooks/dead-letters'
    expect((await owner.call('GET', `${dead}?errorKind=status&count=true`)).meta).toMatchObject({ total: 1 })
    expect((await owner.call('GET', `${dead}?errorKind=timeout&count=true`)).meta).toMatchObject({ total: 0 })
    const csv = await owner.call('GET', dead, undefined, { accept: 'text/csv' })
    expect(String(csv.body).split('\r\n')).toHaveLength(3)
  })
})

describe('records', () => {
  it('are found by a part of their name in any case, by the beginning of their id, and by no wildcard', async () => {
    const path = '/api/v1/webhooks'
    const found = async (query: string) => (await owner.call('GET', `${path}?${query}`)).data.length
    expect(await found('q=orders')).toBe(1)
    expect(await found('q=OTHER.example')).toBe(1)
    expect(await found(`q=${webhookId.slice(0, 20)}`)).toBeGreaterThanOrEqual(1)
    expect(await found(`q=${encodeURIComponent('100%_')}`)).toBe(1)
    expect(await found(`q=${encodeURIComponent('%')}`)).toBe(1)
    expect(await found('q=o_ders')).toBe(0)
    expect(await found('active=false')).toBe(1)
    expect(await found('health=failing')).toBe(0)
    expect(await found('event=shop.order_placed')).toBe(1)
    expect(await found('event=crm.lead')).toBe(0)
    for (const q of ['', 'x'.repeat(101)])
      expect((await owner.call('GET', `${path}?q=${q}`)).code).toBe('validation_failed')
    expect((await owner.call('GET', `${path}?count=true&limit=1`)).meta).toMatchObject({ total: 2 })
  })

  it('of the registry are shown by their highest versions', async () => {
    const register = (version: string, properties: object) =>
      owner.call('POST', '/api/v1/events/custom', {
        ...{
          namespace: owner.slug,
          name: 'sale',
          version,
          payloadSchema: { type: 'object', properties },
          status: 'published',
        },
      })
    for (let minor = 0; minor <= 10; minor++) expect((await register(`1.${minor}.0`, {})).status).toBe(201)
    const latest = await owner.call('GET', `/api/v1/events/custom?q=SALE&latest=true&count=true`)
    expect([latest.data.map(({ version }: { version: string }) => version), latest.meta]).toMatchObject([
      ['1.10.0'],
      { total: 1 },
    ])
    expect((await owner.call('GET', '/api/v1/events/custom?q=sale')).data).toHaveLength(11)
  })

  it('of organizations are the operator’s, by name, slug, plan and status', async () => {
    const found = async (query: string) => ids(await api.operator('GET', `/api/v1/organizations?${query}`))
    expect(await found(`q=${owner.slug.toUpperCase()}`)).toEqual([owner.id])
    expect(await found(`q=${owner.id}&plan=FREE`)).toEqual([])
    expect(await found(`q=${owner.id}&status=active&plan=PRO`)).toEqual([owner.id])
  })
})

describe('the search box', () => {
  const search = async (call: typeof owner.call, q: string) =>
    (await call('GET', `/api/v1/search?q=${encodeURIComponent(q)}`)).data.map(
      ({ kind, matched }: { kind: string; matched: string }) => `${kind} by ${matched}`,
    )

  it('finds records by name and id, and emits by id and whole values, of the own organization', async () => {
    expect(await search(owner.call, 'orders')).toEqual(['webhook by name'])
    expect(await search(owner.call, webhookId)).toEqual(['webhook by id'])
    expect(await search(owner.call, emits[0]!.emitId)).toEqual(['emit by id'])
    expect(await search(owner.call, emits[0]!.eventId!)).toEqual(['emit by id'])
    expect(await search(owner.call, 'corr-1')).toEqual(['emit by correlationId'])
    expect(await search(owner.call, 'idem-2')).toEqual(['emit by idempotencyKey'])
    for (const q of ['orders', webhookId, emits[0]!.emitId, 'corr-1'])
      expect([q, await search(stranger.call, q)]).toEqual([q, []])
    expect(await search(api.operator, owner.slug)).toEqual(['organization by name'])
  })

  it('shows what the key may see, and no more than asked for', async () => {
    const made = await owner.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
    expect(await search(api.as(made.data.apiKey), 'orders')).toEqual([])
    expect((await owner.call('GET', '/api/v1/search?q=order-1&limit=2')).data).toHaveLength(2)
    for (const query of ['', 'q=', `q=${'x'.repeat(101)}`, 'q=a&limit=21', `q=${'%00'}`])
      expect((await owner.call('GET', `/api/v1/search?${query}`)).code).toBe('validation_failed')
  })
})

it('times of the range are those of the emits', async () => {
  const from = new Date(NOON + 3).toISOString()
  expect((await owner.call('GET', `${EMITS}?from=${from}`)).data).toHaveLength(3)
})
