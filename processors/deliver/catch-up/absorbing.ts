/**
 * Absorbs new events while a range is open: their records end together every two seconds, and only the range's last
 * number moves. With many ranges the interval grows, so that a shard writes at most 64 range records a second.
 */
import type { Clock, Timer } from '../../../src/clock.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { sourceless } from '../delivery.ts'
import type { DeliverLimits } from '../limits.ts'
import type { OpenEvents } from '../state/open-events.ts'
import type { OwedRange } from '../state/owed-range.ts'
import { type Arrival, isFeeding, type RangeSession, type RangeSessions } from './range-session.ts'

/** A range with nothing else to feed is written sooner. */
const AWAITED_MS = 100
/** Maximum range records a second of one shard. */
const RANGE_RECORDS_PER_SECOND = 64
const NOTHING = Buffer.alloc(0)

export interface Absorbing {
  /** False: its number is not above all others of the range. */
  absorb(range: OwedRange, arrival: Arrival): boolean
  /** The same for a part that was read again and has already ended. */
  passed(range: OwedRange, event: EventFacts, webhookId: string): void
  /** Ends the records of absorbed events that are not written yet, now. */
  flush(): void
  flushOf(session: RangeSession): void
  close(): void
}

/** Its payload is still in memory, so it can go on live. */
export const isKept = ({ payload }: Arrival): boolean => payload !== NOTHING

export function createAbsorbing(deps: {
  handle: ShardHandle
  events: Pick<OpenEvents, 'absorb'>
  limits: DeliverLimits
  clock: Clock
  sessions: RangeSessions
  isAboveHalf(): boolean
  guarded(work: () => void): void
}): Absorbing {
  const { handle, limits, sessions } = deps
  let timer: Timer | undefined
  /** Number of ranges written together last. */
  let flushed = 0
  let closed = false

  const isBehind = (range: OwedRange, { sequence }: EventFacts) =>
    sequence > Math.max(range.lastNumber(), range.pendingThrough)

  function flushSoon(range: OwedRange): void {
    if (timer || closed) return
    const isAwaited = isFeeding(range) && sessions.of(range).feeder.isDry()
    const paceMs = Math.max(isAwaited ? AWAITED_MS : limits.absorbMs, (1_000 * flushed) / RANGE_RECORDS_PER_SECOND)
    timer = deps.clock.after(paceMs, () => {
      timer = undefined
      deps.guarded(flush)
    })
  }

  function flush(): void {
    flushed = 0
    for (const session of sessions.all()) {
      if (session.pending.length > 0) flushed++
      flushOf(session)
    }
  }

  function flushOf(session: RangeSession): void {
    if (session.pending.length === 0) return
    const { range } = session
    for (const { arrival, left } of session.pending) {
      const { source, event } = arrival
      if (!left) source.progress.end(source.record, source.part)
      range.take(event.sequence, event.recordedAtMs, left)
    }
    range.expectNothing()
    session.pending = []
    range.touch()
    handle.write([])
    if (isFeeding(range) || session.isProbing) session.feeder.nudge()
  }

  return {
    absorb(range, arrival) {
      const { event, webhookId, payload, source, createdAtMs } = arrival
      if (!isBehind(range, event)) return false
      const session = sessions.of(range)
      deps.events.absorb(event, webhookId)
      range.expect(event.sequence, false)
      if (range.cause === 'paused' && !isFeeding(range))
        range.pausedThrough = Math.max(range.pausedThrough, event.sequence)
      const keeps = isFeeding(range) && range.count + session.pending.length < limits.keptMax && !deps.isAboveHalf()
      session.pending.push({
        arrival: { event, webhookId, source, createdAtMs, payload: keeps ? payload : NOTHING },
        left: false,
      })
      flushSoon(range)
      if (isFeeding(range)) session.feeder.nudge()
      return true
    },
    passed(range, event, webhookId) {
      if (!isBehind(range, event)) return
      range.expect(event.sequence, true)
      sessions.of(range).pending.push({ arrival: { ...EMPTY_ARRIVAL, event, webhookId }, left: true })
      flushSoon(range)
    },
    flush,
    flushOf,
    close() {
      closed = true
      timer?.cancel()
    },
  }
}

const EMPTY_ARRIVAL = {
  payload: NOTHING,
  source: sourceless(),
  createdAtMs: 0,
}
