import type { ShardHandle } from '../../src/kafka/ports.ts'

/** Runs the callbacks and timers of a shard: an error gives the shard up, and nothing runs once it has stopped. */
export interface Guard {
  run(work: () => void): void
  isStopped(): boolean
  stop(): void
}

/** `pump`: begins the requests for which the work has made slots or deliveries available. */
export function createGuard(handle: Pick<ShardHandle, 'fail'>, pump: () => void): Guard {
  let stopped = false
  return {
    run(work) {
      if (stopped) return
      try {
        work()
        pump()
      } catch (error) {
        handle.fail(error as Error)
      }
    },
    isStopped: () => stopped,
    stop() {
      stopped = true
    },
  }
}
