/** Every process that a run starts, so that none outlives it: each is ended by its own pid, in the reverse order of their start. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../src/clock.ts'

const FLAGS = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning']
const GRACE_MS = 40_000
const LOG_CHARS_MAX = 20_000

export interface Child {
  pid: number
  process: ChildProcess
  exited: Promise<number | string>
  running(): boolean
  /** The end of what it printed. */
  log(): string
  /** SIGTERM, after 40 s SIGKILL; resolves when it is gone. */
  end(): Promise<void>
}

export interface Program {
  file: URL | string
  args?: string[]
  /** Added to our own environment. */
  env?: Record<string, string>
  nodeFlags?: string[]
  cwd?: string
  /** With a channel for messages. */
  ipc?: boolean
}

export interface Children {
  start(program: Program): Child
  close(): Promise<void>
}

export function createChildren(clock: Clock): Children {
  const all: Child[] = []
  process.on('exit', () => {
    for (const child of all) if (child.running()) child.process.kill('SIGKILL')
  })
  return {
    start(program) {
      const child = watch(launch(program), clock)
      all.push(child)
      return child
    },
    async close() {
      for (const child of all.splice(0).reverse()) await child.end()
    },
  }
}

function launch({ file, args = [], env = {}, nodeFlags = [], cwd, ipc }: Program): ChildProcess {
  const path = file instanceof URL ? fileURLToPath(file) : file
  const shared = { env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }) }
  const execArgv = [...FLAGS, ...nodeFlags]
  if (ipc) return fork(path, args, { ...shared, execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  return spawn(process.execPath, [...execArgv, path, ...args], { ...shared, stdio: ['ignore', 'pipe', 'pipe'] })
}

function watch(process: ChildProcess, clock: Clock): Child {
  if (process.pid === undefined) throw new Error(`cannot start ${process.spawnargs.join(' ')}`)
  let log = ''
  for (const stream of [process.stdout, process.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-LOG_CHARS_MAX)
    })
  const exited = new Promise<number | string>(resolve =>
    process.once('exit', (code, signal) => resolve(code ?? signal ?? '')),
  )
  const running = () => process.exitCode === null && process.signalCode === null
  return {
    pid: process.pid,
    process,
    exited,
    running,
    log: () => log,
    async end() {
      if (!running()) return
      process.kill('SIGTERM')
      const force = clock.after(GRACE_MS, () => process.kill('SIGKILL'))
      await exited
      force.cancel()
    },
  }
}
