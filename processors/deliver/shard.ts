/**
 * The deliveries of one shard, from their due time to their end:
 *
 *     due ─► webhook? ──gone──► cancelled
 *              │ └──inactive──► waits with the webhook's range
 *              ▼
 *            queue ──a minute without a slot──► waits with the webhook's range (`catch-up/owing.ts`)
 *              ▼
 *           attempt ─► success | retry topic, due later | dead letter
 *
 * `sendable.ts` decides at the first fork, and `long-waits.ts` about the minute without a slot. `settle.ts` writes the
 * records of each way out; the process has one queue (`dispatcher.ts`).
 */
import type { Clock } from '../../src/clock.ts'
import type { AttemptResult } from '../../src/delivery/send.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Ids } from '../../src/model/ids.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { RetryRecord } from '../../topics/deliveries-retry.ts'
import type { Attempts } from './attempt.ts'
import type { Owing } from './catch-up/owing.ts'
import {
  type Delivery,
  type InFlight,
  type Origin,
  type Owner,
  takeInHand,
  toHeld,
  toInFlight,
  toQueued,
  toWaiting,
  type Unsent,
  type Waiting,
} from './delivery.ts'
import type { Dispatcher } from './dispatch/dispatcher.ts'
import { createDueQueue } from './dispatch/due-queue.ts'
import { createInFlightCount } from './dispatch/in-flight.ts'
import type { MemoryBudget } from './dispatch/memory-budget.ts'
import type { SubjectLanes } from './dispatch/subject-lanes.ts'
import { createUncommittedResults } from './dispatch/uncommitted-results.ts'
import { createDeliveriesInHand, type DeliveriesInHand } from './in-hand.ts'
import type { DeliverLimits } from './limits.ts'
import { createLongWaits } from './long-waits.ts'
import type { Announcements } from './outcome/announcements.ts'
import type { Outputs } from './outcome/outputs.ts'
import { createSettle } from './outcome/settle.ts'
import { createSendable } from './sendable.ts'
import type { Shadows } from './shadows.ts'
import type { ManualRetries } from './state/manual-retries.ts'
import type { OpenEvents } from './state/open-events.ts'
import type { WebhookStates } from './state/webhook-states.ts'

export interface DeliveryShard extends Pick<DeliveriesInHand, 'count' | 'fedOut' | 'isInFlight' | 'unattempted'> {
  /** Takes a delivery in hand: at once if it is due, else at its time. False when no more can wait for theirs. */
  take(record: RetryRecord, origin: Origin): boolean
  /** Resumes a delivery whose turn has come. */
  turn(delivery: Delivery): void
  /** Takes a manual retry in hand. */
  takeManualRetry(record: RetryRecord, origin: Origin): void
  /** Cancels deliveries in hand that are not in flight; one in flight gets no further attempt. */
  cancel(reasonFor: (delivery: RetryRecord, inFlight: boolean) => string | undefined): void
  /** Ends a record that was never in hand. */
  endUntaken(record: RetryRecord, origin: Origin, end: { state: 'cancelled' | 'failed'; reason: string }): void
  /** It waits with its webhook's range. */
  deferred(delivery: Unsent): void
  /**
   * Writes deliveries that have lost their record and are not in flight anew, so that a crash loses none. Returns how
   * many.
   */
  rescue(): number
  /**
   * A delivery that has waited too long for a slot waits with its webhook's range: one slow webhook must not stop a
   * position. Call this periodically.
   */
  sweep(): void
  /** Packed rows. */
  seal(): OutRecord[]
  committed(): void
  /** Begins nothing more; resolves when nothing is in flight, or when the drain time is over. */
  drain(): Promise<void>
  /** Drops everything; the results of requests in flight are ignored. */
  close(): void
}

