/** The processes' own counters, added up over all their lives: read after every strike, since a process that is killed forgets. */
import type { Fleet } from './fleet.ts'

export interface Tally {
  read(): Promise<void>
  /** Sums by `<name>{<labels>}`. */
  sums(): Record<string, number>
}

const COUNTED = /^clarion_(?:shard_reopened|rebalances|shed_emits|unanswered_emits)_total/
const READ_MS = 2_000

export function createTally(fleet: Pick<Fleet, 'slots'>): Tally {
  const sums = new Map<string, number>()
  const lasts = new Map<string, number>()

  function note(slot: string, line: string): void {
    const at = line.lastIndexOf(' ')
    const [what, value] = [line.slice(0, at), Number(line.slice(at + 1))]
    const last = lasts.get(`${slot} ${what}`) ?? 0
    lasts.set(`${slot} ${what}`, value)
    // Less than before: another life of the process.
    sums.set(what, (sums.get(what) ?? 0) + (value < last ? value : value - last))
  }

  return {
    async read() {
      const reads = fleet.slots.map(async ({ name, base }) => {
        const answer = await fetch(`${base}/metrics`, { signal: AbortSignal.timeout(READ_MS) })
        for (const line of (await answer.text()).split('\n')) if (COUNTED.test(line)) note(name, line)
      })
      await Promise.allSettled(reads)
    },
    sums: () => Object.fromEntries([...sums].filter(([, value]) => value > 0).sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}
