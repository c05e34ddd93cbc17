/**
 * Identifies a process: a pid alone is not enough, since the machine reuses it later. The start time distinguishes the
 * two, so that no foreign process is ended.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

export interface ProcessIdentity {
  pid: number
  /** Its start time, in the machine's own format; only equality is meaningful. */
  started: string
}

/** The identity of a living process, or undefined if there is none with this pid. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const started = existsSync('/proc/self/stat') ? startedByProc(pid) : startedByPs(pid)
  return started ? { pid, started } : undefined
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.started === identity.started
}

/** Ends the process (`first`, after `graceMs` SIGKILL), and resolves when it is gone. */
export async function endProcess(
  identity: ProcessIdentity,
  graceMs: number,
  first: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  signal(identity, first)
  if (await waitUntilGone(identity, graceMs)) return
  signal(identity, 'SIGKILL')
  if (!(await waitUntilGone(identity, 10_000)))
    throw new Error(`Process ${identity.pid} does not end, not even by SIGKILL`)
}

/** True when the process is gone within `waitMs`. */
export async function waitUntilGone(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  const deadline = performance.now() + waitMs
  while (isAlive(identity)) {
    if (performance.now() > deadline) return false
    await pause(20)
  }
  return true
}

function signal(identity: ProcessIdentity, name: NodeJS.Signals) {
  try {
    if (isAlive(identity)) process.kill(identity.pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Linux: clock ticks from boot to start, and the id of the boot. A zombie counts as ended. */
function startedByProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return `${fields[19]}@${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  } catch {
    return undefined
  }
}

function startedByPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined
  }
}
