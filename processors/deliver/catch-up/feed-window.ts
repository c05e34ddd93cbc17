/**
 * The number of requests that a catch-up may have in flight: one more after each success, up to the webhook's own
 * maximum, and half after failures. Twenty failures in a row, or three before a second success, end the catch-up.
 */
import type { Clock } from '../../../src/clock.ts'
import { RETRY_AFTER_MS_MAX } from '../../../src/delivery/retry-schedule.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import { FAILING_AT } from '../state/webhook-states.ts'
import type { Probing } from './probing.ts'
import { isFeeding, type RangeSession } from './range-session.ts'

/** This many failures after the probe, without a success between, end the catch-up. */
const RELAPSE_AT = 3
/** A window is halved at most once in this time. */
const HALVE_MS = 1_000

export interface FeedWindow {
  /** Sets the number of requests in flight. */
  open(session: RangeSession, size: number): void
  succeeded(session: RangeSession, webhook: Webhook): void
  /** `inARow`: consecutive failed attempts of the webhook. */
  failed(session: RangeSession, webhook: Webhook, inARow: number): void
  /** The receiver asks for no request during this time. */
  leaveAlone(session: RangeSession, ms: number): void
}

export function createFeedWindow(deps: {
  handle: ShardHandle
  clock: Clock
  probing: Probing
  timeScale: number
  onTransition(from: string, to: string): void
}): FeedWindow {
  const { clock, handle } = deps

  function open(session: RangeSession, size: number): void {
    const { range } = session
    if (!isFeeding(range)) session.feedingSinceMs = clock.nowMs()
    session.isProbing = false
    session.probe?.cancel()
    session.probe = undefined
    range.window = size
    range.touch()
    handle.write([])
    session.feeder.nudge()
  }

  function halve(session: RangeSession): void {
    if (clock.nowMs() - session.halvedAtMs < HALVE_MS) return
    session.halvedAtMs = clock.nowMs()
    session.range.window = Math.max(1, Math.floor(session.range.window / 2))
  }

  return {
    open,
    succeeded(session, webhook) {
      const { range } = session
      session.successes++
      session.failures = 0
      if (!webhook.active) return
      if (isFeeding(range)) {
        if (range.window < webhook.maxInFlight) range.window++
        return
      }
      if (range.cause !== 'held') return
      deps.onTransition('held', 'catching up')
      open(session, 1)
    },
    failed(session, webhook, inARow) {
      const { range } = session
      session.failures++
      if (!webhook.active) return
      if (!isFeeding(range)) {
        if (range.cause === 'held') deps.probing.failed(session)
        return
      }
      if (inARow < FAILING_AT && !(session.successes <= 1 && session.failures >= RELAPSE_AT)) {
        halve(session)
        return
      }
      deps.onTransition('catching up', 'held')
      range.cause = 'held'
      deps.probing.hold(session, webhook)
    },
    leaveAlone(session, requestedMs) {
      const ms = Math.min(requestedMs, RETRY_AFTER_MS_MAX * deps.timeScale)
      const untilMs = clock.nowMs() + ms
      if (untilMs <= session.notBeforeMs) return
      session.notBeforeMs = untilMs
      session.notBefore?.cancel()
      session.notBefore = clock.after(ms, () => {
        session.notBefore = undefined
        session.feeder.nudge()
      })
    },
  }
}
