/**
 * The number of requests that a catch-up may have in flight: one more after each success, up to the webhook's own
 * maximum, and half after failures. Twenty failures in a row, or three before a second success, end the catch-up.
 */
import type { Clock } from '../../../src/clock.ts'
import { RETRY_AFTER_MS_MAX } from '../../../src/delivery/retry-schedule.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { Webhook } from '../../../src/model/records.ts'
import { FAILING_AT } from '../state/webhook-states.ts'
import type { Probing } from './probing.ts'
import { isFeeding, type Life } from './webhook-life.ts'

/** This many failures after the probe, without a success between, end the catch-up. */
const RELAPSE_AT = 3
/** A window is halved at most once in this time. */
const HALVE_MS = 1_000

export interface FeedWindow {
  /** Sets the number of requests in flight. */
  open(life: Life, size: number): void
  succeeded(life: Life, webhook: Webhook): void
  /** `inARow`: consecutive failed attempts of the webhook. */
  failed(life: Life, webhook: Webhook, inARow: number): void
  /** The receiver asks for no request during this time. */
  leaveAlone(life: Life, ms: number): void
}

export function createFeedWindow(deps: {
  handle: ShardHandle
  clock: Clock
  probing: Probing
  timeScale: number
  onTransition(from: string, to: string): void
}): FeedWindow {
  const { clock, handle } = deps

  function open(life: Life, size: number): void {
    const { range } = life
    if (!isFeeding(range)) life.feedingSinceMs = clock.nowMs()
    life.isProbing = false
    life.probe?.cancel()
    life.probe = undefined
    range.window = size
    range.touch()
    handle.write([])
    life.feeder.nudge()
  }

  function halve(life: Life): void {
    if (clock.nowMs() - life.halvedAtMs < HALVE_MS) return
    life.halvedAtMs = clock.nowMs()
    life.range.window = Math.max(1, Math.floor(life.range.window / 2))
  }

  return {
    open,
    succeeded(life, webhook) {
      const { range } = life
      life.successes++
      life.failures = 0
      if (!webhook.active) return
      if (isFeeding(range)) {
        if (range.window < webhook.maxInFlight) range.window++
        return
      }
      if (range.cause !== 'held') return
      deps.onTransition('held', 'catching up')
      open(life, 1)
    },
    failed(life, webhook, inARow) {
      const { range } = life
      life.failures++
      if (!webhook.active) return
      if (!isFeeding(range)) {
        if (range.cause === 'held') deps.probing.failed(life)
        return
      }
      if (inARow < FAILING_AT && !(life.successes <= 1 && life.failures >= RELAPSE_AT)) {
        halve(life)
        return
      }
      deps.onTransition('catching up', 'held')
      range.cause = 'held'
      deps.probing.hold(life, webhook)
    },
    leaveAlone(life, askedMs) {
      const ms = Math.min(askedMs, RETRY_AFTER_MS_MAX * deps.timeScale)
      const untilMs = clock.nowMs() + ms
      if (untilMs <= life.notBeforeMs) return
      life.notBeforeMs = untilMs
      life.notBefore?.cancel()
      life.notBefore = clock.after(ms, () => {
        life.notBefore = undefined
        life.feeder.nudge()
      })
    },
  }
}
