/** Why a delivery gets no attempt now. That its webhook is off is no step of the delivery: it is seen on the webhook as it is. */

import type { ControlView } from '../../model/control-view.ts'
import type { Delivery } from './delivery.ts'

/** The delivery, with the reason `webhook_inactive` if it waits for its webhook to be switched on. */
export function withWaitingReason(view: ControlView, organizationId: string, delivery: Delivery): Delivery {
  const waits = delivery.status === 'pending' || delivery.status === 'retrying'
  if (!waits || view.find('webhook', organizationId, delivery.webhookId)?.active !== false) return delivery
  return { ...delivery, reason: 'webhook_inactive' }
}
