/** Usage and the audit trail, as callers may ask for them wrongly or late. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
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
