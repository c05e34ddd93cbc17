/**
 * The deliveries of one shard, from the moment they are due to what becomes of them:
 *
 *     due ─► webhook? ──gone──► cancelled
 *              │ └──inactive──► moved aside
 *              ▼
 *            queue ──too much waiting, failing──► moved aside (a retry topic, no attempt, schedule untouched)
 *              ▼
 *           attempt ─► success | retry topic, due later | dead letter
 *
 * `settle.ts` has what each way out writes; the queue is the process's (`dispatcher.ts`).
 */
import type { Clock } from '../../src/clock.ts'
import type { Webhook } from '../../src/control-plane/records.ts'
import type { ControlView } from '../../src/control-plane/view.ts'
import type { AttemptResult } from '../../src/delivery/send.ts'
import type { Ids } from '../../src/events/ids.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import type { RetryRecord } from '../../topics/deliveries-retry.ts'
import type { Attempts } from './attempt.ts'
import type { Delivery, Owner } from './delivery.ts'
import type { Dispatcher } from './dispatch/dispatcher.ts'
import { createDueQueue } from './dispatch/due-queue.ts'
import type { Room } from './dispatch/memory-budget.ts'
import type { SubjectLanes } from './dispatch/subject-lanes.ts'
import type { DeliverLimits } from './limits.ts'
import type { Stages } from './metrics.ts'
import type { Announcing } from './outcome/announcements.ts'
import type { Outputs } from './outcome/outputs.ts'
import { createSettle } from './outcome/settle.ts'
import type { OpenEvents } from './state/open-events.ts'
import type { Begun, Progress } from './state/progress.ts'

/** A webhook that is not in the view may be newer than it: its deliveries are cancelled only when they are older than this. */
const VIEW_LAG_MS_MAX = 2_000
/** Moved aside in one go. */
const SWEEP_DELIVERIES = 250
const NOTHING = Buffer.alloc(0)

export interface DeliveryShard {
  /** Takes a delivery in hand: at once if it is due, else at its time. False when no more can wait for theirs. */
  take(record: RetryRecord, progress: Pick<Progress, 'end'>, begun: Begun, place: number, fresh?: boolean): boolean
  /** Goes on with one whose turn it is. */
  turn(delivery: Delivery): void
  /** Takes in hand a delivery that somebody wants tried again. */
  takeAsked(record: RetryRecord, progress: Pick<Progress, 'end'>, begun: Begun): void
  /** Cancels what is in hand and not in flight; what is in flight gets no further attempt. */
  cancel(reasonFor: (delivery: RetryRecord, inFlight: boolean) => string | undefined): void
  isFlying(deliveryId: string): boolean
  /** Adds what is in hand to a count by stage. */
  count(stages: Stages): void
  /** Cancels a record that was never in hand. */
  cancelRecord(record: RetryRecord, progress: Pick<Progress, 'end'>, begun: Begun, reason: string): void
  /** Moves aside what has waited too long for a slot: a position must not stand still for one slow webhook. To be called now and then. */
  sweep(): void
  /** Packed rows and the state of open events. */
  seal(): OutRecord[]
  committed(): void
  /** Begins nothing more; resolves when nothing is in flight, or when the drain time is over. */
  drain(): Promise<void>
  /** Lets go of everything; what is in flight ends without being heard. */
  close(): void
}

