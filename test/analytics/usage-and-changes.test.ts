import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { createReads, type Reads } from '../../src/analytics/read/reads.ts'
import { attempt, change, LAST_OF_PREVIOUS_MONTH, MONTH, matched, NOON, verdict } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

let client: AnalyticsClient
let reads: Reads
let blocks = 0
const insert = (audit: Parameters<typeof insertAudit>[2]) => insertAudit(client, blocks++, audit)

beforeAll(async () => {
  client = await migratedDatabase()
  reads = createReads(client)
})
afterAll(() => client.close())

describe('usage', () => {
  it('counts accepted emits and attempts by month, and agrees with the rows', async () => {
    const own = { organizationId: 'org_usage' }
    const sent = matched(1, ['wh_1'], [], own)
    await insert({
      verdicts: [
        sent,
        verdict(2, { ...own, name: 'platformxe.generic', kind: 'user.signed_up' }),
        verdict(3, { ...own, verdict: 'rejected', eventId: null }),
        verdict(4, { ...own, environment: 'test' }),
        verdict(5, { ...own, recordedAtMs: NOON - 40 * 86_400_000 }),
      ],
      attempts: [
        attempt(sent, 'wh_1', 'dlv_1', { state: 'retrying' }),
        attempt(sent, 'wh_1', 'dlv_1', { number: 2 }),
        attempt(sent, 'wh_1', 'dlv_2', { attemptId: null, number: 0, state: 'skipped' }),
        attempt(sent, 'wh_1', 'dlv_3', { trigger: 'replay' }),
      ],
    })

    expect(await reads.usageSummary('org_usage', 'live', MONTH)).toEqual({
      emits: 2,
      emits_generic: 1,
      webhook_attempts: 3,
      deliveries_succeeded: 2,
      ...{ workflow_runs: 0, workflow_steps: 0, debug_runs: 0, streamed_events: 0, queue_messages: 0 },
      replayed_deliveries: 1,
      federation_relays: 0,
      notifications: 0,
      stored_bytes: 2 * sent.payloadBytes,
    })
    expect((await reads.usageSummary('org_usage', 'test', MONTH)).emits).toBe(1)
    expect(await reads.countsForAudit('org_usage', 'live', MONTH)).toEqual({
      acceptedRows: 2,
      acceptedEmits: 2,
      highestSequence: 2,
      attemptRows: 3,
      usageEmits: 2,
      usageAttempts: 3,
    })
    expect(await reads.usageTotals(MONTH)).toContainEqual({
      organizationId: 'org_usage',
      environment: 'live',
      meter: 'emits',
      count: 2,
    })
    const range = { from: iso(NOON - 3_600_000), to: iso(NOON + 3_600_000) }
    expect(
      await reads.usageTimeseries({ ...own, environment: 'live', meters: ['emits'], bucket: 'hour', ...range }),
    ).toEqual([{ start: iso(NOON).replace('.000', ''), meter: 'emits', count: 2 }])
  })

  it('counts what counters have counted between their readings, each once, over hours, months and restarts', async () => {
    const HOUR_MS = 3_600_000
    const own = { organizationId: 'org_readings', environment: 'live' as const }
    const of = (counterId: string, reading: number, atMs: number) => ({
      ...own,
      ...{ meter: 'streamed_events' as const, counterId, reading, atMs },
    })
    await insert({ readings: [of('a/1', 4, NOON), of('a/1', 10, NOON + 60_000), of('b/1', 7, NOON + 120_000)] })
    await insert({
      readings: [of('a/1', 10, NOON + 60_000), of('a/1', 25, NOON + HOUR_MS), of('a/2', 1, NOON + HOUR_MS)],
    })
    await insert({
      readings: [of('c/1', 100, LAST_OF_PREVIOUS_MONTH - HOUR_MS), of('c/1', 130, LAST_OF_PREVIOUS_MONTH + 2)],
    })
    await insert({ readings: [{ ...of('a/1', 9, NOON), organizationId: 'org_other_readings' }] })
    const summary = async (month: string) =>
      (await reads.usageSummary(own.organizationId, 'live', month)).streamed_events
    expect(await summary(MONTH)).toBe(25 + 7 + 1 + 30)
    expect(await summary(new Date(LAST_OF_PREVIOUS_MONTH).toISOString().slice(0, 7))).toBe(100)
    expect(await reads.usageTotals(MONTH)).toContainEqual({ ...own, meter: 'streamed_events', count: 63 })
    const range = { from: iso(NOON), to: iso(NOON + 2 * HOUR_MS) }
    const buckets = await reads.usageTimeseries({ ...own, meters: ['streamed_events'], bucket: 'hour', ...range })
    expect(buckets.map(({ count }) => count)).toEqual([17, 16])
    const later = { from: iso(NOON + HOUR_MS), to: iso(NOON + 2 * HOUR_MS) }
    expect(
      (await reads.usageTimeseries({ ...own, meters: [], bucket: 'hour', ...later })).map(({ count }) => count),
    ).toEqual([16])
  })

  it('counts whole buckets, from the one that contains the beginning to the last one that begins before the end', async () => {
    const own = { organizationId: 'org_buckets', environment: 'live' as const }
    const HOUR_MS = 3_600_000
    await insert({
      verdicts: [0, 1, 2].map(n =>
        verdict(n + 1, { organizationId: 'org_buckets', recordedAtMs: NOON + n * HOUR_MS + 60_000 }),
      ),
    })
    const starts = async (bucket: 'hour' | 'day', fromMs: number, toMs: number) =>
      (await reads.usageTimeseries({ ...own, meters: ['emits'], bucket, from: iso(fromMs), to: iso(toMs) })).map(
        each => [Date.parse(each.start), each.count],
      )
    expect(await starts('hour', NOON + 30 * 60_000, NOON + HOUR_MS + 1)).toEqual([
      [NOON, 1],
      [NOON + HOUR_MS, 1],
    ])
    expect(await starts('hour', NOON, NOON + HOUR_MS)).toEqual([[NOON, 1]])
    expect(await starts('day', NOON + HOUR_MS, NOON + HOUR_MS + 1)).toEqual([[NOON - 12 * HOUR_MS, 3]])
    expect(await starts('day', NOON + 12 * HOUR_MS, NOON + 13 * HOUR_MS)).toEqual([])
  })
})

describe('changes', () => {
  it('are listed newest first, page by page', async () => {
    const organizationId = 'org_changes'
    await insert({ changes: [1, 2, 3].map(n => change(n, { organizationId, occurredAtMs: NOON })) })

    const first = await reads.listChanges({ organizationId, limit: 2 })
    const second = await reads.listChanges({ organizationId, limit: 2, cursor: first.nextCursor ?? undefined })

    expect([...first.items, ...second.items].map(item => item.id)).toEqual(['chg_0003', 'chg_0002', 'chg_0001'])
    expect(first.items[0]?.data).toEqual({ url: 'https://example.com' })
    expect((await reads.listChanges({ organizationId, entityId: 'wh_2', limit: 2 })).items).toHaveLength(1)
    expect((await reads.listChanges({ organizationId: 'org_other', limit: 2 })).items).toEqual([])
  })
})

const iso = (ms: number): string => new Date(ms).toISOString()
