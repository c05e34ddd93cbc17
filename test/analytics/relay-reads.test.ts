import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { createReads, type Reads } from '../../src/analytics/read/reads.ts'
import { deliveryId, eventId, relayId } from '../../src/model/ids.ts'
import type { RelayRow } from '../../topics/audit-relays.ts'
import { attempt, NOON as BASE_MS, MONTH, verdict } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

let analytics: AnalyticsClient
let reads: Reads
beforeAll(async () => {
  analytics = await migratedDatabase()
  reads = createReads(analytics)
})
afterAll(() => analytics?.close())

const OWNER = 'org_owner'
const timeOf = (ms: number) => new Date(BASE_MS + ms).toISOString()
const eventAt = (second: number) =>
  eventId({
    timestampMs: BASE_MS + 1_000 * second,
    partition: 0,
    offset: second,
    organizationId: OWNER,
    environment: 'live',
    kind: 'emits',
  })

/** One step of a relay of the event of that second. */
function step(second: number, more: Partial<RelayRow> = {}): RelayRow {
  const memberId = more.memberId ?? 'cefm_one'
  const sourceEventId = eventAt(second)
  return {
    ...{
      relayId: relayId(sourceEventId, 'cefp_one', memberId),
      step: 0,
      organizationId: OWNER,
      groupId: 'cefg_one',
      pushId: 'cefp_one',
    },
    ...{ memberId, memberOrganizationId: 'org_peer', sourceEventId, sourceEmitId: `cee_${sourceEventId.slice(4)}` },
    ...{
      sourceCanonicalName: 'TENANT_CUSTOM:org_owner:a.b@1.0.0',
      targetEventId: null,
      targetCanonicalName: 'TENANT_CUSTOM:org_peer:a.b@1.0.0',
    },
    ...{ deliveryId: null, status: 'queued', skipReason: null, lastError: null },
    ...{ queuedAtMs: BASE_MS + 1_000 * second, atMs: BASE_MS + 1_000 * second + 5, ...more },
  }
}
const arrived = (second: number, more: Partial<RelayRow> = {}) =>
  step(second, {
    ...{
      step: 1,
      status: 'relayed',
      targetEventId: `evt_${'t'.repeat(32)}`,
      sourceCanonicalName: '',
      atMs: BASE_MS + 1_000 * second + 40,
    },
    ...more,
  })

