/**
 * Cancels deliveries before they are due: one by id, or all of a deleted webhook.
 *
 * Deliveries in memory are cancelled at once, and owed ones leave their range. The rest is unread in the retry topics,
 * so these are searched once, and a match ends ahead of the reading, in the transaction that records it. A delivery may
 * have moved from one topic to another a moment ago: the search begins after the commit of everything written so far,
 * and reads up to the uncommitted ends queried then, so that late markers hide nothing. Deliveries that pass through
 * memory meanwhile are compared as well.
 */
import type { Clock } from '../../../src/clock.ts'
import type { LogRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import { deliveryId as deliveryIdOf } from '../../../src/model/ids.ts'
import type { LogSource } from '../../../src/replay/ways/log-merge.ts'
import { deliveries, deliveryRecordCodec } from '../../../topics/deliveries.ts'
import { RETRY_TIERS, type RetryRecord, retryRecordCodec } from '../../../topics/deliveries-retry.ts'
import type { OpenRecord, Progress } from '../state/progress.ts'

const TROUBLE_PAUSE_MS = 1_000
/** Records that are not visible yet are searched for again after this time. */
const WAIT_MS = { first: 20, longest: 1_000 }

export interface Cancellation {
  /** Whether the delivery is to be cancelled. */
  wants(record: Pick<RetryRecord, 'deliveryId' | 'webhookId'>): boolean
  /**
   * Why a delivery must not go on; undefined: it may. The caller cancels it. A delivery in flight is only marked: the
   * command to cancel it ends with its attempt, so that a crash in between repeats both.
   */
  reasonFor(record: Pick<RetryRecord, 'deliveryId' | 'webhookId'>, inFlight?: boolean): string | undefined
  /**
   * Cancels one; `onEnd` is called when it has ended, or exists nowhere any more. `number`: of its event, finds it in a
   * range.
   */
  delivery(deliveryId: string, webhookId: string, onEnd: () => void, number?: number): void
  /** Cancels all deliveries of a deleted webhook. */
  webhook(webhookId: string, reason: string): void
  /** Resolves when everything written so far has committed. */
  committedSinceNow(): Promise<void>
  sealed(): void
  committed(): void
  close(): void
}

/** A delivery that a range may owe. */
export interface OwedDelivery {
  webhookId: string
  deliveryId: string
  /** Of its event. */
  number: number
}

/** The target of a search: a delivery, or all of a webhook. */
interface Target {
  webhookId: string
  deliveryId: string | undefined
  reason: string
  /** Of its event. */
  number: number | undefined
  onEnd(): void
}

export function createCancellation(deps: {
  handle: ShardHandle
  log: LogSource
  clock: Clock
  logger: Logger
  progressOf(topic: string): Progress
  /** Cancels matches in memory. */
  cancelHeld(cancellation: Pick<Cancellation, 'wants' | 'reasonFor'>): void
  isInFlight(deliveryId: string): boolean
  /** Cancels owed matches, in a range or as early entries. Rejects while they cannot be read. */
  cancelOwed(delivery: OwedDelivery, reason: string): Promise<void>
  /** Ends a record that has not been read. */
  cancelAhead(record: RetryRecord, progress: Progress, openRecord: OpenRecord, reason: string): void
  guarded(work: () => void): void
}): Cancellation {
  const { handle, log, clock, progressOf, guarded } = deps
  const byDelivery = new Map<string, Target>()
  const byWebhook = new Map<string, Target>()
  let waiting: Target[] = []
  let searching = false
  let closed = false
  let seals = 0
  let commits = 0
  const barriers = new Set<{ after: number; resolve(): void }>()

  const targetOf = (record: Pick<RetryRecord, 'deliveryId' | 'webhookId'>) =>
    byDelivery.get(record.deliveryId) ?? byWebhook.get(record.webhookId)

  const reasonFor: Cancellation['reasonFor'] = (record, inFlight = false) => {
    const target = targetOf(record)
    if (!target) return undefined
    if (target.deliveryId && !inFlight) forget(target)
    return target.reason
  }

  function forget(target: Target): void {
    if (target.deliveryId === undefined) byWebhook.delete(target.webhookId)
    else if (!byDelivery.delete(target.deliveryId)) return
    target.onEnd()
    handle.write([])
  }

  function add(target: Target): void {
    const before = target.deliveryId === undefined ? undefined : byDelivery.get(target.deliveryId)
    if (before) {
      // One target per delivery, or the command of the first would never end.
      const { onEnd } = before
      before.onEnd = () => {
        onEnd()
        target.onEnd()
      }
      before.number ??= target.number
      return
    }
    if (target.deliveryId === undefined) byWebhook.set(target.webhookId, target)
    else byDelivery.set(target.deliveryId, target)
    deps.cancelHeld(cancellation)
    if (target.deliveryId !== undefined && (!byDelivery.has(target.deliveryId) || deps.isInFlight(target.deliveryId)))
      return
    waiting.push(target)
    void search()
  }

  async function search(): Promise<void> {
    if (searching) return
    searching = true
    while (waiting.length > 0 && !closed) {
      const targets = waiting
      waiting = []
      try {
        await committedSinceNow()
        for (const tier of RETRY_TIERS) await searchTier(tier.topic.name)
        const later = await cancelAllOwed(targets)
        // A match that was read meanwhile was no longer unread when the search reached it.
        guarded(() => deps.cancelHeld(cancellation))
        const unread = await searchNewDeliveries()
        if (closed) return
        // Matches still to be read are cancelled when they are.
        guarded(() =>
          targets.filter(target => !later.has(target) && !unread.has(target) && !isInFlight(target)).forEach(forget),
        )
        waiting.push(...later)
        if (later.size > 0) await clock.sleep(TROUBLE_PAUSE_MS)
      } catch (error) {
        deps.logger.warn({ error: String(error) }, 'the search for deliveries to cancel failed; trying again')
        waiting.push(...targets)
        await clock.sleep(TROUBLE_PAUSE_MS)
      }
    }
    searching = false
  }

  const isInFlight = ({ deliveryId }: Target) => deliveryId !== undefined && deps.isInFlight(deliveryId)

  /** Resolves when everything written so far has committed and can be read. */
  function committedSinceNow(): Promise<void> {
    handle.write([])
    return new Promise(resolve => barriers.add({ after: seals + 1, resolve }))
  }

  /** A log that cannot be read now must not keep the targets behind it. Answers those to be searched for again. */
  async function cancelAllOwed(targets: readonly Target[]): Promise<Set<Target>> {
    const later = new Set<Target>()
    for (const target of targets) {
      if (closed) break
      await cancelOwed(target).catch(error => {
        later.add(target)
        deps.logger.warn({ error: String(error) }, 'an owed delivery cannot be cancelled now; trying again')
      })
    }
    return later
  }

  async function cancelOwed({ deliveryId, webhookId, number, reason }: Target): Promise<void> {
    if (deliveryId !== undefined && number !== undefined && byDelivery.has(deliveryId))
      await deps.cancelOwed({ deliveryId, webhookId, number }, reason)
  }

  async function searchTier(topic: string): Promise<void> {
    const progress = progressOf(topic)
    await eachUnread(topic, progress, log => {
      if (!isWebhookSearched(log.key?.toString())) return
      const record = retryRecordCodec.decode(log.value!)
      if (!targetOf(record)) return
      const openRecord = progress.ahead(log)
      if (openRecord) deps.cancelAhead(record, progress, openRecord, reasonFor(record)!)
    })
  }

  /** The matches in records of `deliveries` that have not been read yet. */
  async function searchNewDeliveries(): Promise<Set<Target>> {
    const found = new Set<Target>()
    if (byDelivery.size === 0) return found
    await eachUnread(deliveries.name, progressOf(deliveries.name), log => {
      const { event, webhookIds } = deliveryRecordCodec.decode(log.value!)
      for (const webhookId of webhookIds.filter(isWebhookSearched)) {
        const target = byDelivery.get(deliveryIdOf(event.eventId, webhookId))
        if (target) found.add(target)
      }
    })
    return found
  }

  const isWebhookSearched = (webhookId: string | undefined) =>
    webhookId !== undefined &&
    (byWebhook.has(webhookId) || [...byDelivery.values()].some(target => target.webhookId === webhookId))

  async function eachUnread(topic: string, progress: Progress, look: (log: LogRecord) => void): Promise<void> {
    const end = await log.ends.of(topic, handle.shard)
    let pauseMs = WAIT_MS.first
    for (let offset = progress.nextOffset(); offset < end && !closed; ) {
      const { records, nextOffset } = await log.pages.read(topic, handle.shard, offset)
      if (closed) return
      guarded(() => records.forEach(look))
      if (nextOffset > offset) {
        offset = nextOffset
        pauseMs = WAIT_MS.first
        continue
      }
      // The markers of the last transaction are late, or another one is open.
      await clock.sleep(pauseMs)
      pauseMs = Math.min(pauseMs * 2, WAIT_MS.longest)
    }
  }

  const cancellation: Cancellation = {
    wants: record => byDelivery.size + byWebhook.size > 0 && targetOf(record) !== undefined,
    reasonFor: (record, inFlight) => (byDelivery.size + byWebhook.size === 0 ? undefined : reasonFor(record, inFlight)),
    delivery: (deliveryId, webhookId, onEnd, number) => add({ deliveryId, webhookId, reason: 'manual', number, onEnd }),
    webhook: (webhookId, reason) =>
      add({ deliveryId: undefined, webhookId, reason, number: undefined, onEnd: () => undefined }),
    committedSinceNow,
    sealed: () => void seals++,
    committed() {
      commits++
      for (const barrier of barriers) {
        if (commits < barrier.after) continue
        barriers.delete(barrier)
        barrier.resolve()
      }
    },
    close() {
      closed = true
      for (const barrier of barriers) barrier.resolve()
      barriers.clear()
    },
  }
  return cancellation
}
