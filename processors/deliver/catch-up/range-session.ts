/** In-memory state of one webhook's range while it is owed something. */
import type { Clock, Timer } from '../../../src/clock.ts'
import type { Delivery } from '../delivery.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { Feeder } from './feeder.ts'
import { createRate, type Rate } from './rate.ts'

/** A part just read from `deliveries` for the webhook. */
export type Arrival = Pick<Delivery, 'event' | 'payload' | 'webhookId' | 'source' | 'createdAtMs'>

export interface RangeSession {
  range: OwedRange
  feeder: Feeder
  rate: Rate
  /** Absorbed, and not written yet. `left`: it had already ended. */
  pending: Array<{ arrival: Arrival; left: boolean }>
  probe: Timer | undefined
  /** A probe may go out. */
  isProbing: boolean
  lastAttemptAtMs: number
  /** Since it was last held or activated. */
  successes: number
  failures: number
  feedingSinceMs: number
  halvedAtMs: number
  /** Its receiver wants no request until then. */
  notBeforeMs: number
  notBefore: Timer | undefined
}

export interface RangeSessions {
  of(range: OwedRange): RangeSession
  all(): RangeSession[]
  /** The range has ended. */
  drop(session: RangeSession): void
  close(): void
}

/** Whether its catch-up is under way, beyond single probes. */
export const isFeeding = (range: OwedRange): boolean => range.window > 0

export function createRangeSessions({
  clock,
  feederOf,
}: {
  clock: Clock
  feederOf(session: () => RangeSession, range: OwedRange): Feeder
}): RangeSessions {
  const sessions = new Map<OwedRange, RangeSession>()

  function make(range: OwedRange): RangeSession {
    const feeder = feederOf(() => session, range)
    const times = { lastAttemptAtMs: 0, feedingSinceMs: clock.nowMs(), halvedAtMs: 0, notBeforeMs: 0 }
    const counts = { successes: 0, failures: 0 }
    const session: RangeSession = {
      ...{
        range,
        feeder,
        rate: createRate(clock),
        pending: [],
        probe: undefined,
        isProbing: false,
        notBefore: undefined,
      },
      ...times,
      ...counts,
    }
    range.ratePerSecond = () => session.rate.perSecond()
    sessions.set(range, session)
    return session
  }

  function stop({ feeder, probe, notBefore }: RangeSession): void {
    feeder.close()
    probe?.cancel()
    notBefore?.cancel()
  }

  return {
    of: range => sessions.get(range) ?? make(range),
    all: () => [...sessions.values()],
    drop(session) {
      stop(session)
      sessions.delete(session.range)
    },
    close: () => [...sessions.values()].forEach(stop),
  }
}
