/**
 * The platform that the demo talks to: one that is running, or one of its own, which lives as long as the demo, in a directory of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock, Random } from '../src/clock.ts'
import { chooseFreePorts } from '../src/embedded/free-ports.ts'
import { readChild } from '../src/embedded/part-directory.ts'
import { endProcess } from '../src/embedded/process-identity.ts'
import { SETTINGS } from '../src/settings/config.ts'
import { DemoError, until } from './client.ts'

export interface DemoPlatform {
  base: string
  adminKey: string
  /** Its errors; empty for a platform that was running already. */
  log(): string
  /** Kills it and starts it again; absent where it is not the demo's own. */
  strike?(): Promise<void>
  close(): Promise<void>
}

/** The first start on a machine fetches Kafka. */
const READY_MS = 660_000
const READY_POLL_MS = 100
const STOP_MS = 45_000
const PART_GRACE_MS = 10_000
const LOG_CHARS_MAX = 20_000
const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning']

/** Throws a sentence if it is not there or not ready. */
export async function runningPlatform(base: string, adminKey: string): Promise<DemoPlatform> {
  const answer = await fetch(`${base}/ready`).catch(() => undefined)
  if (!answer) throw new DemoError(`nothing answers at ${base}`)
  if (!answer.ok) throw new DemoError(`the platform at ${base} is not ready: ${await answer.text()}`)
  return { base, adminKey, log: () => '', close: async () => {} }
}

export interface OwnPlatformOptions {
  /** Settings of the platform in it are not passed on: the demo's platform has its own. */
  environment: Record<string, string | undefined>
  clock: Clock
  random: Random
  signal: AbortSignal
  /** Gets what the platform says while it starts. */
  say(line: string): void
  /** Settings besides those of every demo. */
  settings?: Record<string, string>
}

/** Starts a platform that may send to loopback. Throws the end of its log if it does not become ready. */
export async function startPlatform({
  environment,
  clock,
  random,
  signal,
  say,
  settings = {},
}: OwnPlatformOptions): Promise<DemoPlatform> {
  const [port] = (await chooseFreePorts(1)) as [number]
  const dataDir = mkdtempSync(join(tmpdir(), 'clarion-demo-'))
  const adminKey = `ck_admin_${random.bytes(24).toString('hex')}`
  const base = `http://127.0.0.1:${port}`
  const env = {
    ...withoutSettings(environment),
    ...{ PORT: String(port), CLARION_DATA_DIR: dataDir, CLARION_ADMIN_KEY: adminKey, LOG_LEVEL: 'warn' },
    ...{ EGRESS_ALLOW: '127.0.0.0/8', EGRESS_ALLOW_HTTP: 'true' },
    ...settings,
  }
  const program = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const start = () => spawn(process.execPath, [...FLAGS, program], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let child = start()
  let log = keepLog(child, say)
  const close = () => end(child, dataDir, clock)
  try {
    await untilReady(base, child, clock, signal)
  } catch (error) {
    await close()
    throw error instanceof DemoError ? new DemoError(`${error.message}:\n${log()}`) : error
  }
  return {
    ...{ base, adminKey, close, log: () => log() },
    async strike() {
      const exited = exitOf(child)
      child.kill('SIGKILL')
      await exited
      child = start()
      log = keepLog(child, say)
      await untilReady(base, child, clock, signal)
    },
  }
}

/** The cache directory stays: Kafka's program is the same one. */
function withoutSettings(environment: Record<string, string | undefined>): Record<string, string | undefined> {
  const names = new Set(SETTINGS.map(setting => setting.name).filter(name => name !== 'CLARION_CACHE_DIR'))
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.has(name)))
}

async function untilReady(base: string, child: ChildProcess, clock: Clock, signal: AbortSignal): Promise<void> {
  const ready = await until(clock, READY_MS, READY_POLL_MS, async () => {
    signal.throwIfAborted()
    if (hasEnded(child)) throw new DemoError('the platform ended while it started')
    const answer = await fetch(`${base}/ready`).catch(() => undefined)
    return answer?.ok ? true : undefined
  })
  if (!ready) throw new DemoError(`the platform is not ready after ${READY_MS / 1000} s`)
}

const exitOf = (child: ChildProcess) => new Promise<true>(resolve => child.once('exit', () => resolve(true)))

/** Lets it end by itself, makes it end if it does not, and leaves nothing behind: no process, no directory. */
async function end(child: ChildProcess, dataDir: string, clock: Clock): Promise<void> {
  if (!hasEnded(child)) {
    const exited = exitOf(child)
    child.kill('SIGTERM')
    const ended = await Promise.race([
      exited,
      new Promise<false>(resolve => clock.after(STOP_MS, () => resolve(false))),
    ])
    if (!ended) child.kill('SIGKILL')
    await exited
  }
  for (const part of ['kafka', 'clickhouse', 'postgres']) {
    const left = readChild(join(dataDir, part))
    if (left) await endProcess(left, PART_GRACE_MS)
  }
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
}

const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

/** Its progress (`clarion: …`) is said at once, the rest kept for the case that something goes wrong. */
function keepLog(child: ChildProcess, say: (line: string) => void): () => string {
  let kept = ''
  child.stdout?.resume()
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    kept = (kept + chunk).slice(-LOG_CHARS_MAX)
    for (const line of chunk.split('\n')) if (line.startsWith('clarion: ')) say(line.slice('clarion: '.length))
  })
  return () => kept
}
