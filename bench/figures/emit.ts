/**
 * One emit over HTTP until its verdict, 200 a second, beside a bare Koa route that writes the same payload with acks=all. Both processes are there
 * all the time, and take turns.
 */
import type { KoaRouteMessage, KoaRouteSettings } from '../baselines/koa-route.ts'
import { type Arrivals, openLoop } from '../loops.ts'
import { orderJson } from '../order.ts'
import { type BenchOrganization, emitOrder, organizationsOf } from '../organizations.ts'
import { createTopics } from '../pass-through.ts'
import { createHttpClient, type HttpClient } from '../platform-process.ts'
import { percentile } from '../rates.ts'
import { untilIdle } from '../recorded.ts'
import { type Row, short } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const RATE_PER_S = 200
const WARM_S = 5
const TOPIC = 'bench.koa-route'
const GOALS_MS = { p50: 5, p99: 40 }
/** The generator itself was not on time beyond this. */
const LAG_MAX_MS = 20

export async function measureEmit(testbed: Testbed): Promise<Row[]> {
  const [organization] = (await organizationsOf(testbed)) as [BenchOrganization]
  const koa = await startKoaRoute(testbed)
  const platform = await testbed.platform('all')
  await untilIdle(testbed, await organizationsOf(testbed))
  const emitting = platform.client(organization.apiKey)
  const sendBare = (n: number) => bareProduce(koa, n)
  const sendEmit = (n: number) => emitOrder(emitting, organization, n)

  testbed.say(`warming up, ${RATE_PER_S}/s`)
  await openLoop(testbed.clock, RATE_PER_S, WARM_S, sendBare)
  await openLoop(testbed.clock, RATE_PER_S, WARM_S, sendEmit)
  const bare: Arrivals[] = []
  const emits: Arrivals[] = []
  for (let round = 0; round < testbed.options.rounds; round++) {
    bare.push(await measured(testbed, { what: 'bare route', ratePerS: RATE_PER_S, send: sendBare }))
    emits.push(await measured(testbed, { what: 'emit', ratePerS: RATE_PER_S, send: sendEmit }))
  }
  await koa.close()
  await platform.end()
  return [rowOf('p50', emits, bare), rowOf('p99', emits, bare)]
}

export async function measured(
  testbed: Testbed,
  { what, ratePerS, send }: { what: string; ratePerS: number; send(n: number): Promise<void> },
): Promise<Arrivals> {
  const arrivals = await openLoop(testbed.clock, ratePerS, testbed.options.seconds, send)
  const { latenciesMs, lagsMs, failures } = arrivals
  if (failures.length > 0) throw new Error(`${failures.length} requests went wrong; the first: ${failures[0]}`)
  const lag = percentile(lagsMs, 0.99)
  const figures = [0.5, 0.95, 0.99, 1].map(share => short(percentile(latenciesMs, share))).join(' / ')
  testbed.say(`${what}: p50 / p95 / p99 / max ${figures} ms, generator late by ${short(lag)} ms (p99)`)
  if (lag > LAG_MAX_MS)
    testbed.say('the generator was not on time: others keep the machine busy, the figure is not valid')
  return arrivals
}

/** A process with the bare route. */
export async function startKoaRoute(testbed: Testbed): Promise<HttpClient> {
  await createTopics(testbed, [TOPIC], 1)
  const child = testbed.children.start({ file: new URL('../baselines/koa-route.ts', import.meta.url), ipc: true })
  const listening = new Promise<KoaRouteMessage>((resolve, reject) => {
    child.process.once('message', message => resolve(message as KoaRouteMessage))
    void child.exited.then(() => reject(new Error(`the Koa route ended:\n${child.log()}`)))
  })
  child.process.send({ kafka: testbed.kafka, topic: TOPIC } satisfies KoaRouteSettings)
  return createHttpClient(`http://127.0.0.1:${(await listening).port}`, {})
}

export async function bareProduce(koa: HttpClient, n: number): Promise<void> {
  const { status, text } = await koa.send('POST', '/', orderJson(n))
  if (status !== 202) throw new Error(`the bare route answered ${status}: ${text.slice(0, 300)}`)
}

/** Over all rounds together: a percentile of a few seconds says little. */
function rowOf(name: 'p50' | 'p99', emits: Arrivals[], bare: Arrivals[]): Row {
  const share = name === 'p50' ? 0.5 : 0.99
  const [clarion, baseline] = [emits, bare].map(all => percentile(all.flatMap(each => each.latenciesMs), share)) as [number, number] // biome-ignore format: one thought
  const more = clarion - baseline
  return {
    figure: `emit → verdict at ${RATE_PER_S}/s, ${name}, ms`,
    clarion: short(clarion),
    baseline: short(baseline),
    ratio: `+${short(more)} ms`,
    goal: `≤ +${GOALS_MS[name]} ms`,
    holds: more <= GOALS_MS[name],
  }
}
