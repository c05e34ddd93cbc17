/**
 * Whether a delivery may be sent to its webhook now. A delivery whose webhook is paused waits with the webhook's range;
 * one whose webhook is gone is cancelled.
 */
import type { Clock } from '../../src/clock.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Webhook } from '../../src/model/webhooks.ts'
import type { Owing } from './catch-up/owing.ts'
import type { Delivery, Unsent } from './delivery.ts'
import type { Settle } from './outcome/settle.ts'

/**
 * A webhook that is not in the view may be newer than it: its deliveries are cancelled only when they are older than
 * this.
 */
const VIEW_LAG_MS_MAX = 2_000

/** Deliveries that are fed, replayed or redriven from a log hold no position back. */
export const isFromTopic = ({ source }: Delivery) => source.progress.topic !== undefined

export interface Sendable {
  /** The current webhook, if deliveries to it may be sent; else the delivery has been handled. */
  webhookFor(delivery: Unsent): Webhook | undefined
  /** Lets it wait with its webhook's range, or ends it where it cannot. */
  defer(delivery: Unsent, webhook: Webhook): void
}

export function createSendable(deps: {
  view: ControlView
  clock: Clock
  timeScale: number
  settle: Settle
  owing: Pick<Owing, 'defer' | 'absorbPaused'>
  /** Whether its record is being read: it lies behind everything in hand. */
  isArriving(delivery: Unsent): boolean
  hold(delivery: Unsent, untilMs: number): void
  drop(delivery: Unsent): void
}): Sendable {
  const { view, clock, settle, owing } = deps

  function withoutWebhook(delivery: Unsent): void {
    const seenByMs = delivery.createdAtMs + VIEW_LAG_MS_MAX
    if (view.organization(delivery.event.organizationId)?.status === 'deleted')
      settle.cancelled(delivery, 'organization_deleted')
    else if (clock.nowMs() >= seenByMs) settle.cancelled(delivery, 'webhook_deleted')
    else deps.hold(delivery, seenByMs)
  }

  function defer(delivery: Unsent, webhook: Webhook): void {
    const isNewToPaused = delivery.isNew && !webhook.active && deps.isArriving(delivery)
    if (isNewToPaused && owing.absorbPaused(delivery, webhook)) {
      deps.drop(delivery)
      return
    }
    // It is in no log, whose numbers a range counts.
    const isLogged = delivery.trigger !== 'test'
    if (isLogged && owing.defer(delivery, webhook)) return
    if (!isFromTopic(delivery) && !webhook.active) {
      // A dead letter stays one, so that it can be redriven again.
      if (delivery.trigger === 'manual') settle.refused(delivery, 'endpoint_unavailable')
      else settle.skipped(delivery, 'inactive')
      return
    }
    const scheduleMs = webhook.retryDelaysMs.reduce((sum, ms) => sum + ms, 0) * deps.timeScale
    if ((delivery.isRetry || !isLogged) && clock.nowMs() < delivery.createdAtMs + scheduleMs) settle.hop(delivery)
    else settle.refused(delivery, 'endpoint_unavailable')
  }

  return {
    webhookFor(delivery) {
      const webhook = view.find('webhook', delivery.event.organizationId, delivery.webhookId)
      if (webhook?.active) return webhook
      if (webhook) defer(delivery, webhook)
      else withoutWebhook(delivery)
      return undefined
    },
    defer,
  }
}
