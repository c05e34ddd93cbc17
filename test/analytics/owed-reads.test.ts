import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { createOwedReads } from '../../src/analytics/read/owed-reads.ts'
import { matched } from './audit-rows.ts'
import { insertAudit, migratedDatabase } from './database.ts'

let client: AnalyticsClient
beforeAll(async () => {
  client = await migratedDatabase()
})
afterAll(() => client?.close())

it('says which webhooks events were given to, and which events had these numbers', async () => {
  const organizationId = 'org_owed'
  const verdicts = [1, 2, 3, 4].map(n => matched(n, n % 2 === 0 ? ['wh_1', 'wh_2'] : ['wh_2'], [], { organizationId }))
  await insertAudit(client, 0, { verdicts })
  const reads = createOwedReads(client)
  const log = { organizationId, environment: 'live' as const }
  const found = await reads.subscribersOf(log, [...verdicts, { emitId: 'cee_unknown' }])
  expect(verdicts.map(({ eventId }) => found.get(eventId!))).toEqual([
    ['wh_2'],
    ['wh_1', 'wh_2'],
    ['wh_2'],
    ['wh_1', 'wh_2'],
  ])
  expect(found.size).toBe(4)
  const numbers = verdicts.map(({ sequence }) => sequence!)
  const events = await reads.eventsByNumber(log, { from: numbers[1]!, through: numbers[2]! })
  expect(events.map(({ event, webhookIds }) => [event.eventId, webhookIds])).toEqual([
    [verdicts[1]!.eventId, ['wh_1', 'wh_2']],
    [verdicts[2]!.eventId, ['wh_2']],
  ])
})
