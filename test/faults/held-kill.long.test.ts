/**
 * `kill -9` while a webhook is live, held, probed, fed, paused, left out and redriven: each (webhook, event) ends exactly once. The model test of
 * `deliver` has the same states in a second.
 */
import { afterEach, expect, it } from '@jest/globals'
import { createAnalyticsClient } from '../../src/analytics/client.ts'
import { createSystemClock } from '../../src/clock.ts'
import { createLogger } from '../../src/logger.ts'
import { patient } from '../support/patience.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { connectionsOf } from '../support/platform-connections.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'

const clock = createSystemClock()
const running: TestPlatform[] = []
const receivers: Receiver[] = []
afterEach(async () => {
  for (const platform of running.splice(0)) await platform.stop().catch(() => undefined)
  for (const receiver of receivers.splice(0)) await receiver.close()
}, 120_000)

interface Shown {
  waiting: { count: number; reason: string; ratePerSecond: number } | null
}
interface Steps {
  webhookId: string
  ends: number
  /** Deliveries whose newest step is a success. */
  well: number
  attempts: number
  repeated: number
}

/** A minute is three seconds; what is owed has hours. */
const TIME_SCALE = '0.05'

it('loses nothing, and ends nothing twice, in any state of a webhook that waits', async () => {
  const start = async (dataDir?: string) => {
    const platform = await startPlatform({
      env: { CLARION_TIME_SCALE: TIME_SCALE },
      ...(dataDir === undefined ? {} : { dataDir }),
    })
    running.push(platform)
    return platform
  }
  let platform = await start()
  const { apiKey, org } = await platform.organization()
  const call = <T>(method: string, path: string, body?: unknown) => platform.call<T>(apiKey, method, path, body)
  const killed: string[] = []
  async function kill(state: string): Promise<void> {
    await platform.kill()
    killed.push(state)
    platform = await start(platform.dataDir)
  }

  const receiver = async () => {
    const made = await createReceiver()
    receivers.push(made)
    return made
  }
  const [held, dead, good] = [await receiver(), await receiver(), await receiver()]
  const webhook = async ({ url }: Receiver, settings: object) =>
    (await call<{ id: string }>('POST', '/api/v1/webhooks', { url, events: ['*'], timeoutMs: 1_000, ...settings })).data
      .id
  const delays = [0, '20s', '30m', '30m', '30m', '30m']
  const heldId = await webhook(held, { maxInFlight: 5, retry: { delays } })
  const deadId = await webhook(dead, { maxInFlight: 50, retry: { delays: [0] } })
  const goodId = await webhook(good, { maxInFlight: 50 })

  let emitted = 0
  async function emit(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 100) {
      const items = Array.from({ length: 100 }, () => ({
        ...{ name: 'platformxe.generic', payload: { kind: 'k' }, idempotencyKey: `n${emitted++}` },
      }))
      await call('POST', '/api/v1/events/custom/emit/batch', { items })
    }
  }
  const shown = async (id: string) => (await call<Shown>('GET', `/api/v1/webhooks/${id}`)).data.waiting
  async function until(is: () => Promise<boolean>, what: string, patienceMs = patient(90_000)): Promise<void> {
    for (const endMs = clock.monotonicMs() + patienceMs; !(await is()); await clock.sleep(100))
      if (clock.monotonicMs() > endMs) throw new Error(`${what}: ${JSON.stringify(await shown(heldId))}`)
  }
  const waitsFor = (reason: string) => async () => (await shown(heldId))?.reason === reason
  const comes = (to: Receiver, more: number) => {
    const before = to.requests.length
    return async () => to.requests.length >= before + more
  }
  const slowly = (ms: number) => () => ({ late: clock.sleep(ms) })

  // Live.
  held.answerWith(slowly(20))
  dead.answerWith(() => ({ status: 500 }))
  await emit(300)
  await until(comes(held, 20), 'it is not delivered to')
  await kill('live')

  // Held: more than a thousand wait for an endpoint that hangs.
  held.answerWith(() => 'hang')
  await emit(1_600)
  await until(waitsFor('held'), 'it is not held')
  await kill('held')
  await until(comes(held, 1), 'no probe comes')
  await kill('probing')

  held.answerWith(slowly(30))
  await until(comes(held, 100), 'it is not fed')
  await kill('feeding')
  await until(comes(held, 50), 'it is not fed on')

  // Paused, with what it was owed and more.
  await call('PATCH', `/api/v1/webhooks/${heldId}`, { active: false })
  await emit(300)
  await until(waitsFor('paused'), 'it is not paused')
  await kill('paused')
  await call('POST', `/api/v1/webhooks/${heldId}/activate`, { resume: 'latest' })
  await kill('closing')
  await emit(100)

  // All that the dead one was given has failed: its dead letters go again.
  const failed = async () => (await stepsOf(org.id)).get(deadId)?.ends ?? 0
  await until(async () => (await failed()) >= emitted, 'the dead one has not failed')
  dead.answerWith(() => ({ status: 204 }))
  const before = dead.requests.length
  await call('POST', '/api/v1/webhooks/dead-letters/redrive', { webhookId: deadId, ratePerSecond: 400 })
  await until(async () => dead.requests.length > before + 200, 'nothing is redriven')
  await kill('redriving')

  const total = emitted
  const over = async () => {
    const steps = await stepsOf(org.id)
    const areOver = [heldId, deadId, goodId].every(id => (steps.get(id)?.ends ?? 0) >= total)
    return areOver && (steps.get(deadId)?.well ?? 0) >= total && (await completionsOf(org.id)).emits >= total
  }
  await until(over, 'not everything has come to its end', patient(240_000))
  await clock.sleep(3_000)
  const steps = await stepsOf(org.id)
  for (const id of [heldId, deadId, goodId])
    expect({ id, ...steps.get(id) }).toMatchObject({ id, ends: total, repeated: 0 })
  expect([deadId, goodId].map(id => steps.get(id)?.well)).toEqual([total, total])
  expect(await completionsOf(org.id)).toEqual({ emits: total, rows: total })
  expect(await shown(heldId)).toBeNull()
  expect(killed).toEqual(['live', 'held', 'probing', 'feeding', 'paused', 'closing', 'redriving'])

  async function query<T>(sql: string, parameters: Record<string, unknown>): Promise<T[]> {
    const url = connectionsOf(platform).clickhouseUrl
    const analytics = createAnalyticsClient({ url, database: 'clarion', clock, logger: createLogger('silent') })
    try {
      return await analytics.query<T>(sql, parameters)
    } catch {
      return []
    } finally {
      await analytics.close()
    }
  }
  /** Ends of live deliveries, by webhook, and attempts that have the same number. */
  async function stepsOf(organizationId: string): Promise<Map<string, Steps>> {
    const found = await query<Steps>(
      `SELECT webhookId, countIf(state != 'retrying' AND trigger = 'live') AS ends, countIf(attemptId IS NOT NULL) AS attempts,
        attempts - uniqExactIf((deliveryId, number), attemptId IS NOT NULL) AS repeated, uniqExactIf(deliveryId, state = 'success') AS well
      FROM attempts WHERE organizationId = {organizationId:String} GROUP BY webhookId`,
      { organizationId },
    )
    return new Map(found.map(each => [each.webhookId, each]))
  }
  async function completionsOf(organizationId: string): Promise<{ emits: number; rows: number }> {
    const sql =
      'SELECT uniqExact(emitId) AS emits, count() AS rows FROM completions WHERE organizationId = {organizationId:String}'
    return (await query<{ emits: number; rows: number }>(sql, { organizationId }))[0] ?? { emits: 0, rows: 0 }
  }
}, 900_000)
