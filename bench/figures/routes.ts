/**
 * A call of an API route with three steps that do nothing, 100 a second, beside a bare Koa route that writes the body with
 * acks=all. Both processes are there all the time, and take turns. The answer of a run has been appended once, and committed once.
 */
import { type Arrivals, openLoop } from '../loops.ts'
import { orderJson } from '../order.ts'
import type { HttpClient, PlatformProcess } from '../platform-process.ts'
import { percentile } from '../rates.ts'
import { type Row, short } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { bareProduce, measured, startKoaRoute } from './emit.ts'

const RATE_PER_S = 100
const WARM_S = 5
const GOALS_MS = { p50: 4, p99: 25 }

export const DEFINITION = {
  language: 1,
  actions: [
    { key: 'one', type: 'set_variable', with: { value: '{{$body.orderId}}' } },
    { key: 'two', type: 'transform', with: { template: { order: "{{$var['one']}}", items: '{{$body.lines}}' } } },
    { key: 'answer', type: 'respond', with: { body: { order: "{{$action['two'].value.order}}" } } },
  ],
}

export async function measureRoutes(testbed: Testbed): Promise<Row[]> {
  const koa = await startKoaRoute(testbed)
  const platform = await testbed.platform('all')
  const { client, path } = await serveRoute(testbed, platform, DEFINITION)
  const sendBare = (n: number) => bareProduce(koa, n)
  const callRoute = async (n: number) => {
    const { status, text } = await client.send('POST', path, orderJson(n))
    if (status !== 200) throw new Error(`the route answered ${status}: ${text.slice(0, 300)}`)
  }
  testbed.say(`warming up, ${RATE_PER_S}/s`)
  await openLoop(testbed.clock, RATE_PER_S, WARM_S, sendBare)
  await openLoop(testbed.clock, RATE_PER_S, WARM_S, callRoute)
  const bare: Arrivals[] = []
  const calls: Arrivals[] = []
  for (let round = 0; round < testbed.options.rounds; round++) {
    bare.push(await measured(testbed, { what: 'bare route', ratePerS: RATE_PER_S, send: sendBare }))
    calls.push(await measured(testbed, { what: 'API route', ratePerS: RATE_PER_S, send: callRoute }))
  }
  await koa.close()
  await platform.end()
  return [rowOf('p50', calls, bare), rowOf('p99', calls, bare)]
}

/** A route of an organization of its own. */
export async function serveRoute(
  testbed: Testbed,
  platform: PlatformProcess,
  definition: object,
  plan = 'ENTERPRISE',
): Promise<{ client: HttpClient; path: string }> {
  const slug = `b${testbed.random.bytes(6).toString('hex')}`
  const operator = platform.client(platform.adminKey)
  const asked = { name: slug, slug, plan, ownerEmail: 'bench@example.test' }
  const { apiKey } = await post<{ apiKey: string }>(operator, '/api/v1/organizations', asked)
  const client = platform.client(apiKey)
  const input = { method: 'POST', path: '/orders', auth: 'none', definition }
  const { id, servedAt } = await post<{ id: string; servedAt: string }>(client, '/api/v1/routes', input)
  await post(client, `/api/v1/routes/${id}/deploy`, {})
  return { client, path: servedAt }
}

async function post<T>(client: HttpClient, path: string, body: object): Promise<T> {
  const { status, text } = await client.send('POST', path, JSON.stringify(body))
  if (status >= 300) throw new Error(`POST ${path} was answered ${status}: ${text.slice(0, 500)}`)
  return (JSON.parse(text) as { data: T }).data
}

/** Over all rounds together: a percentile of a few seconds says little. */
function rowOf(name: 'p50' | 'p99', calls: Arrivals[], bare: Arrivals[]): Row {
  const share = name === 'p50' ? 0.5 : 0.99
  const [clarion, baseline] = [calls, bare].map(all =>
    percentile(
      all.flatMap(each => each.latenciesMs),
      share,
    ),
  ) as [number, number]
  return {
    figure: `API route of three steps at ${RATE_PER_S}/s, ${name}, ms`,
    clarion: short(clarion),
    baseline: short(baseline),
    ratio: `+${short(clarion - baseline)} ms`,
    goal: `≤ ${GOALS_MS[name]} ms`,
    holds: clarion <= GOALS_MS[name],
  }
}
