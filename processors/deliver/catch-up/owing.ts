/**
 * Owed ranges of webhooks beyond their share: when a range opens, how it is fed, and when its webhook is live again.
 *
 *     live ──too much waits──► held (one probe at a time) ──a success──► catching up ──all begun──► live
 *       │ └──paused, something comes──► paused ──activated──────────────────►┘ │
 *       └──too much waits, but the endpoint takes it (`busy`)───────────────►  └──20 failures──► held
 *
 * New events are absorbed while a range is open: their records end together every two seconds, and only the range's
 * last number moves.
 */
import type { Clock, Random } from '../../../src/clock.ts'
import type { OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { shardOf } from '../../../src/kafka/shards.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId, type Ids } from '../../../src/model/ids.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { WaitCause } from '../../../topics/delivery-catch-ups.ts'
import { type InFlight, isEnded, type Unsent } from '../delivery.ts'
import type { DeliverLimits } from '../limits.ts'
import { EARLY_INPUTS } from '../state/early-entries.ts'
import type { OpenEvents } from '../state/open-events.ts'
import type { OwedRange } from '../state/owed-range.ts'
import { FAILING_AT, type WebhookStates } from '../state/webhook-states.ts'
import { createAbsorbing } from './absorbing.ts'
import { createFeedWindow } from './feed-window.ts'
import { createFeeder } from './feeder.ts'
import type { FeederPorts } from './feeder-ports.ts'
import { createGoingLive } from './going-live.ts'
import type { OwingShard } from './owing-shard.ts'
import { createProbing } from './probing.ts'
import { type Arrival, createRangeSessions, isFeeding, type RangeSession } from './range-session.ts'
import { createWebhookChanges } from './webhook-changes.ts'

export interface Owing {
  start(): void
  /** Whether any webhook is owed anything. */
  areAny(): boolean
  /** A part just read from `deliveries`: true if an open range absorbs it. */
  absorbs(arrival: Arrival): boolean
  /** The same for a paused webhook; opens its range. */
  absorbPaused(arrival: Arrival, webhook: Webhook): boolean
  /** A part of a record that was read again has already ended. */
  passed(event: EventFacts, webhookId: string): void
  /** A delivery waits for a slot. */
  queued(webhook: Webhook): void
  /** Opens the webhook's range, or keeps it open. */
  open(webhook: Webhook, cause: WaitCause): OwedRange
  /**
   * It has waited too long, or its webhook is paused: it waits with the range. Returns false when the range cannot take
   * it.
   */
  defer(delivery: Unsent, webhook: Webhook): boolean
  /** An attempt has ended. `retryAfterMs`: how long its receiver wants no request. */
  attempted(delivery: InFlight, ok: boolean, retryAfterMs: number | undefined): void
  /** Whether the webhook is owed something. */
  isWaiting(webhookId: string): boolean
  /** The webhook's range, if it has one. */
  find(webhookId: string): OwedRange | undefined
  /** Begins deliveries as far as the windows allow. */
  nudge(): void
  /** Ends the records of absorbed events that are not written yet, now. */
  flush(): void
  committed(): void
  seal(partition: number): OutRecord[]
  close(): void
}

export type FedOutcome = 'success' | 'failed'

export function createOwing(
  deps: Omit<FeederPorts, 'take'> & {
    handle: ShardHandle
    view: ControlView
    states: WebhookStates
    events: OpenEvents
    shard: OwingShard
    shards: number
    limits: DeliverLimits
    ids: Ids
    clock: Clock
    random: Random
    timeScale: number
    /** Whether everything that was read before a restart has been read again, unless it had ended. */
    isReadAgain(): boolean
    /** Whether a lane of an ordered webhook has enough members in hand. */
    isLaneFull(webhookId: string, subject: string | null, queuedMax: number): boolean
    /** A segment is to end in bulk. */
    onClosing(): void
    onTransition(from: string, to: string): void
    /** An attempt of an owed delivery has ended. */
    onFed(outcome: FedOutcome, isProbe: boolean): void
    /** A webhook is owed nothing any more. */
    onEnd(): void
  },
): Owing {
  const { handle, view, states, events, clock, limits, shard } = deps
  let started = false
  let closed = false

  const webhookOf = (range: OwedRange) => view.find('webhook', range.organizationId, range.webhookId)
  const sessions = createRangeSessions({
    clock,
    feederOf: (session, range) =>
      createFeeder({
        ...deps,
        range,
        take: (record, origin) => shard.take(record, origin),
        allowance: () => allowance(session()),
        isInLine: () => range.cause === 'paused',
        aheadMax: limits.fedAheadMax,
        isLaneFull: () =>
          webhookOf(range)?.ordering === 'none'
            ? undefined
            : subject => deps.isLaneFull(range.webhookId, subject, limits.queuedMax),
        onDry: () => goingLive.dry(session()),
        onChange: () => handle.write([]),
      }),
  })
  const absorbing = createAbsorbing({ ...deps, sessions, isAboveHalf: shard.isAboveHalf })
  const { flushOf } = absorbing
  const probing = createProbing({ ...deps, flushOf, defer: ({ range }, delivery) => void deferOne(range, delivery) })
  const window = createFeedWindow({ ...deps, probing })
  const goingLive = createGoingLive({ ...deps, sessions, webhookOf, flushOf })
  const isOurs = (organizationId: string) => shardOf(organizationId, deps.shards) === handle.shard
  const changes = createWebhookChanges({ ...deps, sessions, probing, window, goingLive, webhookOf, flushOf, isOurs })

  /** How many more deliveries of the webhook may begin. */
  function allowance(session: RangeSession): number {
    const { range, feeder } = session
    if (closed || !started || !deps.isReadAgain() || !webhookOf(range)?.active) return 0
    if (clock.nowMs() < session.notBeforeMs || shard.isAboveHalf()) return 0
    const slots = limits.inFlightMax / 2 - shard.fedOut()
    if (isFeeding(range)) return Math.min(slots, range.window - feeder.out())
    return session.isProbing && feeder.out() === 0 ? slots : 0
  }

  function rangeFor({ id, organizationId, environment }: Webhook, cause: WaitCause): OwedRange {
    const sinceMs = Math.round(clock.nowMs())
    const range = states.get(id)?.range
    if (!range) return states.open(id, { organizationId, environment, replayId: deps.ids.next('rpl'), cause, sinceMs })
    if (!range.isOpen) range.sinceMs = sinceMs
    return range
  }

  function open(webhook: Webhook, cause: WaitCause): OwedRange {
    const known = states.get(webhook.id)?.range
    // An open range takes everything already; being out of order or slow begins no feed of a held webhook.
    if (known?.isOpen && (known.cause === cause || cause !== 'paused')) return known
    deps.onTransition(known ? known.cause : 'live', cause)
    changes.note(webhook)
    const range = rangeFor(webhook, cause)
    const session = sessions.of(range)
    range.isOpen = true
    range.cause = cause
    range.touch()
    handle.write([])
    if (cause === 'held') probing.hold(session, webhook)
    else if (cause === 'busy' || cause === 'ordered') window.open(session, webhook.maxInFlight)
    else probing.rest(session)
    return range
  }

  function queued(webhook: Webhook): void {
    const waiting = shard.waiting(webhook.id)
    const state = states.get(webhook.id)
    if (state?.range?.isOpen) return
    const failures = state?.endpoint?.failures ?? 0
    const isTooMany = waiting > limits.waitingMax || (waiting > limits.waitingFairShare && shard.isAboveHalf())
    const isDead = failures >= FAILING_AT && waiting + (state?.endpoint?.inRetry ?? 0) > limits.waitingFailingMax
    if (isTooMany || isDead) open(webhook, isDead || failures > 0 ? 'held' : 'busy')
  }

  /** It waits with the range as an early entry; a fed delivery goes back. False: the range cannot take it. */
  function deferOne(range: OwedRange, delivery: Unsent): boolean {
    if (delivery.fed) {
      shard.deferred(delivery)
      return true
    }
    const { source, event, attempts, attemptsBefore = 0, createdAtMs, dueAtMs, once, trigger, replayId } = delivery
    const input = EARLY_INPUTS.indexOf(source.progress.topic ?? '')
    if (input < 0) return false
    const { offset } = source.record
    const where = { input, offset, place: source.part, number: event.sequence }
    const facts = {
      attempts,
      attemptsBefore,
      createdAtMs: Math.round(createdAtMs),
      dueAtMs: Math.round(dueAtMs),
      once,
      trigger,
      replayId,
    }
    const isCounted = delivery.countedAs !== 'nothing'
    const isOfReplay = delivery.deliveryId !== deliveryId(event.eventId, range.webhookId)
    if (!range.early.add({ ...where, ...facts, isCounted, isOfReplay })) return false
    range.count++
    range.oldestAtMs ??= event.recordedAtMs
    range.touch()
    if (delivery.countedAs === 'hand') events.away(event)
    shard.deferred(delivery)
    return true
  }

  function noteAttempt(session: RangeSession, { fed }: InFlight, outcome: FedOutcome): void {
    session.lastAttemptAtMs = clock.nowMs()
    if (!fed) return
    session.rate.add(1)
    deps.onFed(outcome, session.isProbing)
  }

  function attemptOk(delivery: InFlight, webhook: Webhook): void {
    const range = states.get(delivery.webhookId)?.range
    states.succeeded(delivery.webhookId)
    if (!range) return
    const session = sessions.of(range)
    noteAttempt(session, delivery, 'success')
    window.succeeded(session, webhook)
    session.feeder.nudge()
  }

  function attemptFailed(delivery: InFlight, webhook: Webhook, retryAfterMs: number | undefined): void {
    const { webhookId, event } = delivery
    if (!view.find('webhook', event.organizationId, webhookId)) {
      states.forget(webhookId)
      return
    }
    const inARow = states.failed(webhookId, event.organizationId, clock.nowMs())
    changes.note(webhook)
    const range = states.get(webhookId)?.range
    if (range) rangeFailed(delivery, webhook, range, inARow, retryAfterMs)
    else if (webhook.active) queued(webhook)
  }

  function rangeFailed(
    delivery: InFlight,
    webhook: Webhook,
    range: OwedRange,
    inARow: number,
    retryAfterMs: number | undefined,
  ): void {
    const session = sessions.of(range)
    noteAttempt(session, delivery, 'failed')
    if (retryAfterMs !== undefined) window.leaveAlone(session, retryAfterMs)
    window.failed(session, webhook, inARow)
    if (isFeeding(range) && !range.isOpen) queued(webhook)
  }

  return {
    start() {
      started = true
      changes.start()
    },
    areAny: () => states.size() > 0,
    absorbs(arrival) {
      const range = states.get(arrival.webhookId)?.range
      return range?.isOpen === true && absorbing.absorb(range, arrival)
    },
    absorbPaused: (arrival, webhook) => absorbing.absorb(open(webhook, 'paused'), arrival),
    passed(event, webhookId) {
      const range = states.get(webhookId)?.range
      if (range?.isOpen) absorbing.passed(range, event, webhookId)
    },
    queued,
    open,
    defer(delivery, webhook) {
      const state = states.get(delivery.webhookId)
      const cause = !webhook.active ? 'paused' : (state?.endpoint?.failures ?? 0) > 0 ? 'held' : 'busy'
      const range = state?.range?.isOpen ? state.range : open(webhook, cause)
      // It may have been deferred with the others just now.
      return isEnded(delivery) || deferOne(range, delivery)
    },
    attempted(delivery, ok, retryAfterMs) {
      const { webhook } = delivery.attempt
      if (!ok) attemptFailed(delivery, webhook, retryAfterMs)
      else if (states.get(delivery.webhookId)) attemptOk(delivery, webhook)
    },
    isWaiting: webhookId => states.get(webhookId)?.range !== undefined,
    find: webhookId => states.get(webhookId)?.range,
    nudge() {
      for (const { feeder } of sessions.all()) feeder.nudge()
    },
    flush: absorbing.flush,
    committed() {
      for (const session of sessions.all()) {
        if (isFeeding(session.range)) session.feeder.nudge()
        if (!session.range.isOpen) goingLive.endIfEmpty(session)
      }
    },
    seal: states.seal,
    close() {
      closed = true
      changes.close()
      absorbing.close()
      sessions.close()
    },
  }
}
