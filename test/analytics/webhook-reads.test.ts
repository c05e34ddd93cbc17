import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { createReads } from '../../src/analytics/read/reads.ts'
import { deliveryId } from '../../src/model/ids.ts'
import { attempt, matched, NOON } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

let client: AnalyticsClient
beforeAll(async () => {
  client = await migratedDatabase()
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
  const found = await createReads(client).webhookActivity(organizationId, 'live', ['wh_1', 'wh_2', 'wh_3', 'wh_4'])
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
  expect((await createReads(client).webhookActivity('org_other', 'live', ['wh_1'])).size).toBe(0)
})
