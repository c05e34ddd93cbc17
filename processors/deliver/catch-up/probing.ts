/**
 * Held webhooks: one probe at a time, thirty seconds after the last attempt, and twice as long after each failed one,
 * up to ten minutes (scaled).
 */
import type { Clock, Random } from '../../../src/clock.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { OwingShard } from './owing-shard.ts'
import { isFeeding, type RangeSession } from './range-session.ts'

const PROBE_MS = { first: 30_000, longest: 600_000 }
const JITTER = 0.1
/** After catching up for this long an endpoint counts as healthy: a relapse begins with short pauses again. */
const WELL_AFTER_MS = 60_000

export interface Probing {
  /** Only probes from now on. */
  hold(session: RangeSession, webhook: Webhook): void
  /** No attempts at all. */
  rest(session: RangeSession): void
  /** After a restart: at the stored time. */
  arm(session: RangeSession): void
  failed(session: RangeSession): void
  /** The endpoint has changed. */
  probeNow(session: RangeSession): void
}

export function createProbing(deps: {
  clock: Clock
  random: Pick<Random, 'uniform'>
  timeScale: number
  shard: Pick<OwingShard, 'unattempted'>
  flushOf(session: RangeSession): void
  /** Deliveries that wait for a slot are owed from now on. */
  defer(session: RangeSession, delivery: ReturnType<OwingShard['unattempted']>[number]): void
  guarded(work: () => void): void
}): Probing {
  const { clock } = deps
  const stepMs = (ms: number) => ms * deps.timeScale

  function rest(session: RangeSession): void {
    session.range.window = 0
    session.isProbing = false
    session.probe?.cancel()
    session.probe = undefined
    session.feeder.rest()
  }

  function schedule(session: RangeSession, inMs: number): void {
    const { range } = session
    range.nextProbeAtMs = Math.round(clock.nowMs() + inMs * (1 + JITTER * (deps.random.uniform() - 0.5)))
    range.touch()
    arm(session)
  }

  function arm(session: RangeSession): void {
    session.probe?.cancel()
    session.probe = clock.after(Math.max(0, session.range.nextProbeAtMs - clock.nowMs()), () => {
      session.probe = undefined
      deps.guarded(() => probe(session))
    })
  }

  function probe(session: RangeSession): void {
    const { range } = session
    if (range.cause !== 'held' || isFeeding(range)) return
    // Another delivery has just been attempted.
    const nextMs = session.lastAttemptAtMs + range.probeStepMs - clock.nowMs()
    if (session.lastAttemptAtMs > 0 && nextMs > 0) {
      schedule(session, nextMs)
      return
    }
    deps.flushOf(session)
    session.isProbing = true
    session.feeder.nudge()
    // No event yet, or it cannot be read now.
    schedule(session, range.probeStepMs)
  }

  return {
    rest,
    arm,
    hold(session, webhook) {
      const { range } = session
      const wasWell = isFeeding(range) && clock.nowMs() - session.feedingSinceMs >= stepMs(WELL_AFTER_MS)
      if (range.probeStepMs === 0 || wasWell) range.probeStepMs = stepMs(PROBE_MS.first)
      rest(session)
      session.successes = 0
      session.failures = 0
      schedule(session, range.probeStepMs)
      // Deliveries without an attempt are owed from now on; retries keep their schedule.
      for (const delivery of deps.shard.unattempted(webhook.id)) deps.defer(session, delivery)
    },
    failed(session) {
      const { range } = session
      if (!session.isProbing) return
      session.isProbing = false
      session.feeder.rest()
      range.probeStepMs = Math.min(range.probeStepMs * 2, stepMs(PROBE_MS.longest))
      schedule(session, range.probeStepMs)
    },
    probeNow(session) {
      session.range.probeStepMs = stepMs(PROBE_MS.first)
      session.lastAttemptAtMs = 0
      probe(session)
    },
  }
}
