/**
 * Retries, redrives by name and cancellations of deliveries. They are decided on the history, which lags a little; the
 * engine, which does not, makes each attempt once however often it is requested.
 */
import { type DeliveryCommand, deliveriesCommands, deliveryCommandCodec } from '../../topics/deliveries-commands.ts'
import type { RetryRecord } from '../../topics/deliveries-retry.ts'
import { type Delivery, isInNoLog } from '../analytics/read/delivery.ts'
import type { Reads } from '../analytics/read/reads.ts'
import type { EventToDeliver } from '../analytics/read/redelivery-reads.ts'
import type { Clock } from '../clock.ts'
import type { Caller } from '../control-plane/store/announce.ts'
import type { Appender } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import { ClarionError } from '../model/codes.ts'
import type { ControlView } from '../model/control-view.ts'
import type { Owner } from '../model/environments.ts'
import type { Ids } from '../model/ids.ts'
import type { StoredEvents } from './stored-events.ts'

/** Events, up to 256 KB each, that are in memory at a time. */
const CHUNK = 100
const REQUESTED_MAX = 50_000
const SKIPPED_SHOWN_MAX = 1_000

export interface Redriven {
  /** Deliveries that begin their schedule again. */
  count: number
  /** Those that cannot be redriven, the first 1,000. */
  skipped: Array<{ deliveryId: string; reason: SkipReason }>
  /** The whole choice is covered by this call. */
  more: false
  /** Of an earlier release, which had ranges. */
  rangeIds: never[]
}

type SkipReason = 'not_found' | 'not_failed' | 'webhook_inactive' | 'payload_expired' | 'delivery_in_progress'

export interface Redelivery {
  /**
   * One more attempt, or with `resume` the whole schedule again. Errors: `delivery_in_progress`, `webhook_inactive`,
   * `conflict`, those of `StoredEvents`.
   */
  retry(caller: Caller, owner: Owner, delivery: Delivery, resume: boolean): Promise<Delivery>
  /** Cancels it wherever it waits, in the log too. Errors: `conflict` when it has ended. */
  cancel(caller: Caller, owner: Owner, delivery: Delivery): Promise<Delivery>
  /** Some by name. */
  redrive(caller: Caller, owner: Owner, deliveryIds: string[]): Promise<Redriven>
}

