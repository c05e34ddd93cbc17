/**
 * The sandboxes of a process: two at most, started with the first job and ended when there was none for a minute.
 * Organizations take turns, with one job each. A job whose process dies is tried in another one, since it can have done
 * nothing outside; code that has ended three processes is refused for a minute.
 */
import { hash } from 'node:crypto'
import type { Clock, Timer } from '../clock.ts'
import { createFairQueue } from '../delivery/fair-queue.ts'
import type { Job, JobEnd } from './job.ts'
import { openSandbox, type Sandbox, type SandboxEnd } from './sandbox.ts'

const SANDBOXES = 2
const WAIT_MS = 10_000
const IDLE_MS = 60_000
const DEATHS_MAX = 3
const REFUSED_MS = 60_000
/** Of which deaths are remembered. */
const SOURCES_MAX = 1_000

export type CodeEnd =
  | Extract<JobEnd, { state: 'done' }>
  | {
      state: 'failed'
      code: 'code_error' | 'code_timeout' | 'code_memory' | 'code_crashed' | 'code_busy'
      message: string
      logs: string[]
    }

export interface SandboxPool {
  /** Never rejects. With an aborted signal the answer means nothing. */
  run(organizationId: string, job: Job, signal: AbortSignal): Promise<CodeEnd>
  /** Kills what runs. */
  close(): void
}

/** For metrics. */
export interface SandboxObserver {
  ended(code: string, seconds: number): void
  waited(seconds: number): void
  killed(reason: 'died' | 'stuck' | 'worn' | 'idle'): void
  /** Read at each scrape. */
  running(read: () => number): void
}

interface Waiting {
  organizationId: string
  source: string
  job: Job
  signal: AbortSignal
  sinceMs: number
  hasEnded: boolean
  resolve(end: CodeEnd): void
}

const failed = (code: Exclude<CodeEnd, { state: 'done' }>['code'], message: string): CodeEnd => ({
  ...{ state: 'failed', code, message, logs: [] },
})

export function createSandboxPool(deps: {
  clock: Clock
  observe: SandboxObserver
  open?: (deps: { clock: Clock }) => Sandbox
}): SandboxPool {
  const { clock, observe, open = openSandbox } = deps
  const queue = createFairQueue<Waiting>({
    maxInFlight: SANDBOXES,
    maxInFlightPerOrganization: 1,
    maxWaitingPerWebhook: Number.POSITIVE_INFINITY,
  })
  const idle: Sandbox[] = []
  const all = new Set<Sandbox>()
  /** Times of the last deaths, by source. */
  const deaths = new Map<string, number[]>()
  let idleTimer: Timer | undefined
  let isClosed = false
  observe.running(() => all.size)

  function take(): Sandbox {
    idleTimer?.cancel()
    const known = idle.pop()
    if (known?.isFit()) return known
    if (known !== undefined) end(known, 'worn')
    const made = open({ clock })
    all.add(made)
    return made
  }

  function giveBack(sandbox: Sandbox): void {
    if (!all.has(sandbox)) return
    if (isClosed || !sandbox.isFit()) {
      end(sandbox, 'worn')
      return
    }
    idle.push(sandbox)
    idleTimer?.cancel()
    idleTimer = clock.after(IDLE_MS, () => {
      for (const each of idle.splice(0)) end(each, 'idle')
    })
  }

  function end(sandbox: Sandbox, reason: Parameters<SandboxObserver['killed']>[0]): void {
    all.delete(sandbox)
    sandbox.kill()
    observe.killed(reason)
  }

  function pump(): void {
    for (let next = queue.take(); next !== undefined; next = queue.take()) void work(next)
  }

  async function work(waiting: Waiting): Promise<void> {
    if (!waiting.hasEnded && !waiting.signal.aborted && !isClosed) {
      observe.waited((clock.monotonicMs() - waiting.sinceMs) / 1000)
      waiting.hasEnded = true
      const startedMs = clock.monotonicMs()
      const ended = await attempts(waiting)
      observe.ended(ended.state === 'done' ? '' : ended.code, (clock.monotonicMs() - startedMs) / 1000)
      waiting.resolve(ended)
    }
    queue.done(waiting.organizationId)
    pump()
  }

  async function attempts({ source, job, signal }: Waiting): Promise<CodeEnd> {
    for (;;) {
      if (isRefused(source)) return failed('code_crashed', REFUSED)
      const sandbox = take()
      const ended: SandboxEnd = await sandbox.run(job, signal)
      if (ended.state === 'done' || ended.state === 'failed') {
        giveBack(sandbox)
        return ended
      }
      end(sandbox, ended.state)
      if (signal.aborted || isClosed) return failed('code_crashed', 'The code was given up.')
      note(source)
      if (ended.state === 'stuck') return failed('code_timeout', `The code took more than ${job.timeoutMs} ms.`)
    }
  }

  const recent = (source: string): number[] =>
    (deaths.get(source) ?? []).filter(atMs => clock.monotonicMs() - atMs < REFUSED_MS)
  const isRefused = (source: string): boolean => recent(source).length >= DEATHS_MAX

  function note(source: string): void {
    const times = [...recent(source), clock.monotonicMs()].slice(-DEATHS_MAX)
    deaths.delete(source)
    deaths.set(source, times)
    if (deaths.size > SOURCES_MAX) deaths.delete(deaths.keys().next().value!)
  }

  return {
    run(organizationId, job, signal) {
      const source = hash('sha256', `${organizationId}/${job.code}`)
      if (isRefused(source)) return Promise.resolve(failed('code_crashed', REFUSED))
      const { promise, resolve } = Promise.withResolvers<CodeEnd>()
      const waiting: Waiting = {
        ...{ organizationId, source, job, signal, resolve, hasEnded: false, sinceMs: clock.monotonicMs() },
      }
      const giveUp = (code: 'code_busy' | 'code_crashed', message: string) => {
        if (waiting.hasEnded) return
        waiting.hasEnded = true
        queue.retain(each => each !== waiting)
        resolve(failed(code, message))
      }
      const timer = clock.after(WAIT_MS, () => giveUp('code_busy', BUSY))
      const aborted = () => giveUp('code_crashed', 'The code was given up.')
      signal.addEventListener('abort', aborted)
      queue.offer(organizationId, organizationId, 1, waiting)
      pump()
      return promise.finally(() => {
        timer.cancel()
        signal.removeEventListener('abort', aborted)
      })
    },
    close() {
      isClosed = true
      idleTimer?.cancel()
      for (const sandbox of all) sandbox.kill()
      all.clear()
    },
  }
}

const REFUSED = 'The code has ended its sandbox three times: it is refused for a minute.'
const BUSY = 'No sandbox was free for ten seconds: an organization has one job at a time.'
