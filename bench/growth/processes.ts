/** One, two and four processes of role `admit` share the shards; eight organizations, one on each. */
import { orderJson } from '../order.ts'
import { spreadOrganizations } from '../organizations.ts'
import type { Testbed } from '../testbed.ts'
import { floodedCost } from './flooded.ts'
import type { Series } from './series.ts'

const SIZES = [1, 2, 4]
const ORGANIZATIONS = 8

export async function processesSeries(testbed: Testbed): Promise<Series> {
  const series: Series = { of: '`admit` processes, from full topics', points: [] }
  const organizations = await spreadOrganizations(testbed, ORGANIZATIONS)
  const records = Math.floor((testbed.options.records * 2) / ORGANIZATIONS)
  const load = {
    organizations,
    records,
    record: ({ event }: { event: string }, n: number) => ({ name: event, payload: orderJson(n) }),
  }
  for (const at of SIZES) {
    testbed.say(`${at} processes of role admit`)
    series.points.push({ at, cost: await floodedCost(testbed, at, load) })
  }
  return series
}
