/** Events to deliver again, when the history has them and when it does not have them yet. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import { createReads } from '../../src/analytics/read/reads.ts'
import { type Clock, createSystemClock } from '../../src/clock.ts'
import { createStoredEvents } from '../../src/replay/stored-events.ts'
import { NOON, verdict } from '../analytics/audit-rows.ts'
import { insertAudit, migratedDatabase } from '../analytics/database.ts'

const owner = { organizationId: 'org_1', environment: 'live' as const }
const MINUTE_MS = 60_000

let client: AnalyticsClient
let blocks = 0
beforeAll(async () => {
  client = await migratedDatabase()
})
afterAll(() => client?.close())

/** At a time of the day of the rows; `slept` is called instead of waiting. */
function keptAt(nowMs: number, slept: () => Promise<void>) {
  const clock: Clock = { ...createSystemClock(), machineMs: () => nowMs, sleep: slept }
  return createStoredEvents({ reads: createReads(client), clock })
}

const neverSlept = () => Promise.reject(new Error('there was nothing to wait for'))

it('a stored event is answered at once', async () => {
  const emit = verdict(1)
  await insertAudit(client, blocks++, { verdicts: [emit] })
  const found = await keptAt(NOON + MINUTE_MS, neverSlept).get(owner, emit.emitId)
  expect(found.event).toMatchObject({ eventId: emit.eventId, recordedAtMs: emit.recordedAtMs })
  expect(found.payload.equals(emit.payload!)).toBe(true)
})

it('an event of the last moments is waited for', async () => {
  const emit = verdict(2)
  let naps = 0
  const kept = keptAt(NOON + MINUTE_MS, async () => {
    if (++naps === 3) await insertAudit(client, blocks++, { verdicts: [emit] })
  })
  expect((await kept.get(owner, emit.emitId)).event.eventId).toBe(emit.eventId)
  expect(naps).toBe(3)
})

it('a missing event of the last hour may come later; an older one is gone', async () => {
  const emit = verdict(3)
  let naps = 0
  const kept = keptAt(NOON + 59 * MINUTE_MS, async () => void naps++)
  await expect(kept.get(owner, emit.emitId)).rejects.toMatchObject({ code: 'service_unavailable' })
  expect(naps).toBe(50)
  await expect(keptAt(NOON + 61 * MINUTE_MS, neverSlept).get(owner, emit.emitId)).rejects.toMatchObject({
    code: 'outside_retention',
  })
  await expect(keptAt(NOON, neverSlept).get(owner, 'cee_none')).rejects.toMatchObject({ code: 'outside_retention' })
})

it('of several those are answered that are there', async () => {
  const [there, gone] = [verdict(4), verdict(5, { recordedAtMs: NOON - 24 * 60 * MINUTE_MS })]
  await insertAudit(client, blocks++, { verdicts: [there] })
  const found = await keptAt(NOON + MINUTE_MS, neverSlept).find(owner, [there.emitId, gone.emitId, there.emitId])
  expect([...found.keys()]).toEqual([there.emitId])
})
