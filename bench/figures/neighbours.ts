/**
 * One organization calls an API route at a steady, small rate; beside it another one floods, runs endless code, or has a supplier
 * that hangs. The baseline is the same route while nobody else is there, in turns.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Arrivals, closedLoop, openLoop } from '../loops.ts'
import { orderJson } from '../order.ts'
import type { HttpClient } from '../platform-process.ts'
import { percentile } from '../rates.ts'
import { type Row, short } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { DEFINITION, serveRoute } from './routes.ts'

const RATE_PER_S = 20
const WARM_S = 3
const GOAL_TIMES = 2

const respond = { key: 'answer', type: 'respond', with: { body: {} } }
const ENDLESS = {
  language: 1,
  actions: [
    { key: 'burn', type: 'custom_code', onError: 'continue', with: { code: 'for (;;) {}', timeoutMs: 1_000 } },
    respond,
  ],
}
const hanging = (url: string) => ({
  language: 1,
  actions: [{ key: 'ask', type: 'http_request', onError: 'continue', timeoutMs: 5_000, with: { url } }, respond],
})

interface Neighbour {
  what: string
  definition: object
  /** Calls under way together. */
  inFlight: number
}

export async function measureNeighbours(testbed: Testbed): Promise<Row[]> {
  const stub = await startHanging()
  const platform = await testbed.platform('all')
  const own = await serveRoute(testbed, platform, DEFINITION)
  const neighbours: Neighbour[] = [
    { what: 'floods its route', definition: DEFINITION, inFlight: 64 },
    { what: 'runs endless code', definition: ENDLESS, inFlight: 16 },
    { what: 'has a supplier that hangs', definition: hanging(stub.url), inFlight: 64 },
  ]
  const rows: Row[] = []
  try {
    await watch(testbed, own, WARM_S)
    for (const neighbour of neighbours) {
      const route = await serveRoute(testbed, platform, neighbour.definition)
      rows.push(await beside(testbed, own, neighbour, route))
    }
  } finally {
    await platform.end()
    await stub.close()
  }
  return rows
}

type Route = { client: HttpClient; path: string }

async function beside(testbed: Testbed, own: Route, { what, inFlight }: Neighbour, other: Route): Promise<Row> {
  const { seconds, rounds } = testbed.options
  const quiet: number[] = []
  const disturbed: number[] = []
  for (let round = 0; round < rounds; round++) {
    quiet.push(...(await watch(testbed, own, seconds)).latenciesMs)
    const [callsPerS, { latenciesMs }] = await Promise.all([
      closedLoop(testbed.clock, inFlight, seconds + 1, async () => {
        // It may be refused, as its plan and the platform's load have it.
        await other.client.send('POST', other.path, orderJson(0))
        return 1
      }),
      watch(testbed, own, seconds),
    ])
    disturbed.push(...latenciesMs)
    testbed.say(`${what}: ${short(callsPerS)} calls/s beside`)
  }
  const [before, now] = [percentile(quiet, 0.99), percentile(disturbed, 0.99)]
  return {
    figure: `API route at ${RATE_PER_S}/s while another organization ${what}, p99, ms`,
    ...{ clarion: short(now), baseline: `${short(before)} (quiet)`, ratio: short(now / before) },
    ...{ goal: `≤ ${GOAL_TIMES} ×`, holds: now <= GOAL_TIMES * before },
  }
}

async function watch(testbed: Testbed, { client, path }: Route, seconds: number): Promise<Arrivals> {
  const arrivals = await openLoop(testbed.clock, RATE_PER_S, seconds, async n => {
    const { status, text } = await client.send('POST', path, orderJson(n))
    if (status !== 200) throw new Error(`the route answered ${status}: ${text.slice(0, 300)}`)
  })
  if (arrivals.failures.length > 0)
    testbed.say(`${arrivals.failures.length} calls failed, the first: ${arrivals.failures[0]}`)
  return arrivals
}

async function startHanging(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(request => void request.resume())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hangs`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
