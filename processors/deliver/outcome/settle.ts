/**
 * How a delivery leaves this process's hands: each way writes what follows from it, keeps the count of its event, and ends its record, all
 * in one transaction.
 */
import type { Clock } from '../../../src/clock.ts'
import type { ControlView } from '../../../src/control-plane/view.ts'
import { tierFor } from '../../../src/delivery/retry-schedule.ts'
import type { AttemptResult } from '../../../src/delivery/send.ts'
import type { Ids } from '../../../src/events/ids.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { AttemptRow } from '../../../topics/audit-attempts.ts'
import type { Attempts } from '../attempt.ts'
import type { Delivery } from '../delivery.ts'
import type { SubjectLanes } from '../dispatch/subject-lanes.ts'
import type { OpenEvents } from '../state/open-events.ts'
import type { Announcing } from './announcements.ts'
import { attemptRow, deadLetter, type Outputs, retryRecord, stepRow } from './outputs.ts'

/** The longest tier for what steps aside, so that a webhook that recovers is not kept waiting. */
const ASIDE_MS_MAX = 60_000
/** What cannot be signed waits for its owner: longer, since each time is shown in its history. */
const UNSIGNED_MS_MAX = 30 * 60_000

export interface Settle {
  /** After an attempt: success, the next one later, or the dead letters. */
  attempted(delivery: Delivery, result: AttemptResult): void
  /** An end without an attempt. */
  cancelled(delivery: Delivery, reason: string): void
  /** Somebody wants it tried again: that is shown at once, not only when the attempt has been made. */
  asked(delivery: Delivery): void
  /** Into a retry topic without an attempt, its schedule untouched. */
  aside(delivery: Delivery): void
  /** The same, because its webhook's secret cannot be opened: the history says so, each time. */
  unsigned(delivery: Delivery): void
  /** It waits in the organization's log: for its event that is an end. */
  parked(delivery: Delivery): void
  /** Packed rows and the state of open events. */
  seal(): OutRecord[]
}

export function createSettle(deps: {
  handle: ShardHandle
  view: ControlView
  attempts: Attempts
  events: OpenEvents
  outputs: Outputs
  lanes: SubjectLanes
  /** Told how each attempt ended. */
  announce: Announcing
  clock: Clock
  ids: Ids
  timeScale: number
  onAttempt(row: AttemptRow): void
  /** The delivery is out of hand. */
  release(delivery: Delivery): void
}): Settle {
  const { handle, events, clock, timeScale } = deps
  const { shard } = handle
  const { outputs } = deps

  /** By the webhook as it is now; of one that is gone, as many as were made. */
  const maxAttemptsOf = ({ event, webhookId, attempts }: Delivery): number =>
    deps.view.find('webhook', event.organizationId, webhookId)?.retryDelaysMs.length ?? attempts

  function leave(delivery: Delivery, record: OutRecord, dueAtMs?: number): void {
    if (delivery.trigger === 'live') events.keep(delivery.event.eventId)
    deps.lanes.moved(delivery, dueAtMs)
    release(delivery)
    handle.write([record])
  }

  function end(delivery: Delivery, failed: boolean, records: OutRecord[]): void {
    // A replay or a retry by hand says nothing new of how its emit ended (C.11.5).
    const ended = delivery.trigger === 'live' ? events.end(delivery.event.eventId, failed, clock.nowMs()) : undefined
    if (ended) {
      outputs.completed(ended.completion)
      deps.announce.completed(delivery, ended.completion.state, ended.deliveries)
    }
    const hurried = delivery.lane !== undefined || delivery.trigger === 'replay'
    deps.lanes.ended(delivery)
    release(delivery)
    // Whoever is next in line waits for it; and a catch-up is so quick that a crash would repeat much of it.
    handle.write(records, hurried)
  }

  function release(delivery: Delivery): void {
    const { progress, record, place } = delivery.source
    progress.end(record, place)
    deps.release(delivery)
  }

  return {
    attempted(delivery, result) {
      const outcome = deps.attempts.decide(delivery, delivery.attempt!.webhook, result)
      const row = attemptRow(deps.ids.next('att'), delivery, result, outcome)
      outputs.attempted(row)
      deps.announce.attempted(delivery, outcome, result)
      if (outcome.state === 'success' || outcome.state === 'cancelled') end(delivery, false, [])
      else if (outcome.state === 'failed') end(delivery, true, [deadLetter(delivery, result, shard, clock.nowMs())])
      else {
        const tier = tierFor(outcome.dueAtMs - clock.nowMs(), timeScale)
        leave(delivery, retryRecord(delivery, tier, shard, { attempts: delivery.attempts + 1, dueAtMs: outcome.dueAtMs }), outcome.dueAtMs)
      }
      deps.onAttempt(row)
    },
    cancelled(delivery, reason) {
      outputs.attempted(stepRow(delivery, { state: 'cancelled', reason, maxAttempts: maxAttemptsOf(delivery), nowMs: clock.nowMs() }))
      end(delivery, false, [])
    },
    asked(delivery) {
      const times = { maxAttempts: maxAttemptsOf(delivery), nowMs: clock.nowMs(), dueAtMs: delivery.dueAtMs }
      outputs.attempted(stepRow(delivery, { state: 'retrying', reason: 'asked_for', ...times }))
    },
    parked: delivery => end(delivery, false, []),
    aside(delivery) {
      const nowMs = clock.nowMs()
      const turnAtMs = delivery.stage === 'lined' ? deps.lanes.turnAtMs(delivery) : undefined
      // The longer it has been due, the longer: a dead endpoint's pile is not turned over all the time. One in line: until its turn may come.
      const waitMs = turnAtMs === undefined ? nowMs - delivery.dueAtMs : turnAtMs - nowMs
      const tier = tierFor(Math.min(Math.max(0, waitMs), ASIDE_MS_MAX * timeScale), timeScale)
      leave(delivery, retryRecord(delivery, tier, shard))
    },
    unsigned(delivery) {
      const nowMs = clock.nowMs()
      const tier = tierFor(Math.min(Math.max(0, nowMs - delivery.dueAtMs), UNSIGNED_MS_MAX * timeScale), timeScale)
      const step = { state: 'retrying', reason: 'secret_unreadable', maxAttempts: maxAttemptsOf(delivery), nowMs } as const
      outputs.attempted(stepRow(delivery, { ...step, dueAtMs: Math.round(nowMs + tier.delayMs * timeScale) }))
      leave(delivery, retryRecord(delivery, tier, shard))
    },
    seal: () => [...outputs.seal(), ...events.seal(shard)],
  }
}
