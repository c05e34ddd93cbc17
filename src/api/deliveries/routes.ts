/** Routes of deliveries. Their literal paths come before `/webhooks/:id`. */

import type { Route } from '../http/route.ts'
import { exported, routesWith } from '../http/route-table.ts'
import { listOf } from '../http/schema-parts.ts'
import { preview } from '../shared/preview.ts'
import type { createDeliveryHandlers } from './handlers.ts'
import { bareDeliveries, bareDelivery } from './presenter.ts'
import * as deliveries from './schemas.ts'

export interface DeliveryHandlers {
  deliveries: ReturnType<typeof createDeliveryHandlers>
}

const read = routesWith('webhooks:read')
const route = routesWith('webhooks:manage')

// biome-ignore format: a table
export function createDeliveryRoutes({ deliveries: on }: DeliveryHandlers): Route[] {
  const { delivery } = deliveries
  const one = '/api/v1/webhooks/deliveries/:id'
  const dead = '/api/v1/webhooks/dead-letters'
  return [
    read('GET', '/api/v1/webhooks/deliveries', 'Deliveries of all webhooks, newest first; a page that few match may be short.', exported(delivery, deliveries.deliverySearch), on.search),
    read('GET', one, 'One delivery with all its steps, and the current webhook.', { answer: deliveries.deliveryInFull }, on.get),
    read('GET', `${one}/attempts`, 'Its attempts, first to last.', { answer: listOf(deliveries.attempt) }, on.attempts),
    route('POST', `${one}/retry`, 'Retry a failed or successful delivery once; with resume, through its whole schedule.', { body: deliveries.retry, bodyOptional: true, answer: delivery, status: 202, bare: bareDelivery }, on.retry),
    route('POST', `${one}/cancel`, 'Cancel a delivery that has not ended, wherever it waits.', { answer: delivery, status: 202, bare: bareDelivery }, on.cancel),
    read('GET', dead, 'Deliveries of all webhooks that failed for good.', exported(delivery, deliveries.deadLetterSearch), on.deadLetters),
    route('POST', `${dead}/redrive`, 'Restart the schedule of failed deliveries: of some by name, or as a job (a replay of kind redrive) of those that a filter chooses; a dry run (200) only counts.', { body: deliveries.redrive, answer: deliveries.redriven, dryRunAnswer: preview, status: 202 }, on.redrive),
    read('GET', '/api/v1/webhooks/:id/deliveries', 'Deliveries of a webhook.', { ...exported(delivery, deliveries.deliveryQuery), bare: bareDeliveries }, on.list),
  ]
}
