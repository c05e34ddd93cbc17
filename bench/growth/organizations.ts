/** One installation grows from ten organizations to thousands; the same load is spread over all that are there. */
import type { Testbed } from '../testbed.ts'
import { makeMany, post } from './many.ts'
import { type Series, scaled } from './series.ts'
import { scattered, steadyCost } from './steady.ts'

const SIZES = [10, 100, 1_000, 5_000]

export async function organizationsSeries(testbed: Testbed): Promise<Series> {
  const series: Series = { of: 'organizations', points: [] }
  const platform = await testbed.platform('all', 'growth-organizations')
  const operator = platform.client(platform.adminKey)
  const keys: string[] = []
  const makeOne = async () => {
    const slug = `g${testbed.random.bytes(6).toString('hex')}`
    const made = await post<{ apiKey: string }>(operator, '/api/v1/organizations', {
      name: slug,
      slug,
      plan: 'ENTERPRISE',
    })
    keys.push(made.apiKey)
  }
  for (const at of scaled(SIZES, testbed.options.records)) {
    testbed.say(`${at} organizations`)
    await makeMany(keys.length, at, makeOne)
    const nth = (n: number) => ({ apiKey: scattered(keys, n), body: genericBody(n) })
    series.points.push({ at, cost: await steadyCost(testbed, platform, nth) })
  }
  await platform.end()
  return series
}

const NOTE = 'x'.repeat(400)
const genericBody = (n: number) =>
  JSON.stringify({ name: 'platformxe.generic', payload: { kind: `kind-${n % 10}`, data: { n, note: NOTE } } })
