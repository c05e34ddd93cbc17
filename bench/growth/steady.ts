/** The cost of an emit over HTTP at a constant rate that leaves the machine idle most of the time. */
import { Pool } from 'undici'
import { rssMb, watchCpu } from '../cpu.ts'
import { openLoop } from '../loops.ts'
import type { PlatformProcess } from '../platform-process.ts'
import { percentile } from '../rates.ts'
import { untilHistoryRests } from '../recorded.ts'
import { short } from '../table.ts'
import type { Testbed } from '../testbed.ts'
import { type Cost, tell } from './series.ts'

const RATE_PER_S = 100
const WARM_S = 3
/** Of a process that has just started: otherwise the first point, with which all are compared, is the dearest. */
const FIRST_WARM = { ratePerS: 200, seconds: 10 }
const CONNECTIONS = 64
/** Of `--seconds`: there are many points. */
const SHARE = 0.4
const MERGING_CORES = 0.15
const MERGING_WATCH_MS = 1_500
const MERGING_MAX_MS = 30_000

/** An emit and whose it is; `body` as JSON. */
export interface Emit {
  apiKey: string
  body: string
}

const warm = new WeakSet<PlatformProcess>()

/**
 * `platform` has all roles. `nth` says what to emit; every one must be accepted. Waits first until the history of what was before is written and
 * merged.
 */
export async function steadyCost(
  testbed: Testbed,
  platform: PlatformProcess,
  nth: (n: number) => Emit,
  ratePerS = RATE_PER_S,
): Promise<Cost> {
  const pool = new Pool(platform.base, { connections: CONNECTIONS, pipelining: 1 })
  const send = (n: number) => emit(pool, nth(n))
  if (!warm.has(platform)) await openLoop(testbed.clock, FIRST_WARM.ratePerS, FIRST_WARM.seconds, send)
  warm.add(platform)
  await untilHistoryRests(testbed)
  await untilMerged(testbed)
  const seconds = Math.max(3, testbed.options.seconds * SHARE)
  await openLoop(testbed.clock, ratePerS, WARM_S, send)
  const cpu = watchCpu({ platform: platform.child.pid, ...testbed.pids })
  const { latenciesMs, failures } = await openLoop(testbed.clock, ratePerS, seconds, n => send(n + WARM_S * ratePerS))
  const { seconds: used, parts } = cpu()
  await pool.close()
  if (failures.length > 0) throw new Error(`${failures.length} emits went wrong; the first: ${failures[0]}`)
  const cost = {
    cpuMs: (used * 1_000 * 1_000) / latenciesMs.length,
    rssMb: rssMb(platform.child.pid),
    latencyMs: { p50: percentile(latenciesMs, 0.5), p99: percentile(latenciesMs, 0.99) },
  }
  const each = Object.entries(parts).map(([name, s]) => `${name} ${short(s)}`) // biome-ignore format: one thought
  testbed.say(`${tell(cost)}; CPU s: ${each.join(', ')}`)
  return cost
}

/** ClickHouse still merges earlier rows in the background; the next load must not pay for it. */
async function untilMerged({ clock, pids, say }: Testbed): Promise<void> {
  const deadline = clock.monotonicMs() + MERGING_MAX_MS
  for (;;) {
    const cpu = watchCpu({ clickhouse: pids.clickhouse })
    await clock.sleep(MERGING_WATCH_MS)
    if ((cpu().seconds * 1_000) / MERGING_WATCH_MS < MERGING_CORES) return
    if (clock.monotonicMs() > deadline) return say('ClickHouse still merges; the next figure has some of that in it')
  }
}

async function emit(pool: Pool, { apiKey, body }: Emit): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
  const answer = await pool.request({ method: 'POST', path: '/api/v1/events/custom/emit', headers, body })
  const text = await answer.body.text()
  if (answer.statusCode !== 202 || !text.includes('"sequence":'))
    throw new Error(`an emit was answered ${answer.statusCode}: ${text.slice(0, 300)}`)
}

/** The `n`th of `items`, in an order that soon comes by all parts of the list. */
export const scattered = <T>(items: readonly T[], n: number): T => items[(n * 7_919) % items.length]!
