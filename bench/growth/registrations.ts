/** One organization registers more and more events, and emits all of them in turn. */
import { ORDER_SCHEMA, orderJson } from '../order.ts'
import { makeOrganization } from '../organizations.ts'
import type { Testbed } from '../testbed.ts'
import { makeMany, post } from './many.ts'
import { type Series, scaled } from './series.ts'
import { scattered, steadyCost } from './steady.ts'

const SIZES = [1, 100, 1_000, 5_000]

export async function registrationsSeries(testbed: Testbed): Promise<Series> {
  const series: Series = { of: 'registrations of one organization', points: [] }
  const platform = await testbed.platform('all', 'growth-registrations')
  const { apiKey, event } = await makeOrganization(platform, testbed)
  const client = platform.client(apiKey)
  const [namespace] = event.split('.') as [string]
  const events = [event]
  const register = async (number: number) => {
    const name = `order_${number}`
    await post(client, '/api/v1/events/custom', {
      namespace,
      name,
      version: '1.0.0',
      status: 'published',
      payloadSchema: ORDER_SCHEMA,
    })
    events.push(`${namespace}.${name}`)
  }
  for (const at of scaled(SIZES, testbed.options.records)) {
    testbed.say(`${at} registrations`)
    await makeMany(events.length, at, register)
    const nth = (n: number) => ({ apiKey, body: `{"name":"${scattered(events, n)}","payload":${orderJson(n)}}` })
    series.points.push({ at, cost: await steadyCost(testbed, platform, nth) })
  }
  await platform.end()
  return series
}
