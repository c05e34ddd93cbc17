/**
 * One webhook of an organization gets its events. More and more others select the same event, each under a condition that does not hold. (Webhooks
 * that do get it are the figure `fan-out`.)
 */
import { orderJson } from '../order.ts'
import { makeOrganization } from '../organizations.ts'
import { openReceiver } from '../receiving.ts'
import type { Testbed } from '../testbed.ts'
import { makeMany, post } from './many.ts'
import { type Series, scaled } from './series.ts'
import { steadyCost } from './steady.ts'

/** The last is what the plan allows. */
const SIZES = [1, 10, 100, 500]

export async function webhooksSeries(testbed: Testbed): Promise<Series> {
  const series: Series = { of: 'webhooks of one organization, one matches', points: [] }
  const receiver = await openReceiver(testbed)
  const platform = await testbed.platform('all', 'growth-webhooks')
  const { apiKey, event } = await makeOrganization(platform, testbed)
  const client = platform.client(apiKey)
  const url = `http://127.0.0.1:${receiver.port}/hook`
  let made = 0
  const hook = async (number: number) => {
    const conditions = number === 0 ? null : { 'payload.currency': `X${number}` }
    await post(client, '/api/v1/webhooks', { url: `${url}-${number}`, events: [event], conditions })
    made++
  }
  for (const at of scaled(SIZES, testbed.options.records)) {
    testbed.say(`${at} webhooks`)
    await makeMany(made, at, hook)
    const nth = (n: number) => ({ apiKey, body: `{"name":"${event}","payload":${orderJson(n)}}` })
    series.points.push({ at, cost: await steadyCost(testbed, platform, nth) })
  }
  await platform.end()
  await receiver.child.end()
  return series
}
