/**
 * The whole path, emit → judged → signed webhook → receiver, with the peer benchmark: the same generator, receiver and payload (1 KB, fan-out 1) that
 * other systems are measured with. Its raw loop in the same run is the baseline.
 */

import { postDirect } from '../direct-post.ts'
import { type Latency, openPeerHarness, type Result } from '../peer-harness.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const IN_FLIGHT = 200
/** The broker's JVM compiles for as long with both cores; a shorter run measures its compiler. */
const WARM_S = '45'
/** 200 a second is what other systems are measured at. `over`: what it may take beyond a direct POST, ms. */
const RATES: Array<{ rate: number; over: { p50?: number; p99?: number } }> = [
  { rate: 50, over: {} },
  { rate: 200, over: { p50: 5, p99: 10 } },
  { rate: 1000, over: { p99: 25 } },
]
const GOAL = { share: 0.27, cpuPer1000: 0.22 }
/** The best of the systems measured with it so far: share of raw and CPU (Outpost 1.2), latency (Svix 1.100). */
const BEST = { share: 0.057, cpuPer1000: 0.94, p50: 1.7, p99: 4.9 }

export async function measurePath(testbed: Testbed): Promise<Row[]> {
  const harness = await openPeerHarness(testbed)
  if (typeof harness === 'string') {
    testbed.say(harness)
    return [{ figure: 'whole path', clarion: harness, baseline: '', ratio: '', goal: '', holds: undefined }]
  }
  const { program, port, platform } = harness
  const { seconds } = testbed.options
  const raw = await program('raw.mjs', ['--secs', String(Math.min(10, seconds))])
  const load = ['--system', 'clarion', '--secs', String(seconds), '--pids', harness.pids]
  const warm = ['--system', 'clarion', '--secs', WARM_S, '--mode', 'closed', '--inflight', String(IN_FLIGHT)]
  await program('load.mjs', warm)
  const full = await program('load.mjs', [...load, '--mode', 'closed', '--inflight', String(IN_FLIGHT)])
  const latencies: Row[] = []
  for (const { rate, over } of RATES) {
    const steady = await program('load.mjs', [...load, '--mode', 'open', '--rate', String(rate)])
    const direct = await postDirect(testbed, port, rate, seconds)
    latencies.push(latencyRow('p50', rate, over.p50, steady, direct), latencyRow('p99', rate, over.p99, steady, direct))
  }
  await platform.end()
  return [...throughputRows(raw, full), ...latencies]
}

function throughputRows(raw: Result, full: Result): Row[] {
  const share = full.sustainedPerS / raw.deliveredPerS
  return [
    {
      figure: `deliveries/s, ${IN_FLIGHT} in flight`,
      clarion: `${whole(full.deliveredPerS)} (sustained ${whole(full.sustainedPerS)})`,
      baseline: `${whole(raw.deliveredPerS)} (raw loop)`,
      ratio: short(share),
      goal: `≥ ${GOAL.share} of raw (best peer ${BEST.share})`,
      holds: share >= GOAL.share,
    },
    {
      figure: 'CPU s per 1,000 deliveries, everything',
      clarion: short(full.cpuPer1000),
      baseline: `${raw.senderCpuPer1000} (raw sender)`,
      ratio: short(full.cpuPer1000 / raw.senderCpuPer1000),
      goal: `≤ ${GOAL.cpuPer1000} s (best peer ${BEST.cpuPer1000})`,
      holds: full.cpuPer1000 <= GOAL.cpuPer1000,
    },
  ]
}

function latencyRow(
  name: 'p50' | 'p99',
  rate: number,
  overMs: number | undefined,
  steady: Result,
  direct: Latency,
): Row {
  const clarion = steady.latencyMs[name]
  const more = clarion - direct[name]
  return {
    figure: `emit → receiver at ${rate}/s, ${name}, ms (generator late by ${steady.generatorLagMs.p99 ?? '?'})`,
    clarion: short(clarion),
    baseline: `${short(direct[name])} (POST directly to the receiver)`,
    ratio: `+${short(more)} ms`,
    goal: overMs === undefined ? '–' : `≤ +${overMs} ms${rate === 200 ? ` (best peer ${BEST[name]})` : ''}`,
    holds: overMs === undefined ? undefined : more <= overMs,
  }
}
