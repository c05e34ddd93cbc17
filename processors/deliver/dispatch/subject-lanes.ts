/**
 * Order per subject, for webhooks that ask for it (`ordering`). A lane is (webhook, subject); events without a subject
 * share one. Its members are deliveries in the order of their events; only the first may be sent, the others wait:
 *
 *     block   a delivery is a member until it has ended
 *     park    a delivery is a member until its first attempt has been made; a failed one comes back outside the lane
 *
 * Members are in hand, or in a retry topic because their turn is far off. Those in hand are restored by reading
 * `deliveries`; the others are kept by their sequence numbers in `delivery.state`, so that the first one out of a retry
 * topic knows which are before it. The turn passes when the end of the one before has committed: a delivery that a
 * crash repeats is never overtaken.
 *
 * After a restart a member from a retry topic also waits until `deliveries` has been read up to its former position: a
 * member before it may still be unread.
 */

import type { OutRecord } from '../../../src/kafka/ports.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { Delivery } from '../delivery.ts'
import { includes, insert, remove } from '../state/ascending.ts'
import { createLaneTable, type Lane } from './lane-table.ts'

/** Members of one lane that are fed ahead of their turn. */
const LANE_AHEAD = 8

export interface SubjectLanes {
  restore(webhookId: string, subject: string | null, value: Buffer | null): void
  /**
   * Whether the delivery may go on now. If not, `onTurn` calls it back. Costs nothing for webhooks without an order.
   */
  mayGo(delivery: Delivery, webhook: Webhook): boolean
  /** It has moved to a retry topic. `dueAtMs`: after an attempt. */
  moved(delivery: Delivery, dueAtMs: number | undefined): void
  /** The earliest time of its turn; undefined where it is unknown, or there is no order. */
  turnAtMs(delivery: Delivery): number | undefined
  /** It has ended. */
  ended(delivery: Delivery): void
  /** It waits with its webhook's range: for its lane it has never come. */
  deferred(delivery: Delivery): void
  /** A member that is not in hand has ended. */
  endedElsewhere(webhookId: string, subject: string | null, sequence: number): void
  /** It is no longer in hand, and has not ended: this shard stops. */
  dropped(delivery: Delivery): void
  /** Whether the lane has as many members in hand as it needs: further ones stay in the log. */
  isFull(webhookId: string, subject: string | null, queuedMax: number): boolean
  /** Members in hand that wait for their turn, of one webhook. */
  waiting(webhookId: string): number
  /** The webhook has changed: waiting members check again whether they may go on. */
  changed(webhookId: string): void
  /**
   * Removes the lanes of these webhooks, which are deleted; lanes with deliveries in hand stay. Returns how many lanes
   * it removed, at most `max`.
   */
  forget(isGone: (webhookId: string) => boolean, max: number): number
  /** `deliveries` has been read on. */
  read(): void
  /** From this offset on `deliveries` is another log. */
  turnedBack(offset: number): void
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
  committed(): void
}

