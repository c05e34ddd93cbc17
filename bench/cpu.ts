/** The users of the machine: our own processes, or others, which make a figure worth less. Linux only; no figures elsewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Clock } from '../src/clock.ts'

/** Linux counts in hundredths of a second. */
const TICKS_PER_S = 100

/** Answers a function for the cores that other processes have kept busy since; undefined where that cannot be known. */
export function watchOthers(clock: Clock): () => number | undefined {
  if (!existsSync('/proc/self/stat')) return () => undefined
  const from = { atMs: clock.monotonicMs(), machine: machineTicks(), own: ownTicks() }
  return () => {
    const seconds = (clock.monotonicMs() - from.atMs) / 1_000
    const others = machineTicks() - from.machine - (ownTicks() - from.own)
    return Math.max(0, others / TICKS_PER_S / seconds)
  }
}

/**
 * Starts counting the CPU of these processes (by name). The answer has the use of each since, and `fresh` ones, started meanwhile, in all:
 * µs for one of `count` records.
 */
export function watchParts(pids: Record<string, number>): (count: number, fresh: Record<string, number>) => string {
  const ticks = (pid: number) => readProcess(pid)?.ticks ?? Number.NaN
  const before = new Map(Object.values(pids).map(pid => [pid, ticks(pid)]))
  return (count, fresh) => {
    const used = (pid: number) => ((ticks(pid) - (before.get(pid) ?? 0)) / TICKS_PER_S / count) * 1e6
    const parts = Object.entries({ ...fresh, ...pids }).map(([name, pid]) => `${name} ${Math.round(used(pid))}`)
    return `CPU µs a record: ${parts.join(', ')}`
  }
}

/** Starts counting the CPU of these processes, by name. The answer has the seconds that all of them together, and each, have used since. */
export function watchCpu(pids: Record<string, number>): () => { seconds: number; parts: Record<string, number> } {
  const used = () =>
    Object.entries(pids).map(([name, pid]) => [name, (readProcess(pid)?.ticks ?? Number.NaN) / TICKS_PER_S] as const)
  const before = new Map(used())
  return () => {
    const parts = used().map(([name, seconds]) => [name, seconds - before.get(name)!] as const)
    return { seconds: parts.reduce((sum, [, seconds]) => sum + seconds, 0), parts: Object.fromEntries(parts) }
  }
}

/** Memory that a process holds, MB; NaN where that cannot be known. */
export function rssMb(pid: number): number {
  if (!existsSync(`/proc/${pid}/status`)) return Number.NaN
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024
}

/** user, nice, system, interrupts and what another machine on the same host took. */
function machineTicks(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number)
  return [0, 1, 2, 5, 6, 7].reduce((sum, index) => sum + (fields[index] ?? 0), 0)
}

/** This process and all below it. The count of a parent includes children that have ended. */
function ownTicks(): number {
  const below = new Map<number, Array<{ pid: number; ticks: number }>>()
  for (const name of readdirSync('/proc')) {
    const read = /^\d+$/.test(name) ? readProcess(Number(name)) : undefined
    if (read) below.set(read.parent, [...(below.get(read.parent) ?? []), read])
  }
  const count = (pid: number): number =>
    (below.get(pid) ?? []).reduce((sum, child) => sum + child.ticks + count(child.pid), 0)
  return readProcess(process.pid)!.ticks + count(process.pid)
}

function readProcess(pid: number): { pid: number; parent: number; ticks: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number) // biome-ignore format: one thought
    return { pid, parent: fields[1]!, ticks: fields[11]! + fields[12]! + fields[13]! + fields[14]! }
  } catch {
    return undefined // it has just ended
  }
}
