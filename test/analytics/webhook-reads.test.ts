import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { createReads, type Reads } from '../../src/analytics/read/reads.ts'
import { deliveryId } from '../../src/model/ids.ts'
import { attempt, matched, NOON } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

let client: AnalyticsClient
let reads: Reads
const dlv = (of: { eventId: string | null }, webhookId: string, replayId?: string) =>
  deliveryId(of.eventId ?? '', webhookId, replayId)

beforeAll(async () => {
  client = await migratedDatabase()
  reads = createReads(client)
})
afterAll(() => client?.close())

it('the activity of webhooks counts every attempt and every failure once, over all blocks, and shows the result of the last attempt', async () => {
  const organizationId = 'org_activity'
  const events = [1, 2, 3].map(n => matched(n, ['wh_1', 'wh_2'], [], { organizationId }))
  const step = (
    at: number,
    webhookId: string,
    number: number,
    state: 'retrying' | 'success' | 'failed' | 'cancelled',
    more = {},
  ) =>
    attempt(events[at]!, webhookId, deliveryId(events[at]!.eventId!, webhookId), {
      ...{ number, state, startedAtMs: NOON + 1000 * (10 * at + number) },
      ...more,
    })
  const blocks = [
    [step(0, 'wh_1', 1, 'retrying'), step(0, 'wh_2', 1, 'success'), step(1, 'wh_1', 1, 'success')],
    [step(0, 'wh_1', 2, 'failed'), step(2, 'wh_1', 1, 'failed')],
    [
      step(2, 'wh_2', 0, 'cancelled', { attemptId: null, startedAtMs: NOON + 99_000 }),
      step(1, 'wh_2', 0, 'failed', { attemptId: null, startedAtMs: NOON + 99_000, reason: 'endpoint_unavailable' }),
      step(1, 'wh_3', 0, 'failed', { attemptId: null, startedAtMs: NOON + 99_000, reason: 'outside_retention' }),
    ],
  ]
  for (const [number, attempts] of blocks.entries()) await insertAudit(client, number, { attempts })
  await insertAudit(client, 0, { attempts: blocks[0]! })
  const found = await reads.webhookActivity(organizationId, 'live', ['wh_1', 'wh_2', 'wh_3', 'wh_4'])
  expect(Object.fromEntries(found)).toEqual({
    wh_1: {
      ...{ lastDeliveryAt: new Date(NOON + 21_000).toISOString(), lastDeliveryStatus: 'failed' },
      ...{ counters: { attempts: 4, succeeded: 1, failed: 2 }, countersReason: null },
    },
    wh_2: {
      ...{ lastDeliveryAt: new Date(NOON + 1_000).toISOString(), lastDeliveryStatus: 'success' },
      ...{ counters: { attempts: 1, succeeded: 1, failed: 1 }, countersReason: null },
    },
    wh_3: {
      ...{ lastDeliveryAt: null, lastDeliveryStatus: null },
      ...{ counters: { attempts: 0, succeeded: 0, failed: 1 }, countersReason: null },
    },
  })
  expect((await reads.webhookActivity('org_other', 'live', ['wh_1'])).size).toBe(0)
})