export function createDeliveryShard(deps: {
  handle: ShardHandle
  view: ControlView
  attempts: Attempts
  dispatcher: Dispatcher
  events: OpenEvents
  outputs: Outputs
  announce: Announcing
  lanes: SubjectLanes
  /** Whether a fresh delivery must wait in the log, because its webhook is off or catching up. */
  holds(event: EventFacts, webhook: Webhook): boolean
  /** Why a delivery must not go on, if somebody cancelled it. */
  cancelReason(record: RetryRecord): string | undefined
  room: Room
  limits: DeliverLimits
  clock: Clock
  ids: Ids
  timeScale: number
  /** More can wait for their due time again. */
  onSpace(): void
  onAttempt(row: AttemptRow): void
}): DeliveryShard {
  const { handle, view, attempts, dispatcher, room, limits, clock } = deps
  const settle = createSettle({ ...deps, release: drop })
  const inHand = new Set<Delivery>()
  const due = createDueQueue<Delivery>({ clock, sizeMax: limits.scheduledMax, onDue })
  let inFlight = 0
  let refusedOne = false
  let sweepAtMs = 0
  let closed = false
  let results = { filling: 0, sealed: 0 }
  let drained: () => void = () => undefined

  const owner: Owner = {
    begin: delivery => guarded(() => begin(delivery)),
    move: delivery => guarded(() => settle.aside(delivery)),
    finish(delivery, result) {
      inFlight--
      if (delivery.stage === 'flying') guarded(() => finish(delivery, result))
      if (inFlight === 0) drained()
    },
  }

  function guarded<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      handle.fail(error as Error)
      return undefined
    }
  }

  function onDue(delivery: Delivery): void {
    // It may have been cancelled while it was held.
    if (delivery.stage === 'held') guarded(() => dispatch(delivery))
    if (refusedOne) deps.onSpace()
    refusedOne = false
    dispatcher.pump()
  }

  function dispatch(delivery: Delivery): void {
    const webhook = sendable(delivery)
    if (!webhook) return
    if (delivery.fresh && deps.holds(delivery.event, webhook)) {
      settle.parked(delivery)
      return
    }
    delivery.waitingSinceMs = clock.nowMs()
    if (!deps.lanes.mayGo(delivery, webhook)) {
      delivery.stage = 'lined'
      if (room.crowded() || deps.lanes.waiting(webhook.id) > limits.linedMax) settle.aside(delivery)
      return
    }
    delivery.stage = 'waiting'
    if (!dispatcher.offer(delivery, webhook.maxInFlight)) settle.aside(delivery)
  }

  /** The webhook as it is now, if it may be sent to; else the delivery is taken care of. */
  function sendable(delivery: Delivery): Webhook | undefined {
    const { event, webhookId } = delivery
    const webhook = view.find('webhook', event.organizationId, webhookId)
    if (webhook?.active) return webhook
    if (webhook && delivery.fresh && delivery.stage === 'held' && deps.holds(delivery.event, webhook)) settle.parked(delivery)
    else if (webhook) settle.aside(delivery)
    else if (view.organization(event.organizationId)?.status === 'deleted') settle.cancelled(delivery, 'organization_deleted')
    else if (clock.nowMs() >= delivery.createdAtMs + VIEW_LAG_MS_MAX) settle.cancelled(delivery, 'webhook_deleted')
    else hold(delivery, delivery.createdAtMs + VIEW_LAG_MS_MAX)
    return undefined
  }

  function hold(delivery: Delivery, untilMs: number): void {
    delivery.stage = 'held'
    if (!due.add(delivery, untilMs)) settle.aside(delivery)
  }

  function begin(delivery: Delivery): Promise<AttemptResult> | undefined {
    const webhook = sendable(delivery)
    if (!webhook) return undefined
    const sending = attempts.begin(delivery, webhook)
    if (!sending) {
      settle.unsigned(delivery)
      return undefined
    }
    delivery.stage = 'flying'
    inFlight++
    return sending
  }

  function inHandOf(record: RetryRecord, progress: Pick<Progress, 'end'>, begun: Begun, place: number, fresh: boolean): Delivery {
    const delivery: Delivery = {
      ...record,
      owner,
      source: { progress, record: begun, place },
      fresh,
      stage: 'held',
      bytes: record.payload.length,
      takenAtMs: clock.nowMs(),
      waitingSinceMs: 0,
      lane: undefined,
      cancel: undefined,
      attempt: undefined,
    }
    return delivery
  }

  function keep(delivery: Delivery): void {
    room.take(delivery.bytes)
    inHand.add(delivery)
  }

  function drop(delivery: Delivery): void {
    delivery.stage = 'over'
    delivery.payload = NOTHING
    inHand.delete(delivery)
    room.give(delivery.bytes)
  }

  function finish(delivery: Delivery, result: AttemptResult): void {
    results.filling++
    dispatcher.uncommitted(1)
    delivery.cancel = deps.cancelReason(delivery) ?? delivery.cancel
    settle.attempted(delivery, result)
  }

  /** Whoever is not in flight is let go of, unended: the next holder of the shard reads it again. */
  function stop(): void {
    due.close()
    dispatcher.forget(owner)
    for (const delivery of inHand) {
      if (delivery.stage === 'flying') continue
      deps.lanes.dropped(delivery)
      drop(delivery)
    }
  }

  return {
    take(record, progress, begun, place, fresh = false) {
      const delivery = inHandOf(record, progress, begun, place, fresh)
      const cancel = deps.cancelReason(record)
      const later = record.dueAtMs > delivery.takenAtMs && cancel === undefined
      if (later && !due.add(delivery, record.dueAtMs)) {
        refusedOne = true
        return false
      }
      keep(delivery)
      if (cancel !== undefined) settle.cancelled(delivery, cancel)
      else if (!later) dispatch(delivery)
      return true
    },
    turn(delivery) {
      if (delivery.stage === 'lined') dispatch(delivery)
    },
    takeAsked(record, progress, begun) {
      const delivery = inHandOf(record, progress, begun, 0, false)
      keep(delivery)
      settle.asked(delivery)
      dispatch(delivery)
    },
    cancel(reasonFor) {
      for (const delivery of inHand) {
        const reason = reasonFor(delivery, delivery.stage === 'flying')
        if (reason === undefined) continue
        if (delivery.stage === 'flying') delivery.cancel = reason
        else settle.cancelled(delivery, reason)
      }
    },
    count(stages) {
      for (const { stage } of inHand) if (stage !== 'over') stages[stage]++
    },
    isFlying: deliveryId => [...inHand].some(delivery => delivery.deliveryId === deliveryId && delivery.stage === 'flying'),
    cancelRecord(record, progress, begun, reason) {
      const delivery = inHandOf(record, progress, begun, 0, false)
      keep(delivery)
      settle.cancelled(delivery, reason)
    },
    sweep() {
      const nowMs = clock.nowMs()
      if (nowMs < sweepAtMs) return
      let moved = 0
      // In the order in which they were taken.
      for (const delivery of inHand) {
        if (delivery.takenAtMs > nowMs - limits.waitingMsMax || moved === SWEEP_DELIVERIES) break
        if ((delivery.stage !== 'waiting' && delivery.stage !== 'lined') || delivery.waitingSinceMs > nowMs - limits.waitingMsMax) continue
        settle.aside(delivery)
        moved++
      }
      if (moved < SWEEP_DELIVERIES) sweepAtMs = nowMs + limits.waitingMsMax / 8
    },
    seal() {
      results = { filling: 0, sealed: results.filling }
      return settle.seal()
    },
    committed() {
      const { sealed } = results
      results.sealed = 0
      if (sealed > 0) dispatcher.uncommitted(-sealed)
    },
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
      dispatcher.uncommitted(-results.filling - results.sealed)
    },
  }
}
