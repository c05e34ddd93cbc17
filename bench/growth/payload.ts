/** Events of growing size: from full topics and, fewer of them, over HTTP. */
import { type BenchOrganization, organizationsOf } from '../organizations.ts'
import type { Testbed } from '../testbed.ts'
import { floodedCost } from './flooded.ts'
import type { Series } from './series.ts'
import { scattered, steadyCost } from './steady.ts'

const SIZES_KB = [0.5, 4, 32, 256]
const GENERIC = 'platformxe.generic'
/** Of all organizations together: the transaction that holds them back must be filled within Kafka's minute. */
const BYTES_MAX = 100e6
const RATE_PER_S = 20

export async function payloadSeries(testbed: Testbed): Promise<Series[]> {
  const organizations = await organizationsOf(testbed)
  const payloads = SIZES_KB.map(at => ({ at, payload: payloadOf(at * 1_024) }))
  const flooded: Series = { of: 'payload, from full topics', unit: 'KB', points: [] }
  for (const { at, payload } of payloads) {
    testbed.say(`payloads of ${at} KB from Kafka`)
    const records = Math.floor(Math.min(testbed.options.records * 2, BYTES_MAX / payload.length) / organizations.length)
    const load = { organizations, records, record: () => ({ name: GENERIC, payload }) }
    flooded.points.push({ at, cost: await floodedCost(testbed, 1, load) })
  }
  return [flooded, await overHttp(testbed, organizations, payloads)]
}

async function overHttp(
  testbed: Testbed,
  organizations: BenchOrganization[],
  payloads: Array<{ at: number; payload: string }>,
): Promise<Series> {
  const series: Series = { of: `payload, HTTP at ${RATE_PER_S}/s`, unit: 'KB', points: [] }
  const platform = await testbed.platform('all', 'growth-payload')
  for (const { at, payload } of payloads) {
    testbed.say(`payloads of ${at} KB over HTTP`)
    const body = `{"name":"${GENERIC}","payload":${payload}}`
    const nth = (n: number) => ({ apiKey: scattered(organizations, n).apiKey, body })
    series.points.push({ at, cost: await steadyCost(testbed, platform, nth, RATE_PER_S) })
  }
  await platform.end()
  return series
}

/** An event of the catch-all with as many lines as there is room for, `bytes` long exactly. */
function payloadOf(bytes: number): string {
  const line = (n: number) => ({ sku: `A-${1_000 + (n % 9_000)}`, quantity: 2, price: 19.95 })
  const text = (lines: number, note: string) =>
    JSON.stringify({ kind: 'order', data: { note, lines: Array.from({ length: lines }, (_, n) => line(n)) } })
  const perLine = text(2, '').length - text(1, '').length
  const lines = Math.floor((bytes - text(0, '').length) / perLine)
  return text(lines, 'x'.repeat(bytes - text(lines, '').length))
}
