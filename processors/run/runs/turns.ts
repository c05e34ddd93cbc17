/** Runs that have something to do take turns, so that a long walk of one delays no other for more than its slice. */
import type { Clock } from '../../../src/clock.ts'
import { createFifo } from '../../../src/delivery/fifo.ts'
import type { LiveRun } from '../live-run.ts'

export interface Turns {
  /** Once, however often it is added before its turn. */
  add(live: LiveRun): void
  /** Works off what there is; what takes longer goes on in later turns of the event loop. */
  work(): void
  close(): void
}

/** Of one turn of the event loop. */
const WORK_MS_MAX = 5

export function createTurns(deps: { clock: Clock; turn(live: LiveRun): void; onError(error: Error): void }): Turns {
  const { clock } = deps
  const queue = createFifo<LiveRun>()
  let isScheduled = false
  let isWorking = false
  let isClosed = false

  function work(): void {
    // A turn that adds work is still going on.
    if (isWorking || isClosed) return
    isWorking = true
    try {
      const untilMs = clock.monotonicMs() + WORK_MS_MAX
      for (let live = queue.shift(); live !== undefined; live = queue.shift()) {
        live.isQueued = false
        deps.turn(live)
        if (clock.monotonicMs() >= untilMs) break
      }
    } catch (error) {
      deps.onError(error as Error)
    } finally {
      isWorking = false
    }
    if (queue.length > 0) later()
  }

  function later(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      work()
    })
  }

  return {
    add(live) {
      if (live.isQueued) return
      live.isQueued = true
      queue.push(live)
    },
    work,
    close() {
      isClosed = true
    },
  }
}
