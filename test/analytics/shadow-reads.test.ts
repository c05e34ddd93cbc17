import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { createLedgerReads } from '../../src/analytics/read/ledger-reads.ts'
import { createReads } from '../../src/analytics/read/reads.ts'
import type { ShadowRow } from '../../topics/audit-attempts.ts'
import { NOON } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

let client: AnalyticsClient
beforeAll(async () => {
  client = await migratedDatabase()
})
afterAll(() => client?.close())

const of = { organizationId: 'org_shadow', environment: 'live' as const, webhookId: 'wh_1' }
const row = (at: number, more: Partial<ShadowRow> = {}): ShadowRow => ({
  ...{ ...of, deliveryId: `dlv_${at}`, eventId: `evt_${at}`, eventType: 'a.b', url: 'https://candidate.example.com' },
  ...{ startedAtMs: NOON + at, answer: 'same_body', durationMs: 10 * at, responseStatus: 200, errorKind: null },
  ...{ realDurationMs: at, realStatus: 204, realErrorKind: null, ...more },
})

it('the report counts what was sent and left out, compares, and names the newest that differ', async () => {
  const reads = createReads(client)
  const shadows = [
    row(0),
    row(1, { realStatus: 200 }),
    row(2, { answer: 'other_body', realStatus: 200 }),
    row(3, { answer: 'other_body', responseStatus: null, errorKind: 'timeout', realStatus: 500 }),
    row(4, { answer: 'left_out', responseStatus: null }),
  ]
  await insertAudit(client, 0, { shadows })
  const since = new Date(NOON).toISOString()
  const report = await reads.shadowReport({ ...of, since })
  expect(report).toMatchObject({
    ...{ mirrored: 4, leftOut: 1, sameStatus: 2, sameBody: 2 },
    status: { real: { success: 3, serverError: 1, none: 0 }, candidate: { success: 3, serverError: 0, none: 1 } },
    latencyMs: { real: { p50: expect.any(Number) }, candidate: { p99: 20 } },
  })
  expect(report.differing.map(({ deliveryId }) => deliveryId)).toEqual(['dlv_3', 'dlv_2', 'dlv_0'])
  expect(report.differing[0]).toEqual({
    ...{ deliveryId: 'dlv_3', at: new Date(NOON + 3).toISOString(), sameBody: false },
    real: { status: 500, errorKind: null, durationMs: 3 },
    candidate: { status: null, errorKind: 'timeout', durationMs: 30 },
  })
  expect((await reads.shadowReport({ ...of, since: new Date(NOON + 2).toISOString() })).mirrored).toBe(2)
  const none = await reads.shadowReport({ ...of, webhookId: 'wh_2', since })
  expect(none).toMatchObject({ mirrored: 0, latencyMs: { real: { p50: null }, candidate: { p50: null } } })
  const month = since.slice(0, 7)
  const metered = await createLedgerReads(client).meteredMonth(of.organizationId, 'live', month)
  expect([metered.attemptRows, metered.meteredAttempts]).toEqual([4, 4])
})
