/**
 * The reason why a delivery gets no attempt now. A paused webhook is no step of the delivery; it is read from the
 * webhook itself.
 */

import type { ControlView } from '../../model/control-view.ts'
import type { Delivery } from './delivery.ts'

/** The delivery, with the reason `webhook_inactive` if it waits for its webhook to be activated. */
export function withWaitingReason(view: ControlView, organizationId: string, delivery: Delivery): Delivery {
  const waits = delivery.status === 'pending' || delivery.status === 'retrying'
  if (!waits || view.find('webhook', organizationId, delivery.webhookId)?.active !== false) return delivery
  return { ...delivery, reason: 'webhook_inactive' }
}
