/**
 * The lanes of one shard, for `subject-lanes.ts`: their members in the order of their events, those in hand before
 * their turn, and those that have been in a retry topic. The latter are state records.
 */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import { deliveryState, deliveryStateKeys, laneStateCodec } from '../../../topics/delivery-state.ts'
import type { Delivery } from '../delivery.ts'
import { fromSteps, stepsOf } from '../state/ascending.ts'

/** The order of one webhook's deliveries of one subject. */
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

export interface LaneTable extends Iterable<Lane> {
  /** Makes the lane if there is none. */
  laneOf(webhookId: string, subject: string | null): Lane
  find(webhookId: string, subject: string | null): Lane | undefined
  isEmpty(): boolean
  /** The member is in hand, before its turn. */
  hold(lane: Lane, delivery: Delivery): void
  unhold(lane: Lane, delivery: Delivery): void
  /** Members in hand before their turn, of one webhook. */
  waiting(webhookId: string): number
  /** The member is in a retry topic. */
  store(lane: Lane, sequence: number): void
  unstore(lane: Lane, sequence: number): void
  /** All its members are before this offset of `deliveries`. */
  cut(lane: Lane, nextOffset: number): void
  /** It has no members. */
  remove(lane: Lane): void
  /** Its webhook is deleted: also removes its state. */
  forget(lane: Lane): void
  restore(webhookId: string, subject: string | null, value: Buffer | null): void
  /** State records that bring the changelog to this point. */
  seal(partition: number): OutRecord[]
}

const keyOf = ({ webhookId, subject }: Pick<Lane, 'webhookId' | 'subject'>) =>
  deliveryStateKeys.ofLane(webhookId, subject)

export function createLaneTable(): LaneTable {
  const lanes = new Map<string, Lane>()
  const changed = new Set<string>()
  const waitingByWebhook = new Map<string, number>()

  function laneOf(webhookId: string, subject: string | null): Lane {
    const key = keyOf({ webhookId, subject })
    const lane = lanes.get(key) ?? emptyLane(webhookId, subject)
    lanes.set(key, lane)
    return lane
  }

  return {
    [Symbol.iterator]: () => lanes.values(),
    laneOf,
    find: (webhookId, subject) => lanes.get(keyOf({ webhookId, subject })),
    isEmpty: () => lanes.size === 0,
    hold(lane, delivery) {
      const { sequence } = delivery.event
      if (lane.waiting.get(sequence) === delivery) return
      lane.waiting.set(sequence, delivery)
      waitingByWebhook.set(lane.webhookId, (waitingByWebhook.get(lane.webhookId) ?? 0) + 1)
    },
    unhold(lane, delivery) {
      const { sequence } = delivery.event
      if (lane.waiting.get(sequence) !== delivery) return
      lane.waiting.delete(sequence)
      const left = waitingByWebhook.get(lane.webhookId)! - 1
      if (left > 0) waitingByWebhook.set(lane.webhookId, left)
      else waitingByWebhook.delete(lane.webhookId)
    },
    waiting: webhookId => waitingByWebhook.get(webhookId) ?? 0,
    store(lane, sequence) {
      lane.stored.add(sequence)
      changed.add(keyOf(lane))
    },
    unstore(lane, sequence) {
      if (lane.stored.delete(sequence)) changed.add(keyOf(lane))
    },
    cut(lane, nextOffset) {
      if (lane.nextOffset <= nextOffset) return
      lane.nextOffset = nextOffset
      if (lane.stored.size > 0) changed.add(keyOf(lane))
    },
    remove: lane => void lanes.delete(keyOf(lane)),
    forget(lane) {
      const key = keyOf(lane)
      lanes.delete(key)
      changed.add(key)
    },
    restore(webhookId, subject, value) {
      if (!value) {
        lanes.delete(keyOf({ webhookId, subject }))
        return
      }
      const { steps, readTo } = laneStateCodec.decode(value)
      const lane = laneOf(webhookId, subject)
      lane.members = fromSteps(steps)
      lane.stored = new Set(lane.members)
      lane.nextOffset = readTo
    },
    seal(partition) {
      const records = [...changed].map(key => ({
        topic: deliveryState.name,
        partition,
        key,
        value: encodeLane(lanes.get(key)),
      }))
      changed.clear()
      return records
    },
  }
}

const emptyLane = (webhookId: string, subject: string | null): Lane => ({
  webhookId,
  subject,
  members: [],
  stored: new Set(),
  nextOffset: 0,
  turnAtMs: undefined,
  waiting: new Map(),
})

/** The state of a lane; null where nothing is to be kept. */
function encodeLane(lane: Lane | undefined): Buffer | null {
  if (!lane || lane.stored.size === 0) return null
  return laneStateCodec.encode({ steps: stepsOf(lane.stored), readTo: lane.nextOffset })
}
