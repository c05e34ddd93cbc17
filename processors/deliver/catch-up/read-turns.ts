/**
 * Which feeds may have pages of logs in memory: so many at a time in one process. One that has had its turn for five seconds while others wait
 * lets go of its pages and queues again, so that a slow endpoint keeps nobody from reading.
 */
import type { Clock } from '../../../src/clock.ts'

/** A page has a megabyte for each partition. */
const READERS_MAX = 16
const TURN_MS = 5_000

export interface ReadTurns {
  /** Resolves when it may read, with what is to be called when its pages are gone. `onWanted`: others wait, and its time is over. */
  enter(onWanted: () => void): Promise<() => void>
}

export function createReadTurns({ clock, readersMax = READERS_MAX }: { clock: Clock; readersMax?: number }): ReadTurns {
  const holders = new Set<{ onWanted: () => void; sinceMs: number }>()
  const waiting: Array<() => void> = []
  let isTimed = false

  function watch(): void {
    if (isTimed || waiting.length === 0) return
    isTimed = true
    clock.after(TURN_MS / 5, () => {
      isTimed = false
      const overMs = clock.monotonicMs() - TURN_MS
      let wanted = waiting.length
      for (const holder of [...holders]) {
        if (wanted === 0 || holder.sinceMs > overMs) break
        wanted--
        holder.onWanted()
      }
      watch()
    })
  }

  return {
    async enter(onWanted) {
      if (holders.size >= readersMax) {
        await new Promise<void>(resolve => {
          waiting.push(resolve)
          watch()
        })
      }
      const holder = { onWanted, sinceMs: clock.monotonicMs() }
      holders.add(holder)
      return () => {
        if (holders.delete(holder)) waiting.shift()?.()
      }
    },
  }
}
