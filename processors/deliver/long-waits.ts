/**
 * Deliveries that have waited too long for a slot wait with their webhook's range: one slow webhook must not stop a
 * position.
 */
import type { Clock } from '../../src/clock.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Delivery } from './delivery.ts'
import { isFromTopic, type Sendable } from './sendable.ts'

/** Deliveries deferred in one batch. */
const BATCH_DELIVERIES = 250

/** Returns the sweep, to be called periodically: it returns how many deliveries it deferred. */
export function createLongWaits(deps: {
  /** In the order in which they were read. */
  inHand: Iterable<Delivery>
  view: ControlView
  clock: Clock
  waitingMsMax: number
  defer: Sendable['defer']
}): () => number {
  const { clock, waitingMsMax } = deps
  let nextAtMs = 0

  return () => {
    const nowMs = clock.nowMs()
    if (nowMs < nextAtMs) return 0
    const sinceMs = nowMs - waitingMsMax
    let moved = 0
    for (const delivery of deps.inHand) {
      if (delivery.takenAtMs > sinceMs || moved >= BATCH_DELIVERIES) break
      if (delivery.stage !== 'waiting' || !isFromTopic(delivery) || delivery.waitingSinceMs > sinceMs) continue
      const webhook = deps.view.find('webhook', delivery.event.organizationId, delivery.webhookId)
      if (webhook) deps.defer(delivery, webhook)
      moved++
    }
    if (moved < BATCH_DELIVERIES) nextAtMs = nowMs + waitingMsMax / 8
    return moved
  }
}