describe('the deliveries of a webhook', () => {
  const organizationId = 'org_deliveries'
  const emits = [1, 2, 3, 4, 5].map(n =>
    matched(n, ['wh_a', 'wh_b'], [], { organizationId, name: n === 5 ? 'shop.other' : 'shop.order_placed' }),
  )
  const [waiting, retrying, success, failed, cancelled] = emits as [
    (typeof emits)[0],
    (typeof emits)[0],
    (typeof emits)[0],
    (typeof emits)[0],
    (typeof emits)[0],
  ]
  const id = (of: { eventId: string | null }) => dlv(of, 'wh_a')
  const replay = dlv(waiting!, 'wh_a', 'rpl_1')
  const newestFirst = [
    [replay, 'success'],
    [id(cancelled!), 'cancelled'],
    [id(failed!), 'failed'],
    [id(success!), 'success'],
    [id(retrying!), 'retrying'],
    [id(waiting!), 'pending'],
  ]

  beforeAll(async () => {
    const refused = { responseStatus: 500, errorKind: 'status', error: 'HTTP 500' } as const
    await insertAudit(client, 3, {
      verdicts: emits,
      attempts: [
        attempt(retrying!, 'wh_a', id(retrying!), { state: 'retrying', ...refused, nextAttemptAtMs: NOON + 99_000 }),
        attempt(success!, 'wh_a', id(success!), { state: 'retrying', ...refused }),
        attempt(success!, 'wh_a', id(success!), { number: 2 }),
        attempt(failed!, 'wh_a', id(failed!), { number: 4, state: 'failed', ...refused }),
        attempt(cancelled!, 'wh_a', id(cancelled!), { number: 1, state: 'retrying', ...refused }),
        attempt(cancelled!, 'wh_a', id(cancelled!), {
          number: 1,
          attemptId: null,
          state: 'cancelled',
          reason: 'webhook_deleted',
          startedAtMs: NOON + 500,
          durationMs: 0,
        }),
        attempt(waiting!, 'wh_a', replay, { trigger: 'replay', createdAtMs: NOON + 7000, startedAtMs: NOON + 7001 }),
        attempt(waiting!, 'wh_b', dlv(waiting!, 'wh_b')),
      ],
    })
  })

  const list = (filter: Partial<Parameters<Reads['listDeliveries']>[0]> = {}) =>
    reads.listDeliveries({ organizationId, environment: 'live', webhookId: 'wh_a', limit: 20, ...filter })

  it('are listed newest first, in the state of their newest step, pending ones included', async () => {
    const page = await list()
    expect(page.items.map(delivery => [delivery.id, delivery.status])).toEqual(newestFirst)
    expect(page.nextCursor).toBeNull()
    expect((await list({ organizationId: 'org_other' })).items).toEqual([])
    expect((await list({ environment: 'test' })).items).toEqual([])
  })

  it('are listed page by page without a gap or a repetition', async () => {
    for (const limit of [1, 2, 4]) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await list({ limit, cursor })
        expect(page.items.length).toBeLessThanOrEqual(limit)
        seen.push(...page.items.map(delivery => delivery.id))
        cursor = page.nextCursor ?? undefined
      } while (cursor)
      expect(seen).toEqual(newestFirst.map(([deliveryIdOf]) => deliveryIdOf))
    }
  })

  it.each(['pending', 'success', 'retrying', 'failed', 'cancelled', 'skipped'] as const)(
    'are listed by status: %s',
    async status => {
      expect((await list({ status })).items.map(delivery => delivery.id)).toEqual(
        newestFirst.filter(([, state]) => state === status).map(([deliveryIdOf]) => deliveryIdOf),
      )
    },
  )

  it('are listed by type and time', async () => {
    expect((await list({ type: 'shop.other' })).items.map(delivery => delivery.id)).toEqual([id(cancelled!)])
    const between = await list({ from: iso(NOON + 2), to: iso(NOON + 4) })
    expect(between.items.map(delivery => delivery.id)).toEqual([id(success!), id(retrying!)])
  })

  it('are found by id, attempted or not, by their own organization alone', async () => {
    for (const [deliveryIdOf, status] of newestFirst) {
      expect(await reads.deliveryById(organizationId, 'live', deliveryIdOf!)).toMatchObject({
        id: deliveryIdOf,
        webhookId: 'wh_a',
        status,
      })
      expect(await reads.deliveryById('org_other', 'live', deliveryIdOf!)).toBeUndefined()
    }
    expect(await reads.deliveryById(organizationId, 'live', 'dlv_nothing')).toBeUndefined()
  })

  it('show the result of the last attempt and when it ended', async () => {
    expect(await reads.deliveryById(organizationId, 'live', id(failed!))).toMatchObject({
      attempts: 4,
      responseStatus: 500,
      lastError: 'HTTP 500',
      lastErrorKind: 'status',
      completedAt: iso(failed!.recordedAtMs + 40 + 7),
    })
    expect(await reads.deliveryById(organizationId, 'live', id(retrying!))).toMatchObject({
      nextAttemptAt: iso(NOON + 99_000),
      completedAt: null,
    })
    const steps = await reads.listAttempts(organizationId, 'live', id(cancelled!))
    expect(steps.map(step => [step.number, step.attemptId === null, step.state, step.reason])).toEqual([
      [1, false, 'retrying', null],
      [1, true, 'cancelled', 'webhook_deleted'],
    ])
  })

  it('do not follow a cursor that is not one', async () => {
    for (const cursor of [
      'x',
      '',
      Buffer.from('["2026","a","b"]').toString('base64url'),
      Buffer.from('[1,2,3]').toString('base64url'),
    ]) {
      await expect(list({ cursor })).rejects.toMatchObject({ code: 'validation_failed' })
    }
  })
})

const iso = (ms: number): string => new Date(ms).toISOString()
