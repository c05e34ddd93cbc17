/**
 * The ways in which a delivery leaves this process: each writes the resulting records, updates the count of its event,
 * and ends its input record, all in one transaction.
 */
import type { Clock } from '../../../src/clock.ts'
import { retryAfterMs, tierFor } from '../../../src/delivery/retry-schedule.ts'
import type { AttemptResult } from '../../../src/delivery/send.ts'
import { subscriberKey } from '../../../src/events/subscribers.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { Ids } from '../../../src/model/ids.ts'
import type { AttemptRow } from '../../../topics/audit-attempts.ts'
import type { Attempts } from '../attempt.ts'
import type { Delivery, InFlight, Unsent } from '../delivery.ts'
import type { SubjectLanes } from '../dispatch/subject-lanes.ts'
import type { ManualRetries } from '../state/manual-retries.ts'
import type { Completion, OpenEvents } from '../state/open-events.ts'
import type { WebhookStates } from '../state/webhook-states.ts'
import type { Announcements } from './announcements.ts'
import { attemptRow, deadLetter, deadLetterUntried, type Outputs, retryRecord, stepRow } from './outputs.ts'

const HOP_MS = 600_000
/** A delivery that cannot be signed waits for its owner: longer, since its history shows each time. */
const UNSIGNED_MS_MAX = 30 * 60_000

export interface Settle {
  /** After an attempt: success, the next one later, or the dead letters. */
  attempted(delivery: InFlight, result: AttemptResult): void
  /** An end without an attempt. */
  cancelled(delivery: Unsent, reason: string): void
  /** A manual retry was requested: shown at once, not only after the attempt. */
  retryRequested(delivery: Unsent): void
  /**
   * Into a retry topic without an attempt: an earlier release left more deliveries there than may wait with the range.
   */
  hop(delivery: Unsent): void
  /** Into a retry topic without an attempt, with its due time: its former record is no longer in the log. */
  rescued(delivery: Unsent): void
  /** A dead letter without a further attempt: nothing more can be done for it. */
  refused(delivery: Unsent, reason: string): void
  /** Its webhook has been paused meanwhile, and it does not wait for that. */
  skipped(delivery: Unsent, reason: string): void
  /**
   * Into a retry topic without an attempt, because its webhook's secret cannot be opened: recorded in the history each
   * time.
   */
  unsigned(delivery: Unsent): void
  /** Packed rows. */
  seal(): OutRecord[]
}

