/** The same sixteen organizations on installations of 1, 4 and 16 shards, each made for it: at full speed in one process, and over HTTP. */
import { orderJson } from '../order.ts'
import { spreadOrganizations } from '../organizations.ts'
import type { Testbed } from '../testbed.ts'
import { floodedCost } from './flooded.ts'
import type { Series } from './series.ts'
import { scattered, steadyCost } from './steady.ts'

const SIZES = [1, 4, 16]
const ORGANIZATIONS = 16

export async function shardsSeries(testbed: Testbed): Promise<Series[]> {
  const flooded: Series = { of: 'shards, from full topics', points: [] }
  const steady: Series = { of: 'shards, over HTTP', points: [] }
  for (const at of SIZES) {
    testbed.say(`${at} shards`)
    const other = await testbed.another(`shards-${at}`, { CLARION_SHARDS: String(at) })
    try {
      const organizations = await spreadOrganizations(other, ORGANIZATIONS)
      const records = Math.floor((testbed.options.records * 2) / ORGANIZATIONS)
      const load = {
        organizations,
        records,
        record: ({ event }: { event: string }, n: number) => ({ name: event, payload: orderJson(n) }),
      }
      flooded.points.push({ at, cost: await floodedCost(other, 1, load) })
      const platform = await other.platform('all', 'growth-shards')
      const nth = (n: number) => {
        const { apiKey, event } = scattered(organizations, n)
        return { apiKey, body: `{"name":"${event}","payload":${orderJson(n)}}` }
      }
      steady.points.push({ at, cost: await steadyCost(other, platform, nth) })
      await platform.end()
    } finally {
      await other.stopParts()
    }
  }
  return [flooded, steady]
}
