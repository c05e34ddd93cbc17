/**
 * Resumes a shard in the next tick, when the caller has finished changing its lane or the deliveries in hand. The parts
 * that call it exist before those that it resumes, so these are connected last.
 */
import type { Delivery } from './delivery.ts'

export interface Wake {
  /** The turn of this delivery in its lane has come. */
  turn(delivery: Delivery): void
  /** There is capacity again: in memory, or among the deliveries that wait for their due time. */
  space(): void
  connect(resumed: Resumed): void
}

export interface Resumed {
  turn(delivery: Delivery): void
  space(): void
}

export function createWake(guarded: (work: () => void) => void): Wake {
  let resumed: Resumed | undefined
  let turns: Delivery[] = []
  let isSpaceDue = false

  return {
    turn(delivery) {
      if (turns.push(delivery) > 1) return
      setImmediate(() => {
        const called = turns
        turns = []
        guarded(() => {
          for (const each of called) resumed?.turn(each)
        })
      })
    },
    space() {
      if (isSpaceDue) return
      isSpaceDue = true
      setImmediate(() => {
        isSpaceDue = false
        guarded(() => resumed?.space())
      })
    },
    connect(parts) {
      resumed = parts
    },
  }
}
