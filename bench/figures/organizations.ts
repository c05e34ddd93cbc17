/**
 * The cost of many organizations, each of which has two topics of its own. A start to `/ready` with all of them there, beside the broker alone on the same
 * data; making one more, beside making the first ones; and what an organization that emits 20 times a second notices of others being made.
 */

import { startEmbeddedKafka } from '../../src/embedded/kafka.ts'
import { cacheDirectory } from '../../src/settings/config.ts'
import { openLoop } from '../loops.ts'
import { type BenchOrganization, emitOrder, makeOrganization } from '../organizations.ts'
import { type HttpClient, type PlatformProcess, startPlatform } from '../platform-process.ts'
import { median, percentile } from '../rates.ts'
import { type Row, short } from '../table.ts'
import type { Testbed } from '../testbed.ts'

/** With `--records` at its full number; as many fewer as the records are. */
const ORGANIZATIONS = 5_000
const FULL_RECORDS = 50_000
const AT_A_TIME = 16
const ONE_MORE = 20
const BROKER_HEAP_MB = 1024
const TOLD_EVERY = 1_000
const RATE_PER_S = 20
const WARM_S = 3
const GOALS = { readyS: 30, oneMoreMs: 1_000, pauseMs: 200 }

export async function measureOrganizations(testbed: Testbed): Promise<Row[]> {
  await testbed.stopParts()
  const count = Math.max(100, Math.round((ORGANIZATIONS * testbed.options.records) / FULL_RECORDS))
  const platform = await start(testbed)
  const operator = platform.client(platform.adminKey)
  const emitting = await makeOrganization(platform, testbed)
  const first = await makeOneByOne(testbed, operator)
  await makeMany(testbed, operator, count)
  await longestEmitMs(testbed, platform, emitting, WARM_S)
  const undisturbed = await longestEmitMs(testbed, platform, emitting, testbed.options.seconds)
  const { oneMore, pause } = await makeBesideEmits(testbed, platform, emitting)
  await platform.end()

  const [broker, ready]: [number[], number[]] = [[], []]
  for (let round = 0; round < testbed.options.rounds; round++) {
    broker.push(await brokerStartS(testbed))
    const again = await start(testbed)
    ready.push(again.readyMs / 1_000)
    testbed.say(`ready after ${short(ready.at(-1)!)} s; the broker alone ${short(broker.at(-1)!)} s`)
    await again.end()
  }
  return [
    rowOf(`start → /ready with ${count} organizations, s`, median(ready), median(broker), 'broker alone', GOALS.readyS),
    rowOf(`one more beside ${count} organizations, ms`, oneMore, first, 'beside none', GOALS.oneMoreMs),
    rowOf(
      `the longest emit of another meanwhile, at ${RATE_PER_S}/s, ms`,
      pause,
      undisturbed,
      'none is made',
      GOALS.pauseMs,
    ),
  ]
}

function start({ children, clock, dataDir, options }: Testbed): Promise<PlatformProcess> {
  return startPlatform({
    children,
    clock,
    dataDir,
    roles: 'all',
    name: 'organizations',
    env: {},
    profileDir: options.profileDir,
  })
}

async function makeOne(testbed: Testbed, operator: HttpClient): Promise<void> {
  const slug = `m${testbed.random.bytes(6).toString('hex')}`
  const { status, text } = await operator.send(
    'POST',
    '/api/v1/organizations',
    `{"name":"${slug}","slug":"${slug}","plan":"PRO"}`,
  )
  if (status !== 201) throw new Error(`an organization was not made: ${status} ${text.slice(0, 300)}`)
}

/** Median of so many, and of those made until `enough`; ms. */
async function makeOneByOne(
  testbed: Testbed,
  operator: HttpClient,
  enough: () => boolean = () => true,
): Promise<number> {
  const took: number[] = []
  while (took.length < ONE_MORE || !enough()) {
    const startedAtMs = testbed.clock.monotonicMs()
    await makeOne(testbed, operator)
    took.push(testbed.clock.monotonicMs() - startedAtMs)
  }
  return median(took)
}

/** Organizations are made one after the other for as long as another one emits. */
async function makeBesideEmits(testbed: Testbed, platform: PlatformProcess, emitting: BenchOrganization) {
  let over = false
  const [pause, oneMore] = await Promise.all([
    longestEmitMs(testbed, platform, emitting, testbed.options.seconds).finally(() => {
      over = true
    }),
    makeOneByOne(testbed, platform.client(platform.adminKey), () => over),
  ])
  return { oneMore, pause }
}

/** Constant arrival, so that emits that are due during a pause of the platform show it. */
async function longestEmitMs(
  testbed: Testbed,
  platform: PlatformProcess,
  emitting: BenchOrganization,
  seconds: number,
): Promise<number> {
  const client = platform.client(emitting.apiKey)
  const { latenciesMs, failures } = await openLoop(testbed.clock, RATE_PER_S, seconds, n =>
    emitOrder(client, emitting, n),
  )
  if (failures.length > 0) throw new Error(`${failures.length} emits went wrong; the first: ${failures[0]}`)
  const figures = [0.5, 0.99, 1].map(share => short(percentile(latenciesMs, share))).join(' / ')
  testbed.say(`emits at ${RATE_PER_S}/s: p50 / p99 / longest ${figures} ms`)
  return percentile(latenciesMs, 1)
}

async function makeMany(testbed: Testbed, operator: HttpClient, count: number): Promise<void> {
  let made = 0
  const makeSome = async () => {
    while (made < count) {
      if (++made % TOLD_EVERY === 0) testbed.say(`${made} organizations`)
      await makeOne(testbed, operator)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, makeSome))
}

async function brokerStartS({ clock, dataDir, say }: Testbed): Promise<number> {
  const startedAtMs = clock.monotonicMs()
  const logger = { info: () => undefined, warn: say }
  const broker = await startEmbeddedKafka({
    dataDir,
    cacheDir: cacheDirectory(),
    heapMb: BROKER_HEAP_MB,
    profile: 'default',
    logger,
  })
  const seconds = (clock.monotonicMs() - startedAtMs) / 1_000
  await broker.close()
  return seconds
}

const rowOf = (figure: string, clarion: number, baseline: number, of: string, goal: number): Row => ({
  figure,
  clarion: short(clarion),
  baseline: `${short(baseline)} (${of})`,
  ratio: short(clarion / baseline),
  goal: `≤ ${goal}`,
  holds: clarion <= goal,
})