export function createSubjectLanes(deps: { nextOffset(): number; onTurn(delivery: Delivery): void }): SubjectLanes {
  const lanes = createLaneTable()
  /** Members whose end is in no transaction yet, and those whose end is in the current one. */
  let ends: Array<[Lane, number]> = []
  let sealed: Array<[Lane, number]> = []
  /** Lanes that wait for `deliveries` to be read on. */
  const early = new Set<Lane>()

  const sequenceOf = (delivery: Delivery) => delivery.event.sequence

  const laneWith = (delivery: Delivery): Lane | undefined => {
    if (delivery.lane || lanes.isEmpty()) return delivery.lane
    const lane = lanes.find(delivery.webhookId, delivery.event.subject)
    return lane && includes(lane.members, sequenceOf(delivery)) && isQueued(delivery) ? lane : undefined
  }

  /**
   * Whether no member is before it, read or unread. For a record of `deliveries` itself, all earlier ones have been
   * read.
   */
  const isNext = (lane: Lane, delivery: Delivery): boolean =>
    lane.members[0] === sequenceOf(delivery) &&
    (delivery.isNew || lane.stored.size === 0 || deps.nextOffset() >= lane.nextOffset)

  /** Calls the first member, if it is in hand and may go. */
  function pass(lane: Lane): void {
    const first = lane.members[0]
    const delivery = first === undefined ? undefined : lane.waiting.get(first)
    if (!delivery) return
    if (!isNext(lane, delivery)) {
      early.add(lane)
      return
    }
    lanes.unhold(lane, delivery)
    deps.onTurn(delivery)
  }

  /** The member no longer precedes any other, once that has committed. */
  function end(lane: Lane, sequence: number): void {
    lane.turnAtMs = 0
    lanes.unstore(lane, sequence)
    ends.push([lane, sequence])
  }

  function leave(lane: Lane, delivery: Delivery): void {
    lanes.unhold(lane, delivery)
    delivery.lane = undefined
    end(lane, sequenceOf(delivery))
  }

  return {
    restore: lanes.restore,
    mayGo(delivery, webhook) {
      if (webhook.ordering === 'none' && lanes.isEmpty()) return true
      const inLine = webhook.ordering === 'block' || (webhook.ordering === 'park' && delivery.attempts === 0)
      if (!inLine || !isQueued(delivery)) {
        const lane = laneWith(delivery)
        if (lane) leave(lane, delivery)
        return true
      }
      const lane = lanes.laneOf(webhook.id, delivery.event.subject)
      delivery.lane = lane
      insert(lane.members, sequenceOf(delivery))
      if (isNext(lane, delivery)) return true
      lanes.hold(lane, delivery)
      if (lane.members[0] === sequenceOf(delivery)) early.add(lane)
      return false
    },
    turnAtMs: delivery => delivery.lane?.turnAtMs,
    moved(delivery, dueAtMs) {
      const lane = laneWith(delivery)
      if (!lane) return
      if (dueAtMs !== undefined) {
        if (delivery.attempt?.webhook.ordering !== 'block') return leave(lane, delivery)
        lane.turnAtMs = dueAtMs
      }
      lanes.unhold(lane, delivery)
      if (delivery.isNew) lane.nextOffset = Math.max(lane.nextOffset, delivery.source.record.offset + 1)
      lanes.store(lane, sequenceOf(delivery))
    },
    ended(delivery) {
      const lane = laneWith(delivery)
      if (lane) leave(lane, delivery)
    },
    deferred(delivery) {
      const lane = laneWith(delivery)
      if (!lane) return
      lanes.unhold(lane, delivery)
      delivery.lane = undefined
      if (!delivery.fed) {
        lanes.store(lane, sequenceOf(delivery))
        return
      }
      // It will be fed again, before anything behind it.
      remove(lane.members, sequenceOf(delivery))
      if (lane.members.length === 0) lanes.remove(lane)
    },
    endedElsewhere(webhookId, subject, sequence) {
      const lane = lanes.find(webhookId, subject)
      if (lane && includes(lane.members, sequence)) end(lane, sequence)
    },
    dropped(delivery) {
      if (delivery.lane) lanes.unhold(delivery.lane, delivery)
    },
    isFull(webhookId, subject, queuedMax) {
      const lane = lanes.find(webhookId, subject)
      if (!lane || lane.members.length === 0) return false
      return lane.waiting.size >= LANE_AHEAD || lanes.waiting(webhookId) >= queuedMax
    },
    waiting: lanes.waiting,
    changed(webhookId) {
      if (lanes.waiting(webhookId) === 0) return
      for (const lane of lanes) {
        if (lane.webhookId !== webhookId) continue
        for (const delivery of [...lane.waiting.values()]) {
          lanes.unhold(lane, delivery)
          deps.onTurn(delivery)
        }
      }
    },
    forget(isGone, max) {
      let count = 0
      for (const lane of lanes) {
        if (count === max) break
        if (lane.stored.size < lane.members.length || lane.waiting.size > 0 || !isGone(lane.webhookId)) continue
        lanes.forget(lane)
        early.delete(lane)
        count++
      }
      return count
    },
    read() {
      if (early.size === 0) return
      for (const lane of [...early]) {
        if (deps.nextOffset() < lane.nextOffset) continue
        early.delete(lane)
        pass(lane)
      }
    },
    turnedBack(offset) {
      for (const lane of lanes) lanes.cut(lane, offset)
    },
    seal(partition) {
      sealed = ends
      ends = []
      return lanes.seal(partition)
    },
    committed() {
      const done = sealed
      sealed = []
      for (const [lane, sequence] of done) {
        remove(lane.members, sequence)
        if (lane.members.length > 0) pass(lane)
        else lanes.remove(lane)
      }
    },
  }
}

/** Deliveries in the order of the log: live ones, and those of a catch-up. Replays and manual retries have no order. */
function isQueued({ trigger, deliveryId: id, event, webhookId }: RetryRecord): boolean {
  return trigger === 'live' || (trigger === 'replay' && id === deliveryId(event.eventId, webhookId))
}
