/** The requests of one shard that are in flight, and the wait for them when the shard is drained. */
import type { Clock } from '../../../src/clock.ts'

export interface InFlightCount {
  begun(): void
  ended(): void
  /** Resolves when none is in flight, or when the time is up. */
  drained(withinMs: number): Promise<void>
}

export function createInFlightCount(clock: Clock): InFlightCount {
  let count = 0
  let onNone: () => void = () => undefined

  return {
    begun() {
      count++
    },
    ended() {
      count--
      if (count === 0) onNone()
    },
    async drained(withinMs) {
      if (count === 0) return
      await new Promise<void>(resolve => {
        const timer = clock.after(withinMs, resolve)
        onNone = () => {
          timer.cancel()
          resolve()
        }
      })
    },
  }
}
