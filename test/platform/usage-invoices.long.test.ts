/** Months of usage plans on a whole platform, whose clock goes on to the next month: each is billed once, whatever is killed. */
import { afterAll, expect, it } from '@jest/globals'
import { patient } from '../support/patience.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { until } from '../support/until.ts'

const EMITS = 30
const HOUR_MS = 3_600_000
const PLANS = '/api/v1/invoices/usage-plans'

interface UsageInvoice {
  number: number
  usage_month: string
  total: number
  lines: Array<{ sku: string; quantity: string }>
}

let platform: TestPlatform
let apiKey = ''
afterAll(() => platform?.stop(), 60_000)

const call = <T>(method: string, path: string, body?: object) => platform.call<T>(apiKey, method, path, body)

/** Two hours behind the end of the month: the last rows of a month have an hour to come. */
function offsetBehind(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return String(Date.UTC(year, number) + 2 * HOUR_MS - Date.now())
}

async function restart(month: string): Promise<void> {
  const { dataDir } = platform
  platform = await startPlatform({ dataDir, env: { CLARION_CLOCK_OFFSET_MS: offsetBehind(month) } })
}

const listed = async () => (await call<UsageInvoice[]>('GET', '/api/v1/invoices?limit=100')).data
const invoices = (least: number) => until(listed, found => found.length >= least, patient(60_000))

async function announced(): Promise<number> {
  const { body } = await call('GET', '/api/v1/events?types=invoice.generated&from=earliest&limit=100')
  return (body as { data: unknown[] }).data.length
}

const monthAfter = (month: string): string => {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number)).toISOString().slice(0, 7)
}

it('the usage of each month becomes one invoice by itself, though the platform is killed on the way', async () => {
  platform = await startPlatform()
  apiKey = (await platform.organization('PRO')).apiKey
  const plan = { customer_id: 'c1', currency: 'EUR', prices: { emits: '0.50', webhook_attempts: '1' } }
  const made = await call<{ next_month: string }>('POST', PLANS, plan)
  expect([made.status, made.code]).toEqual([201, undefined])
  const month = made.data.next_month
  const items = Array.from({ length: EMITS }, (_, n) => ({
    name: 'platformxe.generic',
    payload: { kind: 'k', data: { n } },
  }))
  expect((await call('POST', '/api/v1/events/custom/emit/batch', { items })).status).toBe(200)
  const recorded = async () => {
    const { data } = await call<{ meters: Record<string, number> }>('GET', `/api/v1/usage/summary?month=${month}`)
    return data.meters.emits_generic
  }
  await until(recorded, count => count === EMITS)
  await platform.stop()

  await restart(month)
  await platform.kill()
  await restart(month)
  const first = await invoices(1)
  expect(first).toMatchObject([{ number: 1, usage_month: month, total: 15 }])
  expect(first[0]!.lines.map(({ sku, quantity }) => [sku, quantity])).toEqual([
    ['emits', String(EMITS)],
    ['webhook_attempts', '0'],
  ])
  await platform.kill()
  const next = monthAfter(month)
  await restart(next)
  const both = (await invoices(2)).sort((a, b) => a.number - b.number)
  expect(both.map(({ number, usage_month, total }) => [number, usage_month, total])).toEqual([
    [1, month, 15],
    [2, next, 0],
  ])
  expect(await until(announced, count => count >= 2)).toBe(2)
  expect((await call<UsageInvoice[]>('GET', '/api/v1/invoices?limit=100')).data).toHaveLength(2)
}, 600_000)
