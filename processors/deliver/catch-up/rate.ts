/** Events a second over the last minute. */
import type { Clock } from '../../../src/clock.ts'

export interface Rate {
  add(count: number): void
  perSecond(): number
}

const SECONDS = 60

export function createRate(clock: Pick<Clock, 'monotonicMs'>): Rate {
  const counts = new Array<number>(SECONDS).fill(0)
  let newest = Math.floor(clock.monotonicMs() / 1_000)

  function turn(): void {
    const now = Math.floor(clock.monotonicMs() / 1_000)
    for (let second = Math.max(newest + 1, now - SECONDS + 1); second <= now; second++) counts[second % SECONDS] = 0
    newest = now
  }

  return {
    add(count) {
      turn()
      counts[newest % SECONDS]! += count
    },
    perSecond() {
      turn()
      return counts.reduce((sum, count) => sum + count, 0) / SECONDS
    },
  }
}
