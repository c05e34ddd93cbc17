/** Calls per second, exact within the process: in any second at most as many as allowed. */
import type { Clock } from '../../clock.ts'

export interface Rates {
  /** Counts a call. 0: it may proceed; else the seconds after which to repeat it, and it is not counted. */
  take(key: string, perSecond: number): number
}

const WINDOW_MS = 1_000
/** Beyond this many, those without a call in the last second are removed. */
const KEYS_MAX = 10_000

export function createRates({ clock }: { clock: Clock }): Rates {
  /** The times of the last calls, oldest first; as many as are allowed at most. */
  const calls = new Map<string, number[]>()

  function sweep(nowMs: number): void {
    for (const [key, times] of calls) if (nowMs - times.at(-1)! >= WINDOW_MS) calls.delete(key)
  }

  return {
    take(key, perSecond) {
      const nowMs = clock.monotonicMs()
      const times = calls.get(key) ?? []
      while (times.length > 0 && nowMs - times[0]! >= WINDOW_MS) times.shift()
      if (times.length >= perSecond) return Math.max(1, Math.ceil((WINDOW_MS - (nowMs - times[0]!)) / 1_000))
      times.push(nowMs)
      if (!calls.has(key) && calls.size >= KEYS_MAX) sweep(nowMs)
      calls.set(key, times)
      return 0
    },
  }
}
