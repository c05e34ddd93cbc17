/** Changes of the reference domain for one organization, 180 a second, beside a bare Koa route that writes a body with acks=all. */
import { type Arrivals, openLoop } from '../loops.ts'
import { makeOrganization } from '../organizations.ts'
import { percentile } from '../rates.ts'
import { type Row, short } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { bareProduce, measured, startKoaRoute } from './emit.ts'

/** A plan lets an organization make 200 in a second: what a generator sends late comes on top of the next one. */
const RATE_PER_S = 180
const WARM_S = 5
const GOALS_MS = { p50: undefined, p99: 50 }

export async function measureDomain(testbed: Testbed): Promise<Row[]> {
  const koa = await startKoaRoute(testbed)
  const platform = await testbed.platform('all')
  const { apiKey } = await makeOrganization(platform, testbed)
  const client = platform.client(apiKey)
  const sendBare = (n: number) => bareProduce(koa, n)
  const change = async (n: number) => {
    const { status, text } = await client.send('POST', '/api/v1/invoices', invoiceJson(n))
    if (status !== 201) throw new Error(`an invoice was answered ${status}: ${text.slice(0, 300)}`)
  }
  testbed.say(`warming up, ${RATE_PER_S}/s`)
  await openLoop(testbed.clock, RATE_PER_S, WARM_S, sendBare)
  await openLoop(testbed.clock, RATE_PER_S, WARM_S, change)
  const bare: Arrivals[] = []
  const changes: Arrivals[] = []
  for (let round = 0; round < testbed.options.rounds; round++) {
    bare.push(await measured(testbed, { what: 'bare route', ratePerS: RATE_PER_S, send: sendBare }))
    changes.push(await measured(testbed, { what: 'invoice', ratePerS: RATE_PER_S, send: change }))
  }
  await koa.close()
  await platform.end()
  return [rowOf('p50', changes, bare), rowOf('p99', changes, bare)]
}

const invoiceJson = (n: number): string =>
  JSON.stringify({
    customer_id: `c${n % 50}`,
    currency: 'EUR',
    lines: [{ sku: 'vm', quantity: 1, unit_price: '19.99' }],
  })

/** Over all rounds together: a percentile of a few seconds says little. */
function rowOf(name: keyof typeof GOALS_MS, changes: Arrivals[], bare: Arrivals[]): Row {
  const share = name === 'p50' ? 0.5 : 0.99
  const [clarion, baseline] = [changes, bare].map(all =>
    percentile(
      all.flatMap(each => each.latenciesMs),
      share,
    ),
  ) as [number, number]
  const goalMs = GOALS_MS[name]
  return {
    figure: `invoices at ${RATE_PER_S}/s for one organization, ${name}, ms`,
    clarion: short(clarion),
    baseline: short(baseline),
    ratio: `+${short(clarion - baseline)} ms`,
    goal: goalMs === undefined ? '–' : `≤ ${goalMs} ms`,
    holds: goalMs === undefined ? undefined : clarion <= goalMs,
  }
}