export function createDeliveryShard(deps: {
  handle: ShardHandle
  view: ControlView
  attempts: Attempts
  dispatcher: Dispatcher
  events: OpenEvents
  outputs: Outputs
  shadows: Shadows
  announce: Announcements
  lanes: SubjectLanes
  states: WebhookStates
  manualRetries: Pick<ManualRetries, 'endedUntried'>
  owing: Pick<Owing, 'queued' | 'defer' | 'attempted' | 'open' | 'absorbPaused'>
  /** Why a delivery must not go on, if it was cancelled. */
  cancelReason(record: RetryRecord): string | undefined
  budget: MemoryBudget
  limits: DeliverLimits
  clock: Clock
  ids: Ids
  timeScale: number
  /** More can wait for their due time again. */
  onSpace(): void
  onAttempt(row: AttemptRow, isFed: boolean): void
}): DeliveryShard {
  const { handle, attempts, dispatcher, limits, clock } = deps
  const inHand = createDeliveriesInHand(deps.budget)
  const inFlight = createInFlightCount(clock)
  const results = createUncommittedResults({ clock, changed: dispatcher.uncommitted })
  const due = createDueQueue<Delivery>({ clock, sizeMax: limits.scheduledMax, onDue })
  const settle = createSettle({ ...deps, release: inHand.drop })
  /** The record that is being read. */
  let arriving: Unsent | undefined
  const sendable = createSendable({
    ...deps,
    settle,
    isArriving: delivery => delivery === arriving,
    hold(delivery, untilMs) {
      toHeld(delivery)
      due.add(delivery, untilMs, true)
    },
    drop: inHand.drop,
  })
  const deferLongWaits = createLongWaits({ ...deps, inHand, waitingMsMax: limits.waitingMsMax, defer: sendable.defer })
  let refusedOne = false
  let closed = false

  const owner: Owner = {
    begin: delivery => guarded(() => begin(delivery)),
    finish(delivery, result) {
      if (delivery.stage === 'inFlight') guarded(() => finish(delivery, result))
      inFlight.ended()
    },
    mayBegin,
  }

  function guarded<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      handle.fail(error as Error)
      return undefined
    }
  }

  /**
   * A crash repeats uncommitted attempts: results that are late to commit stop further requests, and so does a lost
   * lease.
   */
  function mayBegin(): boolean {
    return results.oldestMs() <= limits.uncommittedMsMax && handle.isHeld()
  }

  function onDue(delivery: Delivery): void {
    // It may have been cancelled while it was held.
    if (delivery.stage === 'held') guarded(() => dispatch(delivery))
    if (refusedOne) deps.onSpace()
    refusedOne = false
    dispatcher.pump()
  }

  function dispatch(delivery: Unsent): void {
    const webhook = sendable.webhookFor(delivery)
    if (!webhook) return
    delivery.waitingSinceMs = clock.nowMs()
    if (!deps.lanes.mayGo(delivery, webhook)) {
      toQueued(delivery)
      delivery.fed?.queued()
      if (!delivery.fed && deps.lanes.waiting(webhook.id) >= limits.queuedMax) deps.owing.open(webhook, 'ordered')
      return
    }
    dispatcher.offer(toWaiting(delivery), webhook.maxInFlight)
    if (!delivery.fed && dispatcher.waiting(webhook.id) > limits.waitingFairShare) deps.owing.queued(webhook)
  }

  function begin(delivery: Waiting): Promise<AttemptResult> | undefined {
    const webhook = sendable.webhookFor(delivery)
    if (!webhook) return undefined
    const sending = attempts.begin(delivery, webhook)
    if (!sending) {
      settle.unsigned(delivery)
      return undefined
    }
    toInFlight(delivery)
    inFlight.begun()
    return sending
  }

  function finish(delivery: InFlight, result: AttemptResult): void {
    results.add()
    delivery.cancel = deps.cancelReason(delivery) ?? delivery.cancel
    settle.attempted(delivery, result)
    deps.shadows.ended(delivery, result)
  }

  /** Drops deliveries that are not in flight, unended: the next owner of the shard reads them again. */
  function stop(): void {
    due.close()
    dispatcher.forget(owner)
    for (const delivery of inHand) {
      if (delivery.stage === 'inFlight') continue
      deps.lanes.dropped(delivery)
      inHand.drop(delivery)
    }
  }

  return {
    take(record, origin) {
      const delivery = takeInHand(record, origin, owner, clock.nowMs())
      const cancel = deps.cancelReason(record)
      const later = record.dueAtMs > delivery.takenAtMs && cancel === undefined
      if (later && !due.add(delivery, record.dueAtMs)) {
        refusedOne = true
        return false
      }
      inHand.keep(delivery)
      if (cancel !== undefined) settle.cancelled(delivery, cancel)
      else if (!later) {
        arriving = delivery
        dispatch(delivery)
        arriving = undefined
      }
      return true
    },
    turn(delivery) {
      if (delivery.stage === 'queued') dispatch(delivery)
    },
    takeManualRetry(record, origin) {
      const delivery = takeInHand(record, origin, owner, clock.nowMs())
      inHand.keep(delivery)
      settle.retryRequested(delivery)
      dispatch(delivery)
    },
    cancel(reasonFor) {
      for (const delivery of inHand) {
        const reason = reasonFor(delivery, delivery.stage === 'inFlight')
        if (reason === undefined) continue
        if (delivery.stage === 'inFlight') delivery.cancel = reason
        else if (delivery.stage !== 'ended') settle.cancelled(delivery, reason)
      }
    },
    count: inHand.count,
    isInFlight: inHand.isInFlight,
    endUntaken(record, origin, { state, reason }) {
      const delivery = takeInHand(record, origin, owner, clock.nowMs())
      inHand.keep(delivery)
      if (state === 'cancelled') settle.cancelled(delivery, reason)
      else settle.refused(delivery, reason)
    },
    unattempted: inHand.unattempted,
    deferred(delivery) {
      deps.lanes.deferred(delivery)
      if (delivery.fed) delivery.fed.back()
      else delivery.source.progress.end(delivery.source.record, delivery.source.part)
      if (delivery.isRetry) deps.states.inRetry(delivery.webhookId, delivery.event.organizationId, -1)
      inHand.drop(delivery)
      handle.write([])
    },
    rescue() {
      const lost = inHand.lost()
      for (const delivery of lost) settle.rescued(delivery)
      dispatcher.tidy()
      return lost.length
    },
    fedOut: inHand.fedOut,
    sweep() {
      if (deferLongWaits() > 0) dispatcher.tidy()
    },
    seal() {
      results.seal()
      return settle.seal()
    },
    committed: results.committed,
    async drain() {
      stop()
      await inFlight.drained(limits.drainMsMax)
    },
    close() {
      if (closed) return
      closed = true
      deps.shadows.close()
      stop()
      for (const delivery of inHand) inHand.drop(delivery)
      results.drop()
    },
  }
}
