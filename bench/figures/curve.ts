/**
 * Throughput against latency: the whole path, with the peer benchmark at a constant arrival of ever more events a second, until fewer arrive than
 * are sent or half of them take longer than a second. With each rate also what it costs: CPU for an event, and the memory of every part.
 */
import { writeFileSync } from 'node:fs'
import { postDirect } from '../direct-post.ts'
import { describeMachine } from '../machine.ts'
import { type Latency, openPeerHarness, type PeerHarness, type Result } from '../peer-harness.ts'
import { drawPicture } from '../picture.ts'
import { type Row, short, whole } from '../table.ts'
import type { Testbed } from '../testbed.ts'

const RATES = [50, 100, 200, 500, 1000, 2000, 3000]
/** Beyond either of them a rate is not held, and the curve ends. */
const HELD = { share: 0.95, p50Ms: 1_000 }
const WARM_UP = ['--mode', 'closed', '--inflight', '200']
const WARM_UP_S = 45
const DIRECT_S = 5

interface Point {
  rate: number
  result: Result
  direct: Latency
}

export async function measureCurve(testbed: Testbed): Promise<Row[]> {
  const harness = await openPeerHarness(testbed)
  if (typeof harness === 'string') {
    testbed.say(harness)
    return [{ figure: 'curve', clarion: harness, baseline: '', ratio: '', goal: '', holds: undefined }]
  }
  const load = ['--system', 'clarion', '--pids', harness.pids, '--mode', 'open']
  const idle = await harness.program('load.mjs', [...load, '--secs', '2', '--rate', '1'])
  const raw = await harness.program('raw.mjs', ['--secs', String(Math.min(10, testbed.options.seconds))])
  await harness.program('load.mjs', [
    '--system',
    'clarion',
    ...WARM_UP,
    '--secs',
    String(Math.max(WARM_UP_S, testbed.options.seconds)),
  ])
  const points = await measurePoints(testbed, harness, load)
  await harness.platform.end()
  if (testbed.options.picture) {
    writeFileSync(testbed.options.picture, pictureOf(points, testbed))
    testbed.say(`the picture is in ${testbed.options.picture}`)
  }
  return [...points.map(point => rowOf(point, raw)), ...memoryRows(idle, points)]
}

async function measurePoints(testbed: Testbed, { program, port }: PeerHarness, load: string[]): Promise<Point[]> {
  const { seconds } = testbed.options
  const points: Point[] = []
  for (const rate of RATES) {
    const direct = await postDirect(testbed, port, rate, Math.min(DIRECT_S, seconds))
    const result = await program('load.mjs', [...load, '--secs', String(seconds), '--rate', String(rate)], {
      mayBeRefused: true,
    })
    points.push({ rate, result, direct })
    if (isHeld({ rate, result })) continue
    testbed.say(`${rate}/s is more than it can do: ${result.deliveredPerS}/s arrived, ${result.rejected} were refused`)
    break
  }
  return points
}

const isHeld = ({ rate, result }: Pick<Point, 'rate' | 'result'>): boolean =>
  result.deliveredPerS >= HELD.share * rate && result.latencyMs.p50 <= HELD.p50Ms

function rowOf(point: Point, raw: Result): Row {
  const { rate, result, direct } = point
  const { p50, p99 } = result.latencyMs
  const arrived = isHeld(point) ? '' : `, only ${whole(result.deliveredPerS)}/s arrived`
  return {
    figure: `emit → receiver at ${whole(rate)}/s: p50 / p99, ms; CPU s per 1,000`,
    clarion: `${short(p50)} / ${short(p99)}; ${short(result.cpuPer1000)}${arrived}`,
    baseline: `${short(direct.p50)} / ${short(direct.p99)} (POST directly to the receiver); ${raw.senderCpuPer1000} (raw sender)`,
    ratio: `+${short(p50 - direct.p50)} / +${short(p99 - direct.p99)} ms`,
    goal: '–',
    holds: undefined,
  }
}

/** The load of each part at the highest rate that it kept up with. */
function memoryRows(idle: Result, points: readonly Point[]): Row[] {
  const last = points.findLast(isHeld)
  if (!last?.result.rssParts || !idle.rssParts) return []
  return Object.entries(last.result.rssParts).map(([part, mb]) => {
    const idleMb = idle.rssParts?.[part] ?? Number.NaN
    return {
      figure: `memory of ${NAMES[part] ?? part} after ${whole(last.rate)}/s, MB`,
      clarion: whole(mb),
      baseline: `${whole(idleMb)} (just started, 1/s)`,
      ratio: short(mb / idleMb),
      goal: '–',
      holds: undefined,
    }
  })
}

const NAMES: Record<string, string> = {
  platform: 'the platform (all roles)',
  broker: 'the broker',
  clickhouse: 'ClickHouse',
}

function pictureOf(points: readonly Point[], { clock }: Testbed): string {
  const beyond = points.find(point => !isHeld(point))
  const knee = beyond ? ` (at ${whole(beyond.rate)} only ${whole(beyond.result.deliveredPerS)} arrive)` : ''
  const line = (name: string, color: 'first' | 'second' | 'quiet', latencyOf: (point: Point) => number) => ({
    name,
    color,
    points: points.map(point => ({ x: point.rate, y: latencyOf(point) })),
  })
  return drawPicture({
    title: 'Throughput against latency, emit → receiver (1 KB, one webhook)',
    subtitle: describeMachine(clock),
    x: { name: `events emitted per second${knee}` },
    y: { name: 'from emit to arrival, ms' },
    lines: [
      line('p99', 'second', point => point.result.latencyMs.p99),
      line('p50', 'first', point => point.result.latencyMs.p50),
      line('p99, direct POST', 'quiet', point => point.direct.p99),
      line('p50, direct POST', 'quiet', point => point.direct.p50),
    ],
  })
}
