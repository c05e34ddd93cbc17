/**
 * Decides which request goes out next, in one process for all its shards, with the queues of `src/delivery/fair-queue.ts`.
 * The shard of a webhook limits its waiting deliveries (`catch-up/owing.ts`): beyond its share, events are owed as a
 * range of the log.
 */

import { createFairQueue } from '../../../src/delivery/fair-queue.ts'
import type { AttemptResult } from '../../../src/delivery/send.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { Delivery, Owner, Waiting } from '../delivery.ts'
import type { DeliverLimits } from '../limits.ts'

/** Deliveries begun before the event loop gets its turn. */
const TURN_DELIVERIES = 256

export interface Dispatcher {
  /** Queues a delivery that is due. */
  offer(delivery: Waiting, maxInFlight: number): void
  /** Deliveries of this webhook that wait for a slot. */
  waiting(webhookId: string): number
  /** Begins deliveries as far as slots allow. */
  pump(): void
  /** Forgets the waiting deliveries of this shard. */
  forget(owner: Owner): void
  /** Forgets a delivery that no longer waits, since it has been handled otherwise. */
  tidy(): void
  /** This many results wait for their transaction; negative: they have it, or are dropped. */
  uncommitted(change: number): void
}

export function createDispatcher({
  view,
  limits,
}: {
  view: Pick<ControlView, 'find'>
  limits: DeliverLimits
}): Dispatcher {
  const lanes = createFairQueue<Delivery>({
    maxInFlight: limits.inFlightMax,
    maxInFlightPerOrganization: limits.inFlightPerOrganizationMax,
    maxWaitingPerWebhook: Number.POSITIVE_INFINITY,
  })
  /** Deliveries of shards whose results are late to commit. */
  let postponed: Delivery[] = []
  let uncommitted = 0
  let pumping = false

  function begin(delivery: Delivery): void {
    if (delivery.stage === 'waiting' && !delivery.owner.mayBegin()) {
      lanes.done(delivery.webhookId)
      postponed.push(delivery)
      return
    }
    // It may have been handled while it was queued.
    const sending = delivery.stage === 'waiting' ? delivery.owner.begin(delivery) : undefined
    if (sending) sending.then(result => finish(delivery, result))
    else lanes.done(delivery.webhookId)
  }

  function finish(delivery: Delivery, result: AttemptResult): void {
    lanes.done(delivery.webhookId)
    delivery.owner.finish(delivery, result)
    pump()
  }

  function pump(): void {
    if (pumping) return
    pumping = true
    for (let turn = 0; turn < TURN_DELIVERIES && uncommitted < limits.uncommittedMax; turn++) {
      const delivery = lanes.take()
      if (!delivery) {
        pumping = false
        return
      }
      begin(delivery)
    }
    pumping = false
    if (uncommitted < limits.uncommittedMax) setImmediate(pump)
  }

  function resume(): void {
    if (postponed.length === 0) return
    const before = postponed
    postponed = []
    for (const delivery of before) {
      if (delivery.stage !== 'waiting') continue
      if (!delivery.owner.mayBegin()) {
        postponed.push(delivery)
        continue
      }
      const { organizationId } = delivery.event
      const maxInFlight = view.find('webhook', organizationId, delivery.webhookId)?.maxInFlight ?? 1
      lanes.offer(organizationId, delivery.webhookId, maxInFlight, delivery)
    }
  }

  return {
    pump() {
      resume()
      pump()
    },
    offer: (delivery, maxInFlight) =>
      void lanes.offer(delivery.event.organizationId, delivery.webhookId, maxInFlight, delivery),
    waiting: webhookId => lanes.waiting(webhookId),
    forget(owner) {
      lanes.retain(delivery => delivery.owner !== owner)
      postponed = postponed.filter(delivery => delivery.owner !== owner)
    },
    tidy: () => lanes.retain(delivery => delivery.stage === 'waiting'),
    uncommitted(change) {
      uncommitted += change
      if (change >= 0) return
      resume()
      pump()
    },
  }
}
