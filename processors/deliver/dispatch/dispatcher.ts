/**
 * Whose request goes out next, in one process for all its shards: the queues of `src/delivery/lanes.ts`, and what they may hold.
 *
 * A webhook may have as much waiting as there is room left, but always its fair share. So one busy endpoint may fill half of the memory,
 * ten of them a tenth each, and there is room for the next one without anybody having been stopped. A webhook whose last 20 attempts all
 * failed has one request in hand, the probe; the rest of it is moved aside.
 */
import type { ControlView } from '../../../src/control-plane/view.ts'
import { createFailingStreaks } from '../../../src/delivery/failing-streaks.ts'
import { createLanes } from '../../../src/delivery/lanes.ts'
import type { AttemptResult } from '../../../src/delivery/send.ts'
import type { Delivery, Owner } from '../delivery.ts'
import type { DeliverLimits } from '../limits.ts'

/** Deliveries begun before others get their turn on the event loop. */
const TURN_DELIVERIES = 256

export interface Dispatcher {
  /** Queues a delivery that is due. False when its webhook has too much waiting: it must step aside. */
  offer(delivery: Delivery, maxInFlight: number): boolean
  /** Begins what may begin. */
  pump(): void
  /** Forgets what waits for this shard. */
  forget(owner: Owner): void
  /** Whether its last attempts all failed. */
  isFailing(webhookId: string): boolean
  /** So many results wait for their transaction; negative: they have it, or are dropped. */
  uncommitted(change: number): void
}

export function createDispatcher({ view, limits }: { view: ControlView; limits: DeliverLimits }): Dispatcher {
  const lanes = createLanes<Delivery>({
    maxInFlight: limits.inFlightMax,
    maxInFlightPerOrganization: limits.inFlightPerOrganizationMax,
    maxWaitingPerWebhook: limits.deliveriesMax,
  })
  const streaks = createFailingStreaks()
  // A changed webhook may have another URL: its past says nothing any more.
  view.onChange((kind, _organizationId, id) => {
    if (kind === 'webhook') streaks.forget(id)
  })
  let waiting = 0
  let uncommitted = 0
  let pumping = false

  function begin(delivery: Delivery): void {
    const { owner, webhookId } = delivery
    let sending: Promise<AttemptResult> | undefined
    // It may have been taken care of while it stood in line.
    if (delivery.stage === 'waiting') {
      if (streaks.isFailing(webhookId) && lanes.inFlight(webhookId) > 1) owner.move(delivery)
      else sending = owner.begin(delivery)
    }
    if (sending) sending.then(result => finish(delivery, result))
    else lanes.done(webhookId)
  }

  function finish(delivery: Delivery, result: AttemptResult): void {
    lanes.done(delivery.webhookId)
    streaks.recordResult(delivery.webhookId, result.errorKind === null)
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
      waiting--
      begin(delivery)
    }
    pumping = false
    if (uncommitted < limits.uncommittedMax) setImmediate(pump)
  }

  return {
    pump,
    offer(delivery, maxInFlight) {
      const { webhookId } = delivery
      const ahead = lanes.waiting(webhookId)
      if (ahead >= Math.max(limits.waitingFairShare, limits.deliveriesMax - waiting)) return false
      if (streaks.isFailing(webhookId) && ahead + lanes.inFlight(webhookId) > 0) return false
      if (lanes.offer(delivery.event.organizationId, webhookId, maxInFlight, delivery) === 'full') return false
      waiting++
      return true
    },
    forget(owner) {
      lanes.retain(delivery => delivery.owner !== owner)
      waiting = lanes.counts().waiting
    },
    isFailing: webhookId => streaks.isFailing(webhookId),
    uncommitted(change) {
      uncommitted += change
      if (change < 0) pump()
    },
  }
}
