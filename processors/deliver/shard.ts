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
 * `settle.ts` writes the records of each way out; the process has one queue (`dispatcher.ts`).
 */
import type { Clock } from '../../src/clock.ts'
import type { AttemptResult } from '../../src/delivery/send.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Ids } from '../../src/model/ids.ts'
import type { Webhook } from '../../src/model/webhooks.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { RetryRecord } from '../../topics/deliveries-retry.ts'
import type { Attempts } from './attempt.ts'
import type { Owing } from './catch-up/owing.ts'
import {
  type Delivery,
  type Held,
  type InFlight,
  type Origin,
  type Owner,
  takeInHand,
  toEnded,
  toHeld,
  toInFlight,
  toQueued,
  toWaiting,
  type Unsent,
  type Waiting,
} from './delivery.ts'
import type { Dispatcher } from './dispatch/dispatcher.ts'
import { createDueQueue } from './dispatch/due-queue.ts'
import type { MemoryBudget } from './dispatch/memory-budget.ts'
import type { SubjectLanes } from './dispatch/subject-lanes.ts'
import { createUncommittedResults } from './dispatch/uncommitted-results.ts'
import type { DeliverLimits } from './limits.ts'
import type { Stages } from './metrics.ts'
import type { Announcements } from './outcome/announcements.ts'
import type { Outputs } from './outcome/outputs.ts'
import { createSettle } from './outcome/settle.ts'
import type { ManualRetries } from './state/manual-retries.ts'
import type { OpenEvents } from './state/open-events.ts'
import type { WebhookStates } from './state/webhook-states.ts'

/**
 * A webhook that is not in the view may be newer than it: its deliveries are cancelled only when they are older than
 * this.
 */
const VIEW_LAG_MS_MAX = 2_000
/** Deliveries deferred in one batch. */
const SWEEP_DELIVERIES = 250
const NOTHING = Buffer.alloc(0)

/** Deliveries that are fed, replayed or redriven from a log hold no position back. */
const isFromTopic = ({ source }: Delivery) => source.progress.topic !== undefined

export interface DeliveryShard {
  /** Takes a delivery in hand: at once if it is due, else at its time. False when no more can wait for theirs. */
  take(record: RetryRecord, origin: Origin): boolean
  /** Resumes a delivery whose turn has come. */
  turn(delivery: Delivery): void
  /** Takes a manual retry in hand. */
  takeManualRetry(record: RetryRecord, origin: Origin): void
  /** Cancels deliveries in hand that are not in flight; one in flight gets no further attempt. */
  cancel(reasonFor: (delivery: RetryRecord, inFlight: boolean) => string | undefined): void
  isInFlight(deliveryId: string): boolean
  /** Adds the deliveries in hand to a count by stage. */
  count(stages: Stages): void
  /** Ends a record that was never in hand. */
  endUntaken(record: RetryRecord, origin: Origin, end: { state: 'cancelled' | 'failed'; reason: string }): void
  /** Deliveries of one webhook that wait for a slot and have made no attempt. */
  unattempted(webhookId: string): Waiting[]
  /** It waits with its webhook's range. */
  deferred(delivery: Unsent): void
  /**
   * Writes deliveries that have lost their record and are not in flight anew, so that a crash loses none. Returns how
   * many.
   */
  rescue(): number
  /** Fed deliveries in hand. */
  fedOut(): number
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
  const { handle, view, attempts, dispatcher, budget, limits, clock } = deps
  const settle = createSettle({ ...deps, release: drop })
  const inHand = new Set<Delivery>()
  const due = createDueQueue<Delivery>({ clock, sizeMax: limits.scheduledMax, onDue })
  let inFlight = 0
  let fedOut = 0
  /** The record that is being read: it lies behind everything in hand. */
  let arriving: Unsent | undefined
  let refusedOne = false
  let sweepAtMs = 0
  let closed = false
  const results = createUncommittedResults({ clock, changed: dispatcher.uncommitted })
  let drained: () => void = () => undefined

