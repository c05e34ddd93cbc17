/** Decides when a shard whose session has failed opens the next one: after a pause that doubles with each failure. */
import type { Clock, Random, Timer } from '../../clock.ts'

const REOPEN_PAUSE_MS = { first: 50, most: 5_000 }

export interface Reopening {
  /** `fencedAtMs`: another process believed it held the shard; it opens only after the group has confirmed this one. */
  soon(fencedAtMs: number | undefined): void
  /** The next pause is the shortest again. */
  reset(): void
  cancel(): void
}

export function createReopening(deps: {
  clock: Clock
  random: Random
  /** When the lease on the shard was last confirmed. */
  confirmedAtMs(): number
  open(): void
}): Reopening {
  let failures = 0
  let timer: Timer | undefined

  function soon(fencedAtMs: number | undefined): void {
    const pauseMs =
      Math.min(REOPEN_PAUSE_MS.first * 2 ** failures++, REOPEN_PAUSE_MS.most) * (0.5 + deps.random.uniform())
    timer = deps.clock.after(pauseMs, () => {
      if (fencedAtMs !== undefined && deps.confirmedAtMs() <= fencedAtMs) soon(fencedAtMs)
      else deps.open()
    })
  }

  return {
    soon,
    reset() {
      failures = 0
    },
    cancel: () => timer?.cancel(),
  }
}
