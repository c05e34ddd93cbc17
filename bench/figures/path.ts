/**
 * The whole path, emit → judged → signed webhook → receiver, with the peer benchmark: the same generator, receiver and payload (1 KB, fan-out 1) that
 * other systems are measured with. Its raw loop in the same run is the baseline.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseFreePorts } from '../../src/embedded/free-ports.ts'
import type { Child } from '../children.ts'
import { openLoop } from '../loops.ts'
import { createHttpClient, type PlatformProcess } from '../platform-process.ts'
import { percentile } from '../rates.ts'
import type { Stand } from '../stand.ts'
import { type Row, short, whole } from '../table.ts'

const NEEDED = ['receiver.mjs', 'load.mjs', 'raw.mjs', 'util.mjs', 'adapters/clarion.mjs']
const IN_FLIGHT = 200
const RATE_PER_S = 200
/** The best of the systems measured with it so far: share of raw and CPU (Outpost 1.2), latency (Svix 1.100). */
const BEST = { share: 0.057, cpuPer1000: 0.94, p50: 1.7, p99: 4.9 }

/** What is used of a result line of the harness. */
interface Result {
  deliveredPerS: number
  sustainedPerS: number
  lost: number
  /** Of arrivals, not of events. */
  rejected: number
  cpuPer1000: number
  latencyMs: Latency
  senderCpuPer1000: number
  /** CPU seconds of each, by the name of its pid file. */
  cpuParts?: Record<string, number>
  generatorLagMs: { p99?: number }
}

export async function measurePath(stand: Stand): Promise<Row[]> {
  const harness = copyHarness(stand)
  if (typeof harness === 'string') {
    stand.say(harness)
    return [{ figure: 'whole path', clarion: harness, baseline: '', ratio: '', goal: '', holds: undefined }]
  }
  const [port] = (await chooseFreePorts(1)) as [number]
  const receiver = stand.children.start({
    file: join(harness.directory, 'receiver.mjs'),
    args: ['--port', String(port)],
    cwd: harness.directory,
  })
  while (!receiver.log().includes('receiver on')) {
    if (!receiver.running()) throw new Error(`the receiver ended: ${receiver.log()}`)
    await stand.clock.sleep(20)
  }
  const platform = await stand.platform('all', 'path')
  writePids(harness.pids, { platform: platform.child.pid, broker: stand.pids.broker, clickhouse: stand.pids.clickhouse })

  const program = createProgram(stand, harness, port, platform)
  const { seconds } = stand.options
  const raw = await program('raw.mjs', ['--secs', String(Math.min(10, seconds))])
  const load = ['--system', 'clarion', '--secs', String(seconds), '--pids', harness.pids]
  const warm = ['--system', 'clarion', '--secs', '5', '--mode', 'closed', '--inflight', String(IN_FLIGHT)]
  await program('load.mjs', warm)
  const full = await program('load.mjs', [...load, '--mode', 'closed', '--inflight', String(IN_FLIGHT)])
  const steady = await program('load.mjs', [...load, '--mode', 'open', '--rate', String(RATE_PER_S)])
  await platform.end()
  const straight = await postStraight(stand, port)
  return rowsOf(raw, full, steady, straight)
}

interface Harness {
  directory: string
  pids: string
}

/** Its own copy, so that nothing is installed or written beside the original; a sentence if it is not there. */
function copyHarness({ options, dataDir }: Stand): Harness | string {
  const original = resolve(options.harness)
  const missing = NEEDED.find(file => !existsSync(join(original, file)))
  if (missing) return `the harness is not there: ${options.harness}/${missing} (--harness DIR)`
  const directory = join(dataDir, 'harness')
  cpSync(original, directory, { recursive: true, filter: path => !path.includes('node_modules') })
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(directory, 'node_modules'))
  const pids = join(directory, 'pids')
  mkdirSync(pids)
  return { directory, pids }
}

function writePids(directory: string, pids: Record<string, number>): void {
  for (const [name, pid] of Object.entries(pids)) writeFileSync(join(directory, `${name}.pid`), String(pid))
}

function createProgram(stand: Stand, { directory }: Harness, port: number, platform: PlatformProcess) {
  const env = { CLARION_URL: platform.base, CLARION_ADMIN_KEY: platform.adminKey }
  let runs = 0
  return async (name: string, args: string[]): Promise<Result> => {
    const out = join(directory, `result-${++runs}.jsonl`)
    const child = stand.children.start({
      file: join(directory, name),
      args: [...args, '--receiver', `http://127.0.0.1:${port}`, '--out', out],
      env,
      cwd: directory,
    })
    await child.exited
    const result = resultOf(name, child, out)
    stand.say(child.log().trim().slice(0, 600))
    if (result.cpuParts) stand.say(`CPU s: ${JSON.stringify(result.cpuParts)}`)
    return result
  }
}

function resultOf(name: string, child: Child, out: string): Result {
  if (!existsSync(out)) throw new Error(`${name} gave no result:\n${child.log()}`)
  const result = JSON.parse(readFileSync(out, 'utf8')) as Result
  if (result.rejected > 0 || result.lost > 0) throw new Error(`${name}: ${result.rejected} rejected, ${result.lost} lost:\n${child.log()}`)
  return result
}

/** The same rate without anything between: one POST to the receiver and its answer. */
async function postStraight({ clock, options }: Stand, port: number): Promise<Latency> {
  const receiver = createHttpClient(`http://127.0.0.1:${port}`, {})
  const body = JSON.stringify({ run: 'straight', n: 0, sentAt: 0, note: 'x'.repeat(960) })
  const { latenciesMs } = await openLoop(clock, RATE_PER_S, options.seconds, async () => {
    await receiver.send('POST', '/e/0', body)
  })
  await receiver.close()
  return { p50: percentile(latenciesMs, 0.5), p99: percentile(latenciesMs, 0.99) }
}

interface Latency {
  p50: number
  p99: number
}

function rowsOf(raw: Result, full: Result, steady: Result, straight: Latency): Row[] {
  const share = full.sustainedPerS / raw.deliveredPerS
  return [
    {
      figure: `deliveries/s, ${IN_FLIGHT} in flight`,
      clarion: `${whole(full.deliveredPerS)} (sustained ${whole(full.sustainedPerS)})`,
      baseline: `${whole(raw.deliveredPerS)} (raw loop)`,
      ratio: short(share),
      goal: `> ${BEST.share} of raw (best peer)`,
      holds: share > BEST.share,
    },
    {
      figure: 'CPU s per 1,000 deliveries, everything',
      clarion: short(full.cpuPer1000),
      baseline: `${raw.senderCpuPer1000} (raw sender)`,
      ratio: short(full.cpuPer1000 / raw.senderCpuPer1000),
      goal: `< ${BEST.cpuPer1000} s (best peer)`,
      holds: full.cpuPer1000 < BEST.cpuPer1000,
    },
    latencyRow('p50', steady, straight),
    latencyRow('p99', steady, straight),
  ]
}

function latencyRow(name: 'p50' | 'p99', { latencyMs, generatorLagMs }: Result, straight: Latency): Row {
  const clarion = latencyMs[name]
  return {
    figure: `emit → receiver at ${RATE_PER_S}/s, ${name}, ms (generator late by ${generatorLagMs.p99 ?? '?'})`,
    clarion: short(clarion),
    baseline: `${short(straight[name])} (POST straight to the receiver)`,
    ratio: `+${short(clarion - straight[name])} ms`,
    goal: `≤ ${BEST[name]} ms (best peer)`,
    holds: clarion <= BEST[name],
  }
}
