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
import { deliveryState, deliveryStateKeys, laneStateCodec } from '../../../topics/delivery-state.ts'
import type { Delivery } from '../delivery.ts'
import { fromSteps, includes, insert, remove, stepsOf } from '../state/ascending.ts'

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

/** A delivery's position in its lane. */
export interface Lane {
  readonly webhookId: string
  readonly subject: string | null
  /** Sequence numbers of all members, ascending. */
  members: number[]
  /** Those of members that have been in a retry topic. */
  stored: Set<number>
  /** All members, and so all before them, are before this offset of `deliveries`. */
  nextOffset: number
  /** When the first is due again; 0 while the lane moves. Not known after a restart. */
  turnAtMs: number | undefined
  /** In hand, before their turn. */
  waiting: Map<number, Delivery>
}

export function createSubjectLanes(deps: { nextOffset(): number; onTurn(delivery: Delivery): void }): SubjectLanes {
  const lanes = new Map<string, Lane>()
  const changed = new Set<string>()
  const waitingByWebhook = new Map<string, number>()
  /** Members whose end is in no transaction yet, and those whose end is in the current one. */
  let ends: Array<[Lane, number]> = []
  let sealed: Array<[Lane, number]> = []
  /** Lanes that wait for `deliveries` to be read on. */
  const early = new Set<Lane>()

  const keyOf = (webhookId: string, subject: string | null) => deliveryStateKeys.ofLane(webhookId, subject)
  const sequenceOf = (delivery: Delivery) => delivery.event.sequence

  function laneOf(webhookId: string, subject: string | null): Lane {
    const key = keyOf(webhookId, subject)
    const known = lanes.get(key)
    if (known) return known
    const made: Lane = {
      webhookId,
      subject,
      members: [],
      stored: new Set(),
      nextOffset: 0,
      turnAtMs: undefined,
      waiting: new Map(),
    }
    lanes.set(key, made)
    return made
  }

  const laneWith = (delivery: Delivery): Lane | undefined => {
    if (delivery.lane || lanes.size === 0) return delivery.lane
    const lane = lanes.get(keyOf(delivery.webhookId, delivery.event.subject))
    return lane && includes(lane.members, sequenceOf(delivery)) && isQueued(delivery) ? lane : undefined
  }

  function hold(lane: Lane, delivery: Delivery): void {
    const sequence = sequenceOf(delivery)
    if (lane.waiting.get(sequence) === delivery) return
    lane.waiting.set(sequence, delivery)
    waitingByWebhook.set(lane.webhookId, (waitingByWebhook.get(lane.webhookId) ?? 0) + 1)
  }

  function unhold(lane: Lane, delivery: Delivery): void {
    if (lane.waiting.get(sequenceOf(delivery)) !== delivery) return
    lane.waiting.delete(sequenceOf(delivery))
    const left = waitingByWebhook.get(lane.webhookId)! - 1
    if (left > 0) waitingByWebhook.set(lane.webhookId, left)
    else waitingByWebhook.delete(lane.webhookId)
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
    unhold(lane, delivery)
    deps.onTurn(delivery)
  }

  /** It no longer precedes any member, once that has committed. */
  function leave(lane: Lane, delivery: Delivery): void {
    const sequence = sequenceOf(delivery)
    unhold(lane, delivery)
    delivery.lane = undefined
    lane.turnAtMs = 0
    if (lane.stored.delete(sequence)) changed.add(keyOf(lane.webhookId, lane.subject))
    ends.push([lane, sequence])
  }

  return {
    restore(webhookId, subject, value) {
      if (!value) {
        lanes.delete(keyOf(webhookId, subject))
        return
      }
      const { steps, readTo } = laneStateCodec.decode(value)
      const lane = laneOf(webhookId, subject)
      lane.members = fromSteps(steps)
      lane.stored = new Set(lane.members)
      lane.nextOffset = readTo
    },
    mayGo(delivery, webhook) {
      if (webhook.ordering === 'none' && lanes.size === 0) return true
      const inLine = webhook.ordering === 'block' || (webhook.ordering === 'park' && delivery.attempts === 0)
      if (!inLine || !isQueued(delivery)) {
        const lane = laneWith(delivery)
        if (lane) leave(lane, delivery)
        return true
      }
      const lane = laneOf(webhook.id, delivery.event.subject)
      delivery.lane = lane
      insert(lane.members, sequenceOf(delivery))
      if (isNext(lane, delivery)) return true
      hold(lane, delivery)
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
      unhold(lane, delivery)
      lane.stored.add(sequenceOf(delivery))
      if (delivery.isNew) lane.nextOffset = Math.max(lane.nextOffset, delivery.source.record.offset + 1)
      changed.add(keyOf(lane.webhookId, lane.subject))
    },
    ended(delivery) {
      const lane = laneWith(delivery)
      if (lane) leave(lane, delivery)
    },
    deferred(delivery) {
      const lane = laneWith(delivery)
      if (!lane) return
      const sequence = sequenceOf(delivery)
      unhold(lane, delivery)
      delivery.lane = undefined
      if (!delivery.fed) {
        lane.stored.add(sequence)
        changed.add(keyOf(lane.webhookId, lane.subject))
        return
      }
      // It will be fed again, before anything behind it.
      remove(lane.members, sequence)
      if (lane.members.length === 0) lanes.delete(keyOf(lane.webhookId, lane.subject))
    },
    endedElsewhere(webhookId, subject, sequence) {
      const key = keyOf(webhookId, subject)
      const lane = lanes.get(key)
      if (!lane || !includes(lane.members, sequence)) return
      lane.turnAtMs = 0
      if (lane.stored.delete(sequence)) changed.add(key)
      ends.push([lane, sequence])
    },
    dropped(delivery) {
      if (delivery.lane) unhold(delivery.lane, delivery)
    },
    isFull(webhookId, subject, queuedMax) {
      const lane = lanes.get(keyOf(webhookId, subject))
      if (!lane || lane.members.length === 0) return false
      return lane.waiting.size >= LANE_AHEAD || (waitingByWebhook.get(webhookId) ?? 0) >= queuedMax
    },
    waiting: webhookId => waitingByWebhook.get(webhookId) ?? 0,
    changed(webhookId) {
      if (!waitingByWebhook.has(webhookId)) return
      for (const lane of lanes.values()) {
        if (lane.webhookId !== webhookId) continue
        for (const delivery of [...lane.waiting.values()]) {
          unhold(lane, delivery)
          deps.onTurn(delivery)
        }
      }
    },
    forget(isGone, max) {
      let count = 0
      for (const [key, lane] of lanes) {
        if (count === max) break
        if (lane.stored.size < lane.members.length || lane.waiting.size > 0 || !isGone(lane.webhookId)) continue
        lanes.delete(key)
        early.delete(lane)
        changed.add(key)
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
      for (const lane of lanes.values()) {
        if (lane.nextOffset <= offset) continue
        lane.nextOffset = offset
        if (lane.stored.size > 0) changed.add(keyOf(lane.webhookId, lane.subject))
      }
    },
    seal(partition) {
      sealed = ends
      ends = []
      const records: OutRecord[] = []
      for (const key of changed) {
        const lane = lanes.get(key)
        const value =
          lane && lane.stored.size > 0
            ? laneStateCodec.encode({ steps: stepsOf(lane.stored), readTo: lane.nextOffset })
            : null
        records.push({ topic: deliveryState.name, partition, key, value })
      }
      changed.clear()
      return records
    },
    committed() {
      const done = sealed
      sealed = []
      for (const [lane, sequence] of done) {
        remove(lane.members, sequence)
        if (lane.members.length > 0) pass(lane)
        else lanes.delete(keyOf(lane.webhookId, lane.subject))
      }
    },
  }
}

/** Deliveries in the order of the log: live ones, and those of a catch-up. Replays and manual retries have no order. */
function isQueued({ trigger, deliveryId: id, event, webhookId }: RetryRecord): boolean {
  return trigger === 'live' || (trigger === 'replay' && id === deliveryId(event.eventId, webhookId))
}