describe('the relay log', () => {
  beforeAll(async () => {
    const external = (second: number) => ({
      ...{ memberId: 'cefm_ext', memberOrganizationId: null, targetCanonicalName: null },
      deliveryId: deliveryId(eventAt(second), 'cefm_ext'),
    })
    const relays = [
      step(1),
      arrived(1),
      step(2),
      arrived(2, { status: 'failed', lastError: 'federation_name_conflict', targetEventId: null }),
      step(3),
      arrived(3, { status: 'failed', lastError: 'federation_name_conflict', targetEventId: null }),
      arrived(3, { atMs: BASE_MS + 4_500 }),
      step(4, { status: 'skipped', skipReason: 'plan' }),
      step(5),
      step(6, external(6)),
      step(7, external(7)),
      step(8, external(8)),
      step(9, { ...external(9), groupId: 'cefg_two' }),
      step(10, { ...external(10), groupId: 'cefg_two' }),
      step(1, { organizationId: 'org_other' }),
    ]
    const tried = (second: number, more: object) => {
      const facts = { organizationId: OWNER, eventId: eventAt(second) }
      return attempt(verdict(second, facts), 'cefm_ext', deliveryId(eventAt(second), 'cefm_ext'), { ...facts, ...more })
    }
    const attempts = [
      tried(6, {
        number: 1,
        state: 'retrying',
        responseStatus: 500,
        error: 'status 500',
        startedAtMs: BASE_MS + 6_100,
      }),
      tried(6, { number: 2, state: 'success', responseStatus: 204, error: null, startedAtMs: BASE_MS + 60_000 }),
      tried(7, { number: 1, state: 'failed', responseStatus: 410, error: 'status 410', startedAtMs: BASE_MS + 7_100 }),
      tried(10, {
        number: 0,
        attemptId: null,
        state: 'cancelled',
        reason: 'webhook_deleted',
        responseStatus: null,
        startedAtMs: BASE_MS + 8_004,
      }),
    ]
    await insertAudit(analytics, 1, { relays, attempts })
  })

  const list = (more: object = {}) =>
    reads.listRelays({ organizationId: OWNER, groupId: 'cefg_one', limit: 100, ...more })
  const brief = ({ items }: Awaited<ReturnType<typeof list>>) => items.map(each => [each.sourceEventId, each.status])

  it('shows each relay by its last step, newest first; of an endpoint, the result of its delivery', async () => {
    const { items, nextCursor } = await list()
    expect(nextCursor).toBeNull()
    expect(
      items.map(each => [each.status, each.skipReason, each.attempts, each.responseStatus, each.lastError]),
    ).toEqual([
      ['queued', null, 0, null, null],
      ['failed', null, 1, 410, 'status 410'],
      ['relayed', null, 2, 204, null],
      ['queued', null, 0, null, null],
      ['skipped', 'plan', 0, null, null],
      ['relayed', null, 2, null, null],
      ['failed', null, 1, null, 'federation_name_conflict'],
      ['relayed', null, 1, null, null],
    ])
    expect(items.at(-1)).toEqual({
      ...{
        id: step(1).relayId,
        groupId: 'cefg_one',
        pushId: 'cefp_one',
        memberId: 'cefm_one',
        sourceEventId: eventAt(1),
      },
      ...{
        sourceEmitId: step(1).sourceEmitId,
        sourceCanonicalName: 'TENANT_CUSTOM:org_owner:a.b@1.0.0',
        targetEventId: `evt_${'t'.repeat(32)}`,
      },
      ...{
        targetCanonicalName: 'TENANT_CUSTOM:org_peer:a.b@1.0.0',
        deliveryId: null,
        status: 'relayed',
        skipReason: null,
        attempts: 1,
      },
      ...{ responseStatus: null, lastError: null, queuedAt: timeOf(1_000), completedAt: timeOf(1_040) },
    })
    expect(items[0]!.completedAt).toBeNull()
    expect(items[2]!.completedAt).toBe(timeOf(60_000))
  })

  it('is paged without a gap, and filtered by status, member, push and event', async () => {
    const whole = brief(await list())
    const pages: unknown[] = []
    let cursor: string | undefined
    do {
      const page = await list({ limit: 3, cursor })
      pages.push(...brief(page))
      cursor = page.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(pages).toEqual(whole)
    for (const status of ['queued', 'relayed', 'failed', 'skipped'] as const)
      expect(brief(await list({ status, limit: 100 }))).toEqual(whole.filter(([, each]) => each === status))
    expect(brief(await list({ memberId: 'cefm_ext' }))).toHaveLength(3)
    expect(brief(await list({ pushId: 'cefp_none' }))).toEqual([])
    expect(brief(await list({ sourceEventId: eventAt(2) }))).toEqual([[eventAt(2), 'failed']])
    await expect(list({ cursor: 'x' })).rejects.toMatchObject({ code: 'validation_failed' })
  })

  it('shows in the lineage of an event the result of each relay, to an endpoint, too', async () => {
    const stations = async (second: number) =>
      (await reads.lineageOf(OWNER, eventAt(second)))
        .slice(1)
        .map(each => [each.memberId, each.status, each.skipReason, each.lastError])
    expect(await stations(6)).toEqual([['cefm_ext', 'relayed', null, null]])
    expect(await stations(7)).toEqual([['cefm_ext', 'failed', null, 'status 410']])
    expect(await stations(8)).toEqual([['cefm_ext', 'queued', null, null]])
    expect(await stations(10)).toEqual([['cefm_ext', 'skipped', 'webhook_deleted', null]])
    expect(await stations(2)).toEqual([['cefm_one', 'failed', null, 'federation_name_conflict']])
    expect(await stations(4)).toEqual([['cefm_one', 'skipped', 'plan', null]])
    expect((await reads.lineageOf(OWNER, eventAt(6)))[0]).toMatchObject({
      relayId: null,
      status: null,
      deliveries: [{ status: 'success' }],
    })
  })

  it('is the owner’s: one relay, the relays of an event, the last of each member, the meter', async () => {
    expect(await reads.relayById(OWNER, step(2).relayId)).toMatchObject({ status: 'failed' })
    expect(await reads.relayById('org_stranger', step(2).relayId)).toBeUndefined()
    expect(await reads.relaysOfEvent(OWNER, eventAt(9))).toHaveLength(1)
    expect(await reads.relaysOfEvent(OWNER, eventAt(9), 'cefm_other')).toEqual([])
    expect(await reads.lastRelays(OWNER, 'cefg_one')).toEqual(
      new Map([
        ['cefm_one', timeOf(4_500)],
        ['cefm_ext', timeOf(8_005)],
      ]),
    )
    // Skipped relays are not counted, nor are retries.
    expect((await reads.usageSummary(OWNER, 'live', MONTH)).federation_relays).toBe(9)
  })
})
