/** The deliveries that a shard has in hand, in the order in which they were read. */
import { type Delivery, type Held, toEnded, type Unsent, type Waiting } from './delivery.ts'
import type { MemoryBudget } from './dispatch/memory-budget.ts'
import type { Stages } from './metrics.ts'

const NOTHING = Buffer.alloc(0)

/** Deliveries may be dropped while this is iterated. */
export interface DeliveriesInHand extends Iterable<Delivery> {
  keep(delivery: Held): void
  /** It has ended, has moved to a topic, or waits with its webhook's range. No effect if it is not in hand. */
  drop(delivery: Delivery): void
  /** Fed deliveries. */
  fedOut(): number
  /** Adds the deliveries to a count by stage. */
  count(stages: Stages): void
  isInFlight(deliveryId: string): boolean
  /** Deliveries of one webhook that wait for a slot and have made no attempt. */
  unattempted(webhookId: string): Waiting[]
  /** Deliveries that have lost their record and are not in flight: one in flight is written when it has ended. */
  lost(): Unsent[]
}

export function createDeliveriesInHand(budget: MemoryBudget): DeliveriesInHand {
  const inHand = new Set<Delivery>()
  let fedOut = 0

  return {
    [Symbol.iterator]: () => inHand.values(),
    keep(delivery) {
      budget.take(delivery.bytes)
      inHand.add(delivery)
      if (delivery.fed) fedOut++
    },
    drop(delivery) {
      if (!inHand.delete(delivery)) return
      toEnded(delivery)
      delivery.payload = NOTHING
      if (delivery.fed) fedOut--
      budget.give(delivery.bytes)
    },
    fedOut: () => fedOut,
    count(stages) {
      for (const { stage } of inHand) if (stage !== 'ended') stages[stage]++
    },
    isInFlight: deliveryId =>
      [...inHand].some(delivery => delivery.deliveryId === deliveryId && delivery.stage === 'inFlight'),
    unattempted: webhookId =>
      [...inHand].filter(
        (delivery): delivery is Waiting =>
          delivery.webhookId === webhookId && delivery.stage === 'waiting' && delivery.attempts === 0 && !delivery.fed,
      ),
    lost: () =>
      [...inHand].filter(
        (delivery): delivery is Unsent =>
          delivery.source.record.isLost && delivery.stage !== 'inFlight' && delivery.stage !== 'ended',
      ),
  }
}
