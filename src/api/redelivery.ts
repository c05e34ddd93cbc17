/**
 * What is asked of deliveries that have been made (C.10): one more attempt, the schedule anew, none any more. Decided on the history, which
 * lags a little; the engine, which does not, makes each attempt once however often it is asked for.
 */
import { type DeliveryCommand, deliveriesCommands, deliveryCommandCodec } from '../../topics/deliveries-commands.ts'
import type { Delivery } from '../analytics/delivery.ts'
import type { Reads } from '../analytics/reads.ts'
import type { EventToDeliver } from '../analytics/redelivery-reads.ts'
import type { Clock } from '../clock.ts'
import { ClarionError } from '../codes.ts'
import type { Caller } from '../control-plane/announce.ts'
import type { ControlView } from '../control-plane/view.ts'
import type { Owner } from '../control-plane/webhooks.ts'
import type { Ids } from '../events/ids.ts'
import type { Appender } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import type { KeptEvents } from './kept-events.ts'

/** Dead letters that one call redrives at most. */
export const REDRIVE_MAX = 10_000
/** Events, up to 256 KB each, that are in memory at a time. */
const CHUNK = 100
const ASKED_MAX = 50_000
const SKIPPED_SHOWN_MAX = 1_000

export type RedriveChoice = { deliveryIds: string[] } | { webhookId?: string; from?: string; to?: string }

export interface Redriven {
  /** Deliveries that go through their schedule anew. */
  count: number
  /** What was chosen and cannot be redriven (the first 1,000). */
  skipped: Array<{ deliveryId: string; reason: SkipReason }>
  /** There are more dead letters than one call redrives. */
  more: boolean
}

type SkipReason = 'not_found' | 'not_failed' | 'webhook_inactive' | 'payload_expired' | 'delivery_in_progress'

export interface Redelivery {
  /** One attempt more, or with `resume` the schedule anew. Errors: `delivery_in_progress`, `webhook_inactive`, `conflict`, those of `KeptEvents`. */
  retry(caller: Caller, owner: Owner, delivery: Delivery, resume: boolean): Promise<Delivery>
  /** Errors: `conflict` when it has ended, `webhook_inactive` when it waits in the log because its webhook is off. */
  cancel(caller: Caller, owner: Owner, delivery: Delivery): Promise<Delivery>
  redrive(caller: Caller, owner: Owner, choice: RedriveChoice): Promise<Redriven>
}

