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
 * Each way out ends the delivery's record (`progress.ts`) in the transaction that holds what follows from it.
 */
import type { Clock } from '../../src/clock.ts'
import type { Webhook } from '../../src/control-plane/records.ts'
import type { ControlView } from '../../src/control-plane/view.ts'
import { tierFor } from '../../src/delivery/retry-schedule.ts'
import type { AttemptResult } from '../../src/delivery/send.ts'
import type { Ids } from '../../src/events/ids.ts'
import type { OutRecord, ShardHandle } from '../../src/kafka/ports.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { RetryRecord } from '../../topics/deliveries-retry.ts'
import type { Attempts } from './attempt.ts'
import type { Delivery, Owner } from './delivery.ts'
import type { Dispatcher } from './dispatcher.ts'
import { createDueQueue } from './due-queue.ts'
import type { DeliverLimits } from './limits.ts'
import type { OpenEvents } from './open-events.ts'
import { attemptRow, cancelledRow, createOutputs, deadLetter, retryRecord } from './outputs.ts'
import type { Begun, Progress } from './progress.ts'
import type { Room } from './room.ts'

/** The longest tier for what steps aside, so that a webhook that recovers is not kept waiting. */
const ASIDE_MS_MAX = 60_000
/** A webhook that is not in the view may be newer than it: its deliveries are cancelled only when they are older than this. */
const VIEW_LAG_MS_MAX = 2_000
const NOTHING = Buffer.alloc(0)

