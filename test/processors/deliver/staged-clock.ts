/**
 * A clock that a test moves by hand while the broker keeps the machine's time. Broker timestamps are converted to the
 * hand's time at the moment when it was moved, so that a retry topic's delay passes when the test says so.
 */
import type { Clock } from '../../../src/clock.ts'
import { createManualClock } from '../../delivery/manual-clock.ts'

export interface StagedClock extends Clock {
  /** Moves to a time, and fires all timers until then. */
  moveTo(nowMs: number): void
  /** The hand's time when the machine's clock showed `machineMs`. */
  shownAt(machineMs: number): number
}

export function createStagedClock(machine: Clock): StagedClock {
  const hand = createManualClock(machine.nowMs())
  const moves: Array<{ atMs: number; fromMs: number }> = []
  return {
    ...hand,
    moveTo(nowMs) {
      moves.push({ atMs: machine.nowMs(), fromMs: hand.nowMs() })
      hand.advance(nowMs - hand.nowMs())
    },
    shownAt: machineMs => moves.find(({ atMs }) => machineMs <= atMs)?.fromMs ?? hand.nowMs(),
  }
}
