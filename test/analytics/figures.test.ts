/** Figures on a real ClickHouse: of a webhook over time, of meters in groups, of organizations beside each other. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { createReads, type Reads } from '../../src/analytics/read/reads.ts'
import { createSystemClock } from '../../src/clock.ts'
import { deliveryId } from '../../src/model/ids.ts'
import type { RelayRow } from '../../topics/audit-relays.ts'
import { aRelay } from './arbitrary-rows.ts'
import { attempt, matched, NOON, verdict } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

const clock = createSystemClock()
let client: AnalyticsClient
let reads: Reads
beforeAll(async () => {
  client = await migratedDatabase()
  reads = createReads(client)
})
afterAll(() => client?.close())

const iso = (ms: number) => new Date(ms).toISOString()
const HOUR_MS = 3_600_000
const range = { from: iso(NOON - HOUR_MS), to: iso(NOON + 2 * HOUR_MS) }

describe('a webhook', () => {
  const own = { organizationId: 'org_stats', environment: 'live' as const }
  const of = (n: number, changes: Parameters<typeof attempt>[3]) => {
    const emit = matched(n, ['wh_a'], [], { ...own, recordedAtMs: NOON + n })
    return attempt(emit, 'wh_a', deliveryId(emit.eventId!, 'wh_a'), {
      attemptId: `att_${n}`,
      startedAtMs: NOON + n,
      ...changes,
    })
  }
  const failed = { state: 'retrying', errorKind: 'status', responseStatus: 503, error: 'HTTP 503' } as const
  const timedOut = { state: 'failed', errorKind: 'timeout', responseStatus: null, error: 'late' } as const
  const rows = [
    ...Array.from({ length: 8 }, (_, n) => of(n, { durationMs: 10 })),
    of(8, { ...failed, durationMs: 100 }),
    of(9, { ...failed, durationMs: 200 }),
    of(HOUR_MS + 1, { ...timedOut, durationMs: 30_000 }),
    of(20, { trigger: 'test', durationMs: 1 }),
    of(21, { attemptId: null, state: 'cancelled', reason: 'manual' }),
    of(3 * HOUR_MS, {}),
  ]

  it('has its attempts by time, with the median and the slow end, without tests and what was no attempt', async () => {
    await insertAudit(client, 71_001, { attempts: rows })
    const stats = await reads.webhookStats({ ...own, ...range, webhookId: 'wh_a', bucket: 'hour' })
    expect(stats).toMatchObject([
      { attempts: 10, succeeded: 8, failed: 2, p50Ms: 10, p95Ms: 200 },
      { attempts: 1, succeeded: 0, failed: 1, p50Ms: 30_000, p95Ms: 30_000 },
    ])
    expect(stats.map(({ start }) => Date.parse(start))).toEqual([NOON, NOON + HOUR_MS])
    expect(await reads.webhookStats({ ...own, ...range, webhookId: 'wh_b', bucket: 'day' })).toEqual([])
    const stranger = { organizationId: 'org_other', environment: 'live' as const }
    expect(await reads.webhookStats({ ...stranger, ...range, webhookId: 'wh_a', bucket: 'day' })).toEqual([])
  })

  it('has its errors by what they have in common, each with a delivery to look at', async () => {
    const { errors, otherErrors } = await reads.webhookErrors({ ...own, ...range, webhookId: 'wh_a' })
    expect(errors).toMatchObject([
      { errorKind: 'status', responseStatus: 503, count: 2, firstAt: iso(NOON + 8), lastAt: iso(NOON + 9) },
      { errorKind: 'timeout', responseStatus: null, count: 1 },
    ])
    expect(errors[0]!.sampleDeliveryId).toBe(rows[9]!.deliveryId)
    expect(otherErrors).toBe(0)
  })

  it('of more kinds of errors than are shown, the rest is counted', async () => {
    const many = Array.from({ length: 60 }, (_, n) =>
      of(100 + n, { ...failed, responseStatus: 400 + n, webhookId: 'wh_many' }),
    )
    await insertAudit(client, 71_002, { attempts: many })
    const { errors, otherErrors } = await reads.webhookErrors({ ...own, ...range, webhookId: 'wh_many' })
    expect([errors.length, otherErrors]).toEqual([50, 10])
  })
})

describe('meters', () => {
  const own = { organizationId: 'org_grouped', environment: 'live' as const }

  it('in groups add up to the meter: the hundred largest by name, the rest together', async () => {
    const emits = [
      ...Array.from({ length: 120 }, (_, n) => verdict(n + 1, { ...own, name: `shop.t${n}` })),
      ...Array.from({ length: 5 }, (_, n) => verdict(200 + n, { ...own, name: 'shop.large', actorId: 'key_2' })),
      verdict(300, { ...own, verdict: 'rejected', code: 'payload_invalid', eventId: null, sequence: null }),
      verdict(301, { ...own, channel: 'platform', name: 'tenant.suspended' }),
    ]
    await insertAudit(client, 71_003, { verdicts: emits })
    const grouped = (dimension: 'type' | 'key' | 'code', meters: string[]) =>
      reads.usageGrouped({ ...own, ...range, meters, dimension, bucket: 'day' })
    const byType = await grouped('type', ['emits'])
    expect(byType.find(({ group }) => group === 'shop.large')).toMatchObject({ meter: 'emits', count: 5 })
    expect(byType).toHaveLength(101)
    expect(byType.find(({ group }) => group === null)!.count).toBe(21)
    expect(byType.reduce((sum, { count }) => sum + count, 0)).toBe(125)
    expect(await grouped('key', ['emits'])).toMatchObject([
      { group: 'key_1', count: 120 },
      { group: 'key_2', count: 5 },
    ])
    expect(await grouped('code', ['emits_rejected'])).toMatchObject([{ group: 'payload_invalid', count: 1 }])
    const series = await reads.usageTimeseries({
      ...own,
      ...range,
      meters: ['emits', 'emits_rejected'],
      bucket: 'month',
    })
    expect(series.map(({ meter, count }) => [meter, count])).toEqual([
      ['emits', 125],
      ['emits_rejected', 1],
    ])
    expect(series[0]!.start).toBe(`${iso(NOON).slice(0, 7)}-01T00:00:00Z`)
  })
})

it('relays are grouped by the type, the key and the source of the source’s event', async () => {
  const own = { organizationId: 'org_relaying', environment: 'live' as const }
  const relay = (relayId: string, name: string, more: Partial<RelayRow> = {}): RelayRow => ({
    ...{ ...aRelay, organizationId: own.organizationId, relayId, status: 'queued', skipReason: null },
    ...{ sourceCanonicalName: `TENANT_CUSTOM:org_1:${name}@1.0.0`, queuedAtMs: NOON, atMs: NOON, ...more },
  })
  const by = (actorId: string) => ({ actorId, source: 'api/key' })
  await insertAudit(client, 71_005, {
    relays: [
      ...[relay('r1', 'shop.paid', by('key_1')), relay('r2', 'shop.paid', by('key_2')), relay('r3', 'shop.sent')],
      ...[relay('r1', 'shop.paid', { step: 1 }), relay('r4', 'shop.paid', { ...by('key_1'), status: 'skipped' })],
      relay('r5', 'shop.paid', by('key_2')),
    ],
  })
  const grouped = async (dimension: 'type' | 'key' | 'source') => {
    const of = { ...own, ...range, meters: ['federation_relays'] as const, dimension, bucket: 'day' as const }
    return (await reads.usageGrouped({ ...of, meters: [...of.meters] })).map(({ group, count }) => [group, count])
  }
  expect(await grouped('type')).toEqual([
    ['shop.paid', 3],
    ['shop.sent', 1],
  ])
  // Rows of earlier releases do not say who emitted.
  expect(await grouped('key')).toEqual([
    ['key_2', 2],
    ['key_1', 1],
  ])
  expect(await grouped('source')).toEqual([['api/key', 3]])
})

describe('organizations', () => {
  it('are compared by what they did, largest first', async () => {
    const nowMs = Math.floor(clock.nowMs())
    const of = (organizationId: string, n: number, changes = {}) =>
      verdict(n, { organizationId, recordedAtMs: nowMs - 1_000 + n, ...changes })
    const loud = [1, 2, 3, 4].map(n =>
      of('org_loud', n, n === 4 ? { verdict: 'rejected', code: 'quota_exceeded', eventId: null } : {}),
    )
    const quiet = [matched(9, ['wh_1'], [], { organizationId: 'org_quiet', recordedAtMs: nowMs - 900 })]
    await insertAudit(client, 71_004, {
      verdicts: [...loud, ...quiet],
      attempts: [attempt(quiet[0]!, 'wh_1', 'dlv_load', { state: 'retrying', startedAtMs: nowMs - 800 })],
    })
    const now = { from: iso(nowMs - 60_000), to: iso(nowMs + 60_000) }
    const loads = async (sort: 'emits' | 'attempts' | 'deliveriesWaiting') =>
      (await reads.loadByOrganization({ ...now, sort, top: 100 })).filter(({ organizationId }) =>
        ['org_loud', 'org_quiet'].includes(organizationId),
      )
    expect(await loads('emits')).toMatchObject([
      { organizationId: 'org_loud', emits: 4, rejected: 1, attempts: 0, deliveriesWaiting: 0 },
      { organizationId: 'org_quiet', emits: 1, rejected: 0, attempts: 1, failedAttempts: 1, deliveriesWaiting: 1 },
    ])
    expect((await loads('attempts')).map(({ organizationId }) => organizationId)).toEqual(['org_quiet', 'org_loud'])
    expect((await loads('deliveriesWaiting'))[0]!.organizationId).toBe('org_quiet')
    const groups = (groupBy: 'type' | 'code') =>
      reads.loadOfOrganization({ ...now, organizationId: 'org_loud', groupBy })
    expect(await groups('code')).toMatchObject([{ group: 'quota_exceeded', emits: 0, rejected: 1 }])
    expect(await groups('type')).toMatchObject([{ group: 'shop.order_placed', emits: 3, rejected: 1 }])
  })
})
