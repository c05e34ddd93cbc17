/** Usage and the audit trail, as callers may ask for them wrongly or late. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { LIFECYCLE_EVENTS } from '../../src/events/lifecycle-events.ts'
import { LAST_OF_PREVIOUS_MONTH, verdict } from '../analytics/audit-rows.ts'
import { insertAudit } from '../analytics/database.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
let owner: Awaited<ReturnType<TestApi['organization']>>
beforeAll(async () => {
  api = await openTestApi()
  owner = await api.organization('FREE')
}, 60_000)
afterAll(() => api?.close())

it('a month that is over keeps the warnings of its own emits', async () => {
  const lastOfMonth = { organizationId: owner.id, recordedAtMs: LAST_OF_PREVIOUS_MONTH }
  await insertAudit(api.analytics, 1, { verdicts: Array.from({ length: 900 }, (_, n) => verdict(n + 1, lastOfMonth)) })
  const month = new Date(LAST_OF_PREVIOUS_MONTH).toISOString().slice(0, 7)
  const { data } = await owner.call('GET', `/api/v1/usage/summary?month=${month}`)
  expect(data).toMatchObject({ final: true, warnings: [{ meter: 'emits', level: 90, used: 900, limit: 1_000 }] })
  expect((await owner.call('GET', '/api/v1/usage/summary')).data).toMatchObject({ final: false, warnings: [] })
})

it.each([
  'from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z',
  'from=2099-01-01T00:00:00Z&to=2026-01-01T00:00:00%2B02:00',
])('a range that ends before it begins is refused: %s', async range => {
  const { status, body } = await owner.call('GET', `/api/v1/usage/timeseries?${range}`)
  expect([status, body.error?.code, body.error?.details?.[0]?.path]).toEqual([400, 'validation_failed', '/from'])
})

it('a type that no change has is refused, and every other one is taken', async () => {
  const { status, body } = await owner.call('GET', '/api/v1/audit?type=WEBHOOK_CREATD')
  expect([status, body.error?.details?.[0]]).toEqual([
    400,
    expect.objectContaining({ path: '/type', message: expect.stringContaining('must be one of') }),
  ])
  for (const type of LIFECYCLE_EVENTS.keys())
    expect([type, (await owner.call('GET', `/api/v1/audit?type=${type}`)).status]).toEqual([type, 200])
})

describe('figures', () => {
  const series = (query: string, headers = {}) =>
    owner.call('GET', `/api/v1/usage/timeseries?${query}`, undefined, headers)

  it('of several meters come together, by month too, and say whether their time is over', async () => {
    const before = new Date(LAST_OF_PREVIOUS_MONTH).toISOString()
    const from = before.replace(/-\d\dT.*/, '-01T00:00:00Z')
    const { data, status } = await series(`meters=emits,stored_bytes&interval=month&from=${from}`)
    expect([
      status,
      data.map(({ meter, complete }: { meter: string; complete: boolean }) => [meter, complete]),
    ]).toEqual([
      200,
      [
        ['emits', true],
        ['stored_bytes', true],
      ],
    ])
    const grouped = await series(`groupBy=key&interval=day&from=${from}`)
    expect(grouped.data).toMatchObject([{ meter: 'emits', group: 'key_1', count: 900 }])
    const csv = await series(`groupBy=type&interval=month&from=${from}`, { accept: 'text/csv' })
    expect(String(csv.body)).toMatch(/^start,meter,group,count\r\n[^,]+,emits,shop\.order_placed,900\r\n$/)
  })

  it.each([
    ['meters=emits,emitz', 'validation_failed', '/meters'],
    ['meter=emits&groupBy=webhook', 'validation_failed', '/groupBy'],
    ['meter=emits&groupBy=code', 'validation_failed', '/groupBy'],
    ['interval=hour&from=2020-01-01T00:00:00Z', 'invalid_range', '/from'],
    ['interval=day&from=2020-01-01T00:00:00Z', 'invalid_range', '/from'],
    ['interval=week', 'validation_failed', '/interval'],
  ])('that cannot be given are refused: %s', async (query, code, path) => {
    const reply = await series(query)
    expect([reply.status, reply.code, reply.body.error?.details?.[0]?.path]).toEqual([400, code, path])
  })

  it('of a webhook are those of its own organization, and of so many buckets', async () => {
    const made = await owner.call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events: ['*'] })
    const path = `/api/v1/webhooks/${made.data.id}/stats`
    const stats = await owner.call('GET', `${path}?from=2026-03-01T00:30:00Z&to=2026-03-01T02:00:00Z`)
    expect(stats.data).toMatchObject({ interval: 'hour', errors: [], otherErrors: 0 })
    expect(stats.data.buckets).toEqual(
      [0, 1].map(hour => ({
        ...{ start: `2026-03-01T0${hour}:00:00.000Z`, attempts: 0, succeeded: 0, failed: 0, p50Ms: null, p95Ms: null },
      })),
    )
    expect(
      (await owner.call('GET', `${path}?interval=minute&from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z`)).code,
    ).toBe('invalid_range')
    const stranger = await api.organization()
    expect((await stranger.call('GET', path)).code).toBe('not_found')
  })

  it('of organizations beside each other are the operator’s', async () => {
    const range = `from=${new Date(LAST_OF_PREVIOUS_MONTH - 60_000).toISOString()}&to=${new Date(LAST_OF_PREVIOUS_MONTH + 60_000).toISOString()}`
    const { data } = await api.operator('GET', `/api/v1/organizations/usage?${range}&top=100`)
    const own = data.find(({ organization }: { organization: { id: string } }) => organization.id === owner.id)
    expect(own).toMatchObject({
      organization: { plan: 'FREE', status: 'active' },
      emits: 900,
      emitsPerSecond: 7.5,
    })
    const load = await api.operator('GET', `/api/v1/organizations/${owner.id}/load?${range}&groupBy=key`)
    expect(load.data).toMatchObject([{ group: 'key_1', emits: 900, rejected: 0 }])
    expect((await api.operator('GET', '/api/v1/organizations/org_none/load')).code).toBe('not_found')
    expect((await api.operator('GET', '/api/v1/organizations/usage?from=2020-01-01T00:00:00Z')).code).toBe(
      'invalid_range',
    )
    expect((await owner.call('GET', '/api/v1/organizations/usage')).code).toBe('insufficient_scope')
  })
})
