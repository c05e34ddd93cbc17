/** A clock that moves only by hand: waits between attempts end at once, and are noted; others when they are fired. */
import type { Clock } from '../../../sdks/typescript/src/clock.ts'

export interface FiredClock extends Clock {
  /** Delays of the waits that ended at once. */
  waited: number[]
  /** Fires the pending timers of exactly this delay; answers how many there were. */
  fire(delayMs: number): number
  pending(): number[]
}

/** Timers of the delays `heldMs` are held until they are fired. */
export function createFiredClock(nowMs: number, ...heldMs: number[]): FiredClock {
  const held = new Set<{ delayMs: number; callback: () => void }>()
  const waited: number[] = []
  return {
    waited,
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { delayMs, callback }
      if (heldMs.includes(delayMs)) held.add(timer)
      else {
        waited.push(delayMs)
        queueMicrotask(callback)
      }
      return { cancel: () => void held.delete(timer) }
    },
    fire(delayMs) {
      const due = [...held].filter(timer => timer.delayMs === delayMs)
      for (const timer of due) {
        held.delete(timer)
        timer.callback()
      }
      return due.length
    },
    pending: () => [...held].map(timer => timer.delayMs),
  }
}
