/** Routes of deliveries. Their literal paths come before `/webhooks/:id`. */

import type { Route } from '../http/route.ts'
import { list, routesWith } from '../http/route-table.ts'
import { listOf } from '../http/schema-parts.ts'
import type { createDeliveryHandlers } from './handlers.ts'
import { bareDeliveries, bareDelivery } from './presenter.ts'
import * as deliveries from './schemas.ts'

export interface DeliveryHandlers {
  deliveries: ReturnType<typeof createDeliveryHandlers>
}

const route = routesWith('webhooks:manage')

// biome-ignore format: a table
export function createDeliveryRoutes({ deliveries: on }: DeliveryHandlers): Route[] {
  const { delivery } = deliveries
  const one = '/api/v1/webhooks/deliveries/:id'
  const dead = '/api/v1/webhooks/dead-letters'
  return [
    route('GET', one, 'One delivery, every step of it, and the webhook as it is now.', { answer: deliveries.deliveryInFull }, on.get),
    route('GET', `${one}/attempts`, 'Its attempts, first to last.', { answer: listOf(deliveries.attempt) }, on.attempts),
    route('POST', `${one}/retry`, 'Try one that failed or succeeded once more; with resume through its whole schedule.', { body: deliveries.retry, bodyOptional: true, answer: delivery, status: 202, bare: bareDelivery }, on.retry),
    route('POST', `${one}/cancel`, 'Cancel one that has not ended, wherever it waits.', { answer: delivery, status: 202, bare: bareDelivery }, on.cancel),
    route('GET', dead, 'Deliveries that failed for good, of all webhooks.', list(delivery, deliveries.deadLetterQuery), on.deadLetters),
    route('POST', `${dead}/redrive`, 'Send failed deliveries through their schedule anew: some, those of a webhook, or of a time.', { body: deliveries.redrive, answer: deliveries.redriven, status: 202 }, on.redrive),
    route('GET', '/api/v1/webhooks/:id/deliveries', 'Deliveries of a webhook.', { ...list(delivery, deliveries.deliveryQuery), bare: bareDeliveries }, on.list),
  ]
}