export function createRedelivery(deps: {
  reads: Reads
  storedEvents: StoredEvents
  view: ControlView
  appender: Appender
  shards: number
  ids: Ids
  clock: Clock
}): Redelivery {
  const { reads, storedEvents, view, appender, clock } = deps
  /** Retries requested by this process that the history may not show yet: deliveries as they were at that time. */
  const requested = new Map<string, Pick<Delivery, 'attempts' | 'completedAt'>>()

  /** One that has ended since, with an attempt or without, may be retried again. */
  function isRequested({ id, attempts, completedAt }: Delivery): boolean {
    const before = requested.get(id)
    if (!before || attempts > before.attempts) return false
    return attempts < before.attempts || timeOf(completedAt) <= timeOf(before.completedAt)
  }

  function remember({ id, attempts, completedAt }: Delivery): void {
    if (requested.size >= REQUESTED_MAX) requested.delete(requested.keys().next().value!)
    requested.set(id, { attempts, completedAt })
  }

  const isActive = (owner: Owner, { webhookId }: Pick<Delivery, 'webhookId'>) =>
    view.find('webhook', owner.organizationId, webhookId)?.active === true

  async function write(caller: Caller, { organizationId }: Owner, command: Command): Promise<void> {
    const commandId = deps.ids.next('cmd')
    const { actorId, requestId } = caller
    const value = deliveryCommandCodec.encode({ commandId, organizationId, actorId, requestId, ...command })
    const partition = shardOf(organizationId, deps.shards)
    try {
      await appender.append({ topic: deliveriesCommands.name, partition, key: command.deliveryId, value })
    } catch (cause) {
      throw new ClarionError('service_unavailable', 'The call was not taken; repeat it.', { retryAfterS: 1, cause })
    }
  }

  async function again(
    caller: Caller,
    owner: Owner,
    delivery: Delivery,
    source: EventToDeliver,
    once: boolean,
  ): Promise<Delivery> {
    const nowMs = Math.round(clock.nowMs())
    const { id: deliveryId, webhookId, attempts, replayId } = delivery
    const schedule = {
      attempts,
      attemptsBefore: attempts,
      once,
      dueAtMs: nowMs,
      createdAtMs: Date.parse(delivery.createdAt),
    }
    remember(delivery)
    try {
      const record: RetryRecord = { ...source, webhookId, deliveryId, trigger: 'manual', replayId, ...schedule }
      await write(caller, owner, { kind: 'retry', webhookId, deliveryId, attempts, record })
    } catch (error) {
      requested.delete(deliveryId)
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
    if (isOpen(delivery)) return isActive(owner, delivery) ? 'delivery_in_progress' : 'webhook_inactive'
    if ((delivery.status !== 'failed' && !isLeftOut(delivery)) || isInNoLog(delivery.trigger)) return 'not_failed'
    if (isRequested(delivery)) return 'delivery_in_progress'
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
    const events = await storedEvents.find(
      owner,
      good.map(({ emitId }) => emitId),
    )
    const stored = good.filter(({ id, emitId }) => events.has(emitId) || skip(id, 'payload_expired'))
    await Promise.all(stored.map(delivery => again(caller, owner, delivery, events.get(delivery.emitId)!, false)))
    total.count += stored.length
  }

  async function redriveNamed(caller: Caller, owner: Owner, deliveryIds: string[], total: Redriven): Promise<void> {
    for (let at = 0; at < deliveryIds.length; at += CHUNK) {
      const ids = [...new Set(deliveryIds.slice(at, at + CHUNK))]
      const found = await reads.deliveriesNamed(owner.organizationId, owner.environment, ids)
      const known = new Set(found.map(({ id }) => id))
      for (const id of ids) if (!known.has(id)) total.skipped.push({ deliveryId: id, reason: 'not_found' })
      await redriveChunk(caller, owner, found, total)
    }
  }

  return {
    async retry(caller, owner, delivery, resume) {
      const { status, trigger } = delivery
      if (isInNoLog(trigger))
        throw new ClarionError('conflict', 'The event that was delivered is in no log: send it once more.')
      if (isOpen(delivery) && !isActive(owner, delivery))
        throw new ClarionError(
          'webhook_inactive',
          'The webhook is switched off, or deleted: no attempt is made until it is switched on.',
        )
      if (isOpen(delivery) || isRequested(delivery))
        throw new ClarionError(
          'delivery_in_progress',
          `The delivery has not ended${nextAttempt(delivery)}; cancel it, or wait for its end.`,
        )
      if (status !== 'failed' && status !== 'success' && !isLeftOut(delivery))
        throw new ClarionError('conflict', `The delivery was ${ended(delivery)}: it cannot be retried.`)
      if (!isActive(owner, delivery))
        throw new ClarionError('webhook_inactive', 'The webhook is switched off, or deleted.')
      const source = await storedEvents.get(owner, delivery.emitId)
      if (isRequested(delivery)) throw new ClarionError('delivery_in_progress', 'The delivery is being retried.')
      return again(caller, owner, delivery, source, !resume)
    },
    async cancel(caller, owner, delivery) {
      const { id: deliveryId, webhookId, attempts, emitId, sequence } = delivery
      if (!isOpen(delivery))
        throw new ClarionError('conflict', `The delivery has ended already: it is ${ended(delivery)}.`)
      const event = (await storedEvents.find(owner, [emitId])).get(emitId)?.event ?? null
      await write(caller, owner, { kind: 'cancel', webhookId, deliveryId, attempts, record: null, event, sequence })
      return {
        ...delivery,
        status: 'cancelled',
        reason: 'manual',
        nextAttemptAt: null,
        completedAt: new Date(clock.nowMs()).toISOString(),
      }
    },
    async redrive(caller, owner, deliveryIds) {
      const total: Redriven = { count: 0, skipped: [], more: false, rangeIds: [] }
      await redriveNamed(caller, owner, deliveryIds, total)
      return total
    },
  }
}

type Command = Pick<DeliveryCommand, 'kind' | 'webhookId' | 'deliveryId' | 'attempts' | 'record' | 'event' | 'sequence'>

const timeOf = (time: string | null): number => (time === null ? 0 : Date.parse(time))

/** Not ended: it waits for a slot, for its next attempt, or in the log. */
const isOpen = ({ status }: Delivery): boolean => status === 'pending' || status === 'retrying'

/**
 * Skipped by the owner's choice when switching the webhook on: it ended without an attempt, and can still be redriven.
 */
const isLeftOut = ({ status, reason }: Delivery): boolean => status === 'skipped' && reason === 'left_out'

const ended = ({ status, reason }: Delivery): string => (reason === null ? status : `${status} (${reason})`)

const nextAttempt = ({ nextAttemptAt }: Delivery): string =>
  nextAttemptAt === null ? '' : `, and its next attempt is due at ${nextAttemptAt}`
