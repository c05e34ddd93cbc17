/**
 * Batches of 1,000 over HTTP, four in flight, each organization one, beside the raw pass-through: with everything in one process, with a process
 * per role, and with the history written afterwards, which is how the figure of admission is taken too.
 */
import { closedLoop } from '../loops.ts'
import { orderJson } from '../order.ts'
import { type BenchOrganization, organizationsOf } from '../organizations.ts'
import { passThroughRate } from '../pass-through.ts'
import type { HttpClient, PlatformProcess } from '../platform-process.ts'
import { median } from '../rates.ts'
import { untilIdle } from '../recorded.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const ITEMS = 1_000
const WARM_S = 5
const GOAL = 0.3
const LAYOUTS = [
  { name: 'one process', processes: ['all'], history: 'meanwhile' },
  { name: 'a process per role', processes: ['api', 'admit', 'deliver', 'record'], history: 'meanwhile' },
  { name: 'history written afterwards', processes: ['api', 'admit'], history: 'afterwards' },
] as const

export async function measureBatch(testbed: Testbed): Promise<Row[]> {
  const organizations = await organizationsOf(testbed)
  const rows: Row[] = []
  for (const { name, processes, history } of LAYOUTS) {
    const platforms: PlatformProcess[] = []
    for (const roles of processes) platforms.push(await testbed.platform(roles, `batch-${roles}`))
    const settle = () => (history === 'meanwhile' ? untilIdle(testbed, organizations) : Promise.resolve())
    const rates = await takeTurns(testbed, organizations, platforms[0]!, settle)
    if (history === 'afterwards') {
      platforms.push(await testbed.platform('record', 'batch-record'))
      await untilIdle(testbed, organizations)
    }
    for (const platform of platforms.reverse()) await platform.end()
    rows.push(rowOf(name, rates))
  }
  return rows
}

interface Rates {
  clarion: number
  baseline: number
}

async function takeTurns(
  testbed: Testbed,
  organizations: BenchOrganization[],
  api: PlatformProcess,
  settle: () => Promise<void>,
): Promise<Rates[]> {
  const lanes = organizations.map(organization => ({
    client: api.client(organization.apiKey),
    body: batchOf(organization),
  }))
  const send = (lane: number) => sendBatch(lanes[lane]!)
  await settle()
  await closedLoop(testbed.clock, lanes.length, WARM_S, send)
  const rates: Rates[] = []
  for (let round = 0; round < testbed.options.rounds; round++) {
    await settle()
    const baseline = await passThroughRate(testbed)
    const clarion = await closedLoop(testbed.clock, lanes.length, testbed.options.seconds, send)
    testbed.say(`batches: ${whole(clarion)} emits/s`)
    rates.push({ baseline, clarion })
  }
  return rates
}

const batchOf = ({ event }: BenchOrganization) =>
  `{"items":[${Array.from({ length: ITEMS }, (_, n) => `{"name":"${event}","payload":${orderJson(n)}}`).join(',')}]}`

/** Answers how many were accepted. Throws if any item was not: a refusal is cheaper than an event. */
async function sendBatch({ client, body }: { client: HttpClient; body: string }): Promise<number> {
  const { status, text } = await client.send('POST', '/api/v1/events/custom/emit/batch', body)
  const accepted = text.split('"sequence":').length - 1
  if (status !== 200 || accepted !== ITEMS)
    throw new Error(`of ${ITEMS} emits ${accepted} were accepted: ${status} ${text.slice(0, 300)}`)
  return accepted
}

function rowOf(layout: string, rates: Rates[]): Row {
  const ratio = median(rates.map(({ clarion, baseline }) => clarion / baseline))
  return {
    figure: `HTTP batches of ${ITEMS}, ${layout}, emits/s`,
    clarion: whole(median(rates.map(rate => rate.clarion))),
    baseline: whole(median(rates.map(rate => rate.baseline))),
    ratio: short(ratio),
    goal: `≥ ${GOAL}`,
    holds: ratio >= GOAL,
  }
}