  const owner: Owner = {
    begin: delivery => guarded(() => begin(delivery)),
    finish(delivery, result) {
      inFlight--
      if (delivery.stage === 'inFlight') guarded(() => finish(delivery, result))
      if (inFlight === 0) drained()
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
    const webhook = sendable(delivery)
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

  /** The current webhook, if deliveries to it may be sent; else the delivery has been handled. */
  function sendable(delivery: Unsent): Webhook | undefined {
    const { event, webhookId } = delivery
    const webhook = view.find('webhook', event.organizationId, webhookId)
    if (webhook?.active) return webhook
    if (webhook) defer(delivery, webhook)
    else if (view.organization(event.organizationId)?.status === 'deleted')
      settle.cancelled(delivery, 'organization_deleted')
    else if (clock.nowMs() >= delivery.createdAtMs + VIEW_LAG_MS_MAX) settle.cancelled(delivery, 'webhook_deleted')
    else {
      toHeld(delivery)
      due.add(delivery, delivery.createdAtMs + VIEW_LAG_MS_MAX, true)
    }
    return undefined
  }

  function defer(delivery: Unsent, webhook: Webhook): void {
    if (delivery === arriving && delivery.isNew && !webhook.active && deps.owing.absorbPaused(delivery, webhook)) {
      drop(delivery)
      return
    }
    if (deps.owing.defer(delivery, webhook)) return
    if (!isFromTopic(delivery) && !webhook.active) {
      // A dead letter stays one, so that it can be redriven again.
      if (delivery.trigger === 'manual') settle.refused(delivery, 'endpoint_unavailable')
      else settle.skipped(delivery, 'inactive')
      return
    }
    const scheduleMs = webhook.retryDelaysMs.reduce((sum, ms) => sum + ms, 0) * deps.timeScale
    if (delivery.isRetry && clock.nowMs() < delivery.createdAtMs + scheduleMs) settle.hop(delivery)
    else settle.refused(delivery, 'endpoint_unavailable')
  }

  function begin(delivery: Waiting): Promise<AttemptResult> | undefined {
    const webhook = sendable(delivery)
    if (!webhook) return undefined
    const sending = attempts.begin(delivery, webhook)
    if (!sending) {
      settle.unsigned(delivery)
      return undefined
    }
    toInFlight(delivery)
    inFlight++
    return sending
  }

  function keep(delivery: Held): void {
    budget.take(delivery.bytes)
    inHand.add(delivery)
    if (delivery.fed) fedOut++
  }

  function drop(delivery: Delivery): void {
    if (!inHand.delete(delivery)) return
    toEnded(delivery)
    delivery.payload = NOTHING
    if (delivery.fed) fedOut--
    budget.give(delivery.bytes)
  }

  function finish(delivery: InFlight, result: AttemptResult): void {
    results.add()
    delivery.cancel = deps.cancelReason(delivery) ?? delivery.cancel
    settle.attempted(delivery, result)
  }

  /** Drops deliveries that are not in flight, unended: the next owner of the shard reads them again. */
  function stop(): void {
    due.close()
    dispatcher.forget(owner)
    for (const delivery of inHand) {
      if (delivery.stage === 'inFlight') continue
      deps.lanes.dropped(delivery)
      drop(delivery)
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
      keep(delivery)
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
      keep(delivery)
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
    count(stages) {
      for (const { stage } of inHand) if (stage !== 'ended') stages[stage]++
    },
    isInFlight: deliveryId =>
      [...inHand].some(delivery => delivery.deliveryId === deliveryId && delivery.stage === 'inFlight'),
    endUntaken(record, origin, { state, reason }) {
      const delivery = takeInHand(record, origin, owner, clock.nowMs())
      keep(delivery)
      if (state === 'cancelled') settle.cancelled(delivery, reason)
      else settle.refused(delivery, reason)
    },
    unattempted: webhookId =>
      [...inHand].filter(
        (delivery): delivery is Waiting =>
          delivery.webhookId === webhookId && delivery.stage === 'waiting' && delivery.attempts === 0 && !delivery.fed,
      ),
    deferred(delivery) {
      deps.lanes.deferred(delivery)
      if (delivery.fed) delivery.fed.back()
      else delivery.source.progress.end(delivery.source.record, delivery.source.part)
      if (delivery.isRetry) deps.states.inRetry(delivery.webhookId, delivery.event.organizationId, -1)
      drop(delivery)
      handle.write([])
    },
    rescue() {
      // A delivery in flight is written when it has ended.
      const lost = [...inHand].filter(
        (delivery): delivery is Unsent =>
          delivery.source.record.isLost && delivery.stage !== 'inFlight' && delivery.stage !== 'ended',
      )
      for (const delivery of lost) settle.rescued(delivery)
      dispatcher.tidy()
      return lost.length
    },
    fedOut: () => fedOut,
    sweep() {
      const nowMs = clock.nowMs()
      if (nowMs < sweepAtMs) return
      let moved = 0
      // In the order in which they were read.
      for (const delivery of inHand) {
        if (delivery.takenAtMs > nowMs - limits.waitingMsMax || moved >= SWEEP_DELIVERIES) break
        if (
          delivery.stage !== 'waiting' ||
          !isFromTopic(delivery) ||
          delivery.waitingSinceMs > nowMs - limits.waitingMsMax
        )
          continue
        const webhook = view.find('webhook', delivery.event.organizationId, delivery.webhookId)
        if (webhook) defer(delivery, webhook)
        moved++
      }
      if (moved > 0) dispatcher.tidy()
      if (moved < SWEEP_DELIVERIES) sweepAtMs = nowMs + limits.waitingMsMax / 8
    },
    seal() {
      results.seal()
      return settle.seal()
    },
    committed: results.committed,
    async drain() {
      stop()
      if (inFlight === 0) return
      await new Promise<void>(resolve => {
        const timer = clock.after(limits.drainMsMax, resolve)
        drained = () => {
          timer.cancel()
          resolve()
        }
      })
    },
    close() {
      if (closed) return
      closed = true
      stop()
      for (const delivery of inHand) drop(delivery)
      results.drop()
    },
  }
}
