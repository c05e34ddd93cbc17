/** One sandbox process, which has one job at a time. It is thrown away after anything abnormal. */
import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import type { Clock, Timer } from '../clock.ts'
import { confinedCommand } from './confined.ts'
import type { Job, JobEnd, Wear } from './job.ts'

/** Beyond the job's own limit, which the engine keeps: it is stuck in one operation. */
const GRACE_MS = 500
/** Until its first words; the machine may be busy. */
const START_MS = 20_000
const JOBS_MAX = 500
const RSS_BYTES_MAX = 128 * 1024 * 1024
const CPU_MS_MAX = 40_000
const LOWEST_PRIORITY = 19

/** `died`: its process ended in the job. `stuck`: it was killed, as it did not keep the time limit. */
export type SandboxEnd = Exclude<JobEnd, { state: 'broken' }> | { state: 'died' } | { state: 'stuck' }

export interface Sandbox {
  readonly pid: number | undefined
  /** Whether another job may be given to it. */
  isFit(): boolean
  /** Resolves in any case, at the latest half a second behind the time limit. */
  run(job: Job, signal: AbortSignal): Promise<SandboxEnd>
  kill(): void
}

export function openSandbox({ clock }: { clock: Clock }): Sandbox {
  const { program, args } = confinedCommand()
  const child: ChildProcess = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { TZ: 'UTC' },
    cwd: '/',
    serialization: 'json',
    detached: true,
  })
  const ready = Promise.withResolvers<void>()
  let settle: ((end: SandboxEnd) => void) | undefined
  let isDead = child.pid === undefined
  let jobs = 0
  let wear: Wear = { rssBytes: 0, cpuMs: 0 }

  child.once('error', died)
  child.once('exit', died)
  child.on('message', (message: 'ready' | { end: JobEnd; wear: Wear }) => {
    if (message === 'ready') return ready.resolve()
    wear = message.wear
    if (message.end.state === 'broken') return kill()
    settle?.(message.end)
  })
  // The platform does not wait for it.
  child.unref()
  child.channel?.unref()
  if (child.pid !== undefined) lowest(child.pid)

  function died(): void {
    isDead = true
    ready.resolve()
    settle?.({ state: 'died' })
  }

  function kill(): void {
    isDead = true
    child.kill('SIGKILL')
  }

  const within = (ms: number): Timer =>
    clock.after(ms, () => {
      kill()
      settle?.({ state: 'stuck' })
    })

  async function started(): Promise<void> {
    const timer = clock.after(START_MS, kill)
    await ready.promise
    timer.cancel()
  }

  return {
    pid: child.pid,
    isFit: () => !isDead && jobs < JOBS_MAX && wear.rssBytes < RSS_BYTES_MAX && wear.cpuMs < CPU_MS_MAX,
    async run(job, signal) {
      const giveUp = () => kill()
      signal.addEventListener('abort', giveUp)
      await started()
      const { promise, resolve } = Promise.withResolvers<SandboxEnd>()
      settle = resolve
      jobs++
      if (isDead || signal.aborted || !child.connected) resolve({ state: 'died' })
      else child.send(job, error => error && died())
      const timer = within(job.timeoutMs + GRACE_MS)
      const end = await promise
      timer.cancel()
      settle = undefined
      signal.removeEventListener('abort', giveUp)
      return end
    },
    kill,
  }
}

function lowest(pid: number): void {
  try {
    setPriority(pid, LOWEST_PRIORITY)
  } catch {
    // It affects speed only.
  }
}
