/** The check of the ledger against a whole platform whose clock goes on by a month. */
import { afterAll, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { batch, checkLedger, emitMany } from './checked.ts'

const MONTH_MS = 31 * 86_400_000
const clock = createSystemClock()
let platform: TestPlatform
afterAll(() => platform?.stop(), 60_000)

it('the ledger agrees across the turn of a month', async () => {
  platform = await startPlatform()
  const organization = await platform.organization('FREE')
  await emitMany(organization, 30)
  await platform.stop()
  platform = await startPlatform({ dataDir: platform.dataDir, env: { CLARION_CLOCK_OFFSET_MS: String(MONTH_MS) } })
  await platform.call(organization.apiKey, 'POST', '/api/v1/events/custom/emit/batch', batch(20))
  expect(await checkLedger(platform, organization.org.id)).toMatchObject({
    consistent: true,
    findings: [],
    organizations: 1,
  })
  const months = [0, MONTH_MS].map(ms => new Date(clock.nowMs() + ms).toISOString().slice(0, 7))
  const used = months.map(async month => {
    const { data } = await platform.call<{ meters: { emits: number }; final: boolean }>(
      ...([organization.apiKey, 'GET', `/api/v1/usage/summary?month=${month}`] as const),
    )
    return [data.meters.emits, data.final]
  })
  expect(await Promise.all(used)).toEqual([
    [30, true],
    [20, false],
  ])
}, 120_000)