export function createRedelivery(deps: {
  reads: Reads
  keptEvents: KeptEvents
  view: ControlView
  appender: Appender
  shards: number
  ids: Ids
  clock: Clock
}): Redelivery {
  const { reads, keptEvents, view, appender, clock } = deps
  /** What this process has asked for and the history may not show yet: deliveries with the attempts that they had. */
  const asked = new Map<string, number>()

  const isAsked = ({ id, attempts }: Delivery) => (asked.get(id) ?? -1) >= attempts

  function remember({ id, attempts }: Delivery): void {
    if (asked.size >= ASKED_MAX) asked.delete(asked.keys().next().value!)
    asked.set(id, attempts)
  }

  const isActive = (owner: Owner, { webhookId }: Delivery) => view.find('webhook', owner.organizationId, webhookId)?.active === true

  async function write(caller: Caller, owner: Owner, delivery: Delivery, command: Pick<DeliveryCommand, 'kind' | 'record'>): Promise<void> {
    const { organizationId } = owner
    const facts = { commandId: deps.ids.next('cmd'), organizationId, webhookId: delivery.webhookId, deliveryId: delivery.id }
    const value = deliveryCommandCodec.encode({ ...facts, attempts: delivery.attempts, ...caller, ...command })
    const partition = shardOf(organizationId, deps.shards)
    try {
      await appender.append({ topic: deliveriesCommands.name, partition, key: delivery.id, value })
    } catch (cause) {
      throw new ClarionError('service_unavailable', 'The call was not taken; repeat it.', { retryAfterS: 1, cause })
    }
  }

  async function again(caller: Caller, owner: Owner, delivery: Delivery, source: EventToDeliver, once: boolean): Promise<Delivery> {
    const nowMs = Math.round(clock.nowMs())
    const { id: deliveryId, webhookId, attempts, replayId } = delivery
    const schedule = { attempts, attemptsBefore: attempts, once, dueAtMs: nowMs, createdAtMs: Date.parse(delivery.createdAt) }
    remember(delivery)
    try {
      await write(caller, owner, delivery, {
        kind: 'retry',
        record: { ...source, webhookId, deliveryId, trigger: 'manual', replayId, ...schedule },
      })
    } catch (error) {
      asked.delete(deliveryId)
      throw error
    }
    return {
      ...delivery,
      status: 'retrying',
      trigger: 'manual',
      reason: 'asked_for',
      nextAttemptAt: new Date(nowMs).toISOString(),
      completedAt: null,
    }
  }

  /** Why a dead letter cannot be redriven. */
  function obstacle(owner: Owner, delivery: Delivery): SkipReason | undefined {
    if (delivery.status !== 'failed' || delivery.trigger === 'test') return 'not_failed'
    if (isAsked(delivery)) return 'delivery_in_progress'
    return isActive(owner, delivery) ? undefined : 'webhook_inactive'
  }

  async function redriveChunk(caller: Caller, owner: Owner, deliveries: Delivery[], total: Redriven): Promise<void> {
    const skip = (deliveryId: string, reason: SkipReason) => {
      if (total.skipped.length < SKIPPED_SHOWN_MAX) total.skipped.push({ deliveryId, reason })
    }
    const good: Delivery[] = []
    for (const delivery of deliveries) {
      const reason = obstacle(owner, delivery)
      if (reason) skip(delivery.id, reason)
      else good.push(delivery)
    }
    const events = await keptEvents.find(
      owner,
      good.map(({ emitId }) => emitId),
    )
    const kept = good.filter(({ id, emitId }) => events.has(emitId) || skip(id, 'payload_expired'))
    await Promise.all(kept.map(delivery => again(caller, owner, delivery, events.get(delivery.emitId)!, false)))
    total.count += kept.length
  }

  async function redriveNamed(caller: Caller, owner: Owner, deliveryIds: string[], total: Redriven): Promise<void> {
    for (let at = 0; at < deliveryIds.length; at += CHUNK) {
      const wanted = [...new Set(deliveryIds.slice(at, at + CHUNK))]
      const found = await reads.deliveriesByIds(owner.organizationId, owner.environment, wanted)
      const known = new Set(found.map(({ id }) => id))
      for (const id of wanted) if (!known.has(id)) total.skipped.push({ deliveryId: id, reason: 'not_found' })
      await redriveChunk(caller, owner, found, total)
    }
  }

  async function redriveAll(caller: Caller, owner: Owner, filter: { webhookId?: string; from?: string; to?: string }, total: Redriven) {
    let cursor: string | undefined
    for (let seen = 0; seen < REDRIVE_MAX; seen += CHUNK) {
      const { items, nextCursor } = await reads.listDeadLetters({ ...owner, ...filter, limit: CHUNK, cursor })
      await redriveChunk(caller, owner, items, total)
      if (nextCursor === null) return
      cursor = nextCursor
    }
    total.more = true
  }

  return {
    async retry(caller, owner, delivery, resume) {
      const { status, trigger } = delivery
      if (trigger === 'test') throw new ClarionError('conflict', 'The delivery was a test, and stands in no log: send another one.')
      if (status === 'pending' || status === 'retrying' || isAsked(delivery))
        throw new ClarionError('delivery_in_progress', 'The delivery has not ended; its next attempt comes by itself.')
      if (status !== 'failed' && status !== 'success')
        throw new ClarionError('conflict', `The delivery was ${status}: only one that failed or succeeded can be retried.`)
      if (!isActive(owner, delivery)) throw new ClarionError('webhook_inactive', 'The webhook is switched off, or deleted.')
      const source = await keptEvents.get(owner, delivery.emitId)
      if (isAsked(delivery)) throw new ClarionError('delivery_in_progress', 'The delivery is being retried.')
      return again(caller, owner, delivery, source, !resume)
    },
    async cancel(caller, owner, delivery) {
      if (delivery.status !== 'pending' && delivery.status !== 'retrying')
        throw new ClarionError('conflict', `The delivery has ended (${delivery.status}).`)
      if (delivery.status === 'pending' && view.find('webhook', owner.organizationId, delivery.webhookId)?.active === false)
        throw new ClarionError('webhook_inactive', 'The webhook is switched off: the event waits in the log, not as a delivery.')
      await write(caller, owner, delivery, { kind: 'cancel', record: null })
      return { ...delivery, status: 'cancelled', reason: 'manual', nextAttemptAt: null, completedAt: new Date(clock.nowMs()).toISOString() }
    },
    async redrive(caller, owner, choice) {
      const total: Redriven = { count: 0, skipped: [], more: false }
      if ('deliveryIds' in choice) await redriveNamed(caller, owner, choice.deliveryIds, total)
      else await redriveAll(caller, owner, choice, total)
      return total
    },
  }
}
