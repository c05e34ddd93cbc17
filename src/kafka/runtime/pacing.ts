/**
 * Decides when a shard's next transaction may begin. A transaction costs the same however small it is, so a role whose
 * commits no caller waits for gathers for a while (`commitPaceMs` of a processor).
 */
import type { Clock, Timer } from '../../clock.ts'

export interface Pacing {
  /** Whether it may begin now; if not, `onDue` is called when it may. */
  isDue(): boolean
  /** A transaction of this many inputs begins. */
  begin(inputs: number): void
  stop(): void
}

/**
 * `paceMs`: from the start of one transaction to that of the next, if the last one had at least `fromInputs` inputs.
 */
export function createPacing(deps: { paceMs: number; fromInputs: number; clock: Clock; onDue(): void }): Pacing {
  const { paceMs, fromInputs, clock } = deps
  let begunAtMs = Number.NEGATIVE_INFINITY
  let lastInputs = 0
  let timer: Timer | undefined

  return {
    isDue() {
      if (lastInputs < fromInputs) return true
      const waitMs = begunAtMs + paceMs - clock.monotonicMs()
      if (waitMs <= 0) return true
      timer ??= clock.after(waitMs, () => {
        timer = undefined
        deps.onDue()
      })
      return false
    },
    begin(inputs) {
      begunAtMs = clock.monotonicMs()
      lastInputs = inputs
    },
    stop: () => timer?.cancel(),
  }
}
