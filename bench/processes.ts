/** Processes below another one, as Linux lists them. */
import { readdirSync, readFileSync } from 'node:fs'

/** Of all generations, whatever session they are in. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const parent = parentOf(name)
    if (parent !== undefined) parents.set(Number(name), parent)
  }
  const found: number[] = []
  for (let generation = [pid]; generation.length > 0; ) {
    generation = [...parents].flatMap(([child, parent]) => (generation.includes(parent) ? [child] : []))
    found.push(...generation)
  }
  return found
}

/** Undefined for what is no process, or is gone. The name of a program may have spaces and brackets. */
function parentOf(name: string): number | undefined {
  if (!/^\d+$/.test(name)) return undefined
  const stat = read(`/proc/${name}/stat`)
  return stat === '' ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

/** Its program and arguments; empty when it is gone. */
export const commandOf = (pid: number): string => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')

/** One that is gone is no error. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