export function createSettle(deps: {
  handle: ShardHandle
  view: ControlView
  attempts: Attempts
  events: OpenEvents
  states: WebhookStates
  manualRetries: Pick<ManualRetries, 'endedUntried'>
  /** Called at each attempt's end. `retryAfterMs`: how long the receiver wants no request. */
  owing: { attempted(delivery: InFlight, ok: boolean, retryAfterMs: number | undefined): void }
  outputs: Outputs
  lanes: SubjectLanes
  /** Called with the result of each attempt. */
  announce: Announcements
  clock: Clock
  ids: Ids
  timeScale: number
  onAttempt(row: AttemptRow, isFed: boolean): void
  /** The delivery is no longer in hand. */
  release(delivery: Unsent | InFlight): void
}): Settle {
  const { handle, events, clock, timeScale } = deps
  const { shard } = handle
  const { outputs } = deps

  /** By the current webhook; for a deleted one, as many as were made. */
  const maxAttemptsOf = ({ event, webhookId, attempts }: Delivery): number =>
    deps.view.find('webhook', event.organizationId, webhookId)?.retryDelaysMs.length ?? attempts

  function leave(delivery: Unsent | InFlight, record: OutRecord, dueAtMs?: number): void {
    const { event, fed, countedAs, webhookId } = delivery
    if (countedAs === 'hand') events.away(event)
    else if (countedAs === 'range') events.awayFromRange(event, fed!.keys!, subscriberKey(webhookId))
    if (!delivery.isRetry) deps.states.inRetry(webhookId, event.organizationId, 1)
    deps.lanes.moved(delivery, dueAtMs)
    release(delivery)
    handle.write([record])
  }

  function end(delivery: Unsent | InFlight, failed: boolean, records: OutRecord[]): void {
    const ended = endOfEvent(delivery, failed)
    if (ended) {
      outputs.completed(ended.completion)
      deps.announce.completed(delivery.event, ended.completion.state, ended.deliveries)
    }
    if (delivery.isRetry) deps.states.inRetry(delivery.webhookId, delivery.event.organizationId, -1)
    // The next delivery of the lane waits for this commit; and a crash should repeat little of a replay, which has its
    // own rate. Fed deliveries commit at the pace of live ones, since they come as fast.
    const isAwaited = delivery.lane !== undefined || delivery.trigger === 'replay'
    deps.lanes.ended(delivery)
    release(delivery)
    handle.write(records, isAwaited)
  }

  function endUntried(delivery: Unsent, failed: boolean, records: OutRecord[] = []): void {
    if (delivery.trigger === 'manual') deps.manualRetries.endedUntried(delivery.deliveryId, delivery.attempts)
    end(delivery, failed, records)
  }

  /** A replay or a manual retry does not change how its emit ended. */
  function endOfEvent({ event, countedAs, fed, webhookId }: Delivery, failed: boolean): Completion | undefined {
    const nowMs = clock.nowMs()
    if (countedAs === 'nothing') return undefined
    if (countedAs === 'range') return events.endOfRange(event, fed!.keys!, subscriberKey(webhookId), { failed, nowMs })
    return events.end(event, countedAs, failed, nowMs)
  }

  function release(delivery: Unsent | InFlight): void {
    const { progress, record, part } = delivery.source
    if (delivery.fed) delivery.fed.left()
    else progress.end(record, part)
    deps.release(delivery)
  }

  return {
    attempted(delivery, result) {
      const outcome = deps.attempts.decide(delivery, result)
      const row = attemptRow(deps.ids.next('att'), delivery, result, outcome)
      outputs.attempted(row)
      deps.announce.attempted(delivery, outcome, result)
      deps.owing.attempted(delivery, outcome.state === 'success', retryAfterMs(result, clock.nowMs()))
      if (outcome.state === 'success' || outcome.state === 'cancelled') end(delivery, false, [])
      else if (outcome.state === 'failed') end(delivery, true, [deadLetter(delivery, result, shard, clock.nowMs())])
      else {
        const tier = tierFor(outcome.dueAtMs - clock.nowMs(), timeScale)
        leave(
          delivery,
          retryRecord(delivery, tier, shard, { attempts: delivery.attempts + 1, dueAtMs: outcome.dueAtMs }),
          outcome.dueAtMs,
        )
      }
      deps.onAttempt(row, delivery.fed !== undefined)
    },
    cancelled(delivery, reason) {
      outputs.attempted(
        stepRow(delivery, { state: 'cancelled', reason, maxAttempts: maxAttemptsOf(delivery), nowMs: clock.nowMs() }),
      )
      endUntried(delivery, false)
    },
    skipped(delivery, reason) {
      outputs.attempted(
        stepRow(delivery, { state: 'skipped', reason, maxAttempts: maxAttemptsOf(delivery), nowMs: clock.nowMs() }),
      )
      endUntried(delivery, false)
    },
    retryRequested(delivery) {
      const times = { maxAttempts: maxAttemptsOf(delivery), nowMs: clock.nowMs(), dueAtMs: delivery.dueAtMs }
      outputs.attempted(stepRow(delivery, { state: 'retrying', reason: 'asked_for', ...times }))
    },
    hop: delivery => leave(delivery, retryRecord(delivery, tierFor(HOP_MS * timeScale, timeScale), shard)),
    rescued: delivery =>
      leave(delivery, retryRecord(delivery, tierFor(delivery.dueAtMs - clock.nowMs(), timeScale), shard)),
    refused(delivery, reason) {
      const nowMs = clock.nowMs()
      outputs.attempted(stepRow(delivery, { state: 'failed', reason, maxAttempts: maxAttemptsOf(delivery), nowMs }))
      endUntried(delivery, true, [deadLetterUntried(delivery, reason, shard)])
    },
    unsigned(delivery) {
      const nowMs = clock.nowMs()
      const tier = tierFor(Math.min(Math.max(0, nowMs - delivery.dueAtMs), UNSIGNED_MS_MAX * timeScale), timeScale)
      const step = {
        state: 'retrying',
        reason: 'secret_unreadable',
        maxAttempts: maxAttemptsOf(delivery),
        nowMs,
      } as const
      outputs.attempted(stepRow(delivery, { ...step, dueAtMs: Math.round(nowMs + tier.delayMs * timeScale) }))
      leave(delivery, retryRecord(delivery, tier, shard))
    },
    seal: () => outputs.seal(),
  }
}
