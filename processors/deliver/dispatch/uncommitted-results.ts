/** The results of a shard that wait for their transaction, and since when: a crash would repeat them. */
import type { Clock } from '../../../src/clock.ts'

export interface UncommittedResults {
  add(): void
  /** All results are in the current transaction. */
  seal(): void
  /** That transaction has committed. */
  committed(): void
  /** The shard is closed: its results are dropped. */
  drop(): void
  /** How old the oldest one is; 0 when there is none. */
  oldestMs(): number
}

/** `changed`: the difference in the number of waiting results. */
export function createUncommittedResults({
  clock,
  changed,
}: {
  clock: Clock
  changed(by: number): void
}): UncommittedResults {
  let filling = 0
  let sealed = 0
  /** When the oldest of each ended; monotonic. */
  let fillingSinceMs: number | undefined
  let sealedSinceMs: number | undefined

  return {
    add() {
      filling++
      fillingSinceMs ??= clock.monotonicMs()
      changed(1)
    },
    seal() {
      sealed = filling
      sealedSinceMs = fillingSinceMs
      filling = 0
      fillingSinceMs = undefined
    },
    committed() {
      const done = sealed
      sealed = 0
      sealedSinceMs = undefined
      if (done > 0) changed(-done)
    },
    drop: () => changed(-filling - sealed),
    oldestMs() {
      const sinceMs = sealedSinceMs ?? fillingSinceMs
      return sinceMs === undefined ? 0 : clock.monotonicMs() - sinceMs
    },
  }
}