export interface DeliveryShard {
  /** Takes a delivery in hand: at once if it is due, else at its time. False when no more can wait for theirs. */
  take(record: RetryRecord, progress: Progress<Delivery>, begun: Begun<Delivery>, place: number): boolean
  /** Moves aside what has waited too long at the head of an input: a position must not stand still for one slow webhook. */
  unblock(progress: Progress<Delivery>): void
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
  room: Room
  limits: DeliverLimits
  clock: Clock
  ids: Ids
  timeScale: number
  /** More can wait for their due time again. */
  onSpace(): void
  onAttempt(row: AttemptRow): void
}): DeliveryShard {
  const { handle, view, attempts, dispatcher, events, room, limits, clock, timeScale } = deps
  const { shard } = handle
  const outputs = createOutputs(shard)
  const inHand = new Set<Delivery>()
  const due = createDueQueue<Delivery>({ clock, sizeMax: limits.scheduledMax, onDue })
  let inFlight = 0
  let refusedOne = false
  let closed = false
  let results = { filling: 0, sealed: 0 }
  let drained: () => void = () => undefined

  const owner: Owner = {
    begin: delivery => guarded(() => begin(delivery)),
    move: delivery => guarded(() => move(delivery)),
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
    guarded(() => dispatch(delivery))
    if (refusedOne) deps.onSpace()
    refusedOne = false
    dispatcher.pump()
  }

  function dispatch(delivery: Delivery): void {
    const webhook = sendable(delivery)
    if (!webhook) return
    delivery.stage = 'waiting'
    delivery.waitingSinceMs = clock.nowMs()
    if (!dispatcher.offer(delivery, webhook.maxInFlight)) move(delivery)
  }

  /** The webhook as it is now, if it may be sent to; else the delivery is taken care of. */
  function sendable(delivery: Delivery): Webhook | undefined {
    const { event, webhookId } = delivery
    const webhook = view.find('webhook', event.organizationId, webhookId)
    if (webhook?.active) return webhook
    if (webhook) move(delivery)
    else if (view.organization(event.organizationId)?.status === 'deleted') cancel(delivery, 'organization_deleted')
    else if (clock.nowMs() >= delivery.createdAtMs + VIEW_LAG_MS_MAX) cancel(delivery, 'webhook_deleted')
    else hold(delivery, delivery.createdAtMs + VIEW_LAG_MS_MAX)
    return undefined
  }

  function hold(delivery: Delivery, untilMs: number): void {
    delivery.stage = 'held'
    if (!due.add(delivery, untilMs)) move(delivery)
  }

  function begin(delivery: Delivery): Promise<AttemptResult> | undefined {
    const webhook = sendable(delivery)
    if (!webhook) return undefined
    const sending = attempts.begin(delivery, webhook)
    if (!sending) {
      move(delivery)
      return undefined
    }
    delivery.stage = 'flying'
    inFlight++
    return sending
  }

  function finish(delivery: Delivery, result: AttemptResult): void {
    const { webhook } = delivery.attempt!
    const outcome = attempts.decide(delivery, webhook, result)
    const row = attemptRow(deps.ids.next('att'), delivery, result, outcome)
    outputs.attempted(row)
    results.filling++
    dispatcher.uncommitted(1)
    if (outcome.state === 'retrying') {
      const tier = tierFor(outcome.dueAtMs - clock.nowMs(), timeScale)
      leave(delivery, retryRecord(delivery, tier, shard, { attempts: delivery.attempts + 1, dueAtMs: outcome.dueAtMs }))
    } else {
      close(delivery, outcome.state === 'failed', outcome.state === 'failed' ? [deadLetter(delivery, result, shard, clock.nowMs())] : [])
    }
    deps.onAttempt(row)
  }

  function cancel(delivery: Delivery, reason: string): void {
    outputs.attempted(cancelledRow(delivery, reason, clock.nowMs()))
    close(delivery, false, [])
  }

  /** Aside, the longer the longer it has been due: a dead endpoint's pile is not turned over all the time. */
  function move(delivery: Delivery): void {
    const overdueMs = Math.max(0, clock.nowMs() - delivery.dueAtMs)
    leave(delivery, retryRecord(delivery, tierFor(Math.min(overdueMs, ASIDE_MS_MAX * timeScale), timeScale), shard))
  }

  function leave(delivery: Delivery, record: OutRecord): void {
    events.keep(delivery.event.eventId)
    release(delivery)
    handle.write([record])
  }

  function close(delivery: Delivery, failed: boolean, records: OutRecord[]): void {
    const completion = events.end(delivery.event.eventId, failed, clock.nowMs())
    if (completion) outputs.completed(completion)
    release(delivery)
    handle.write(records)
  }

  function release(delivery: Delivery): void {
    const { progress, record, place } = delivery.source
    progress.end(record, place)
    drop(delivery)
  }

  function drop(delivery: Delivery): void {
    delivery.stage = 'over'
    delivery.payload = NOTHING
    inHand.delete(delivery)
    room.give(delivery.bytes)
  }

  /** Whoever is not in flight is let go of, unended: the next holder of the shard reads it again. */
  function stop(): void {
    due.close()
    dispatcher.forget(owner)
    for (const delivery of inHand) if (delivery.stage !== 'flying') drop(delivery)
  }

  return {
    take(record, progress, begun, place) {
      const delivery: Delivery = {
        ...record,
        owner,
        source: { progress, record: begun, place },
        stage: 'held',
        bytes: record.payload.length,
        waitingSinceMs: 0,
        attempt: undefined,
      }
      const later = record.dueAtMs > clock.nowMs()
      if (later && !due.add(delivery, record.dueAtMs)) {
        refusedOne = true
        return false
      }
      room.take(delivery.bytes)
      inHand.add(delivery)
      begun.work.push(delivery)
      if (!later) dispatch(delivery)
      return true
    },
    unblock(progress) {
      const beforeMs = clock.nowMs() - limits.waitingMsMax
      for (let oldest = progress.oldest(); oldest; oldest = progress.oldest()) {
        for (const delivery of oldest.work) if (delivery.stage === 'waiting' && delivery.waitingSinceMs < beforeMs) move(delivery)
        if (oldest.open > 0) return
      }
    },
    seal() {
      results = { filling: 0, sealed: results.filling }
      return [...outputs.seal(), ...events.seal(shard)]
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
