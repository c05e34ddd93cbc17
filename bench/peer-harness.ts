/** The peer benchmark (receiver, generator, raw loop), copied beside the data and run as the programs that it is. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseFreePorts } from '../src/embedded/free-ports.ts'
import type { Child } from './children.ts'
import type { PlatformProcess } from './platform-process.ts'
import type { Testbed } from './testbed.ts'

const NEEDED = ['receiver.mjs', 'load.mjs', 'raw.mjs', 'util.mjs', 'adapters/clarion.mjs']

/** The used part of a result line of the harness. */
export interface Result {
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
  /** Memory of each after the run, MB (pages that are shared count once). */
  rssParts?: Record<string, number>
  generatorLagMs: { p99?: number }
}

export interface Latency {
  p50: number
  p99: number
}

export interface PeerHarness {
  /** Of the receiver. */
  port: number
  pids: string
  /** Runs one of its programs to its end and answers its last result. Throws if arrivals were lost, or refused unless they `mayBeRefused`. */
  program(name: string, args: string[], more?: { mayBeRefused: boolean }): Promise<Result>
  /** The platform that it is run against; ends with it. */
  platform: PlatformProcess
}

/** A receiver, a platform of all roles, and the programs; a sentence if the harness is not there. */
export async function openPeerHarness(testbed: Testbed): Promise<PeerHarness | string> {
  const harness = copyHarness(testbed)
  if (typeof harness === 'string') return harness
  const [port] = (await chooseFreePorts(1)) as [number]
  const receiver = testbed.children.start({
    file: join(harness.directory, 'receiver.mjs'),
    args: ['--port', String(port)],
    cwd: harness.directory,
  })
  while (!receiver.log().includes('receiver on')) {
    if (!receiver.running()) throw new Error(`the receiver ended: ${receiver.log()}`)
    await testbed.clock.sleep(20)
  }
  const platform = await testbed.platform('all', 'path')
  writePids(harness.pids, {
    platform: platform.child.pid,
    broker: testbed.pids.broker,
    clickhouse: testbed.pids.clickhouse,
  })
  return { port, pids: harness.pids, program: createProgram(testbed, harness, port, platform), platform }
}

interface Harness {
  directory: string
  pids: string
}

/** Its own copy, so that nothing is installed or written beside the original; a sentence if it is not there. */
function copyHarness({ options, dataDir }: Testbed): Harness | string {
  const original = resolve(options.harness)
  const missing = NEEDED.find(file => !existsSync(join(original, file)))
  if (missing) return `the harness is not there: ${options.harness}/${missing} (--harness DIR)`
  const directory = mkdtempSync(join(dataDir, 'harness-'))
  cpSync(original, directory, { recursive: true, filter: path => !path.includes('node_modules') })
  symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(directory, 'node_modules'))
  const pids = join(directory, 'pids')
  mkdirSync(pids)
  return { directory, pids }
}

function writePids(directory: string, pids: Record<string, number>): void {
  for (const [name, pid] of Object.entries(pids)) writeFileSync(join(directory, `${name}.pid`), String(pid))
}

function createProgram(testbed: Testbed, { directory }: Harness, port: number, platform: PlatformProcess) {
  const env = { CLARION_URL: platform.base, CLARION_ADMIN_KEY: platform.adminKey }
  let runs = 0
  return async (name: string, args: string[], { mayBeRefused } = { mayBeRefused: false }): Promise<Result> => {
    const out = join(directory, `result-${++runs}.jsonl`)
    const child = testbed.children.start({
      file: join(directory, name),
      args: [...args, '--receiver', `http://127.0.0.1:${port}`, '--out', out],
      env,
      cwd: directory,
    })
    await child.exited
    const result = resultOf(name, child, out)
    if (result.lost > 0 || (result.rejected > 0 && !mayBeRefused))
      throw new Error(`${name}: ${result.rejected} rejected, ${result.lost} lost:\n${child.log()}`)
    testbed.say(child.log().trim().slice(0, 600))
    if (result.cpuParts) testbed.say(`CPU s: ${JSON.stringify(result.cpuParts)}`)
    return result
  }
}

function resultOf(name: string, child: Child, out: string): Result {
  if (!existsSync(out)) throw new Error(`${name} gave no result:\n${child.log()}`)
  return JSON.parse(readFileSync(out, 'utf8')) as Result
}
