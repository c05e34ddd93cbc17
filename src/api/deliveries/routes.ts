/** Routes of deliveries (C.10). Their literal paths stand before `/webhooks/:id` (K-18). */
import { bareDeliveries, bareDelivery, type createDeliveryHandlers } from './handlers.ts'
import { pagingQuery } from '../http/paging.ts'
import type { Access, Handler, Method, Route } from '../http/route.ts'
import * as deliveries from './schemas.ts'
import { listOf, object } from '../http/schema-parts.ts'

export interface DeliveryHandlers {
  deliveries: ReturnType<typeof createDeliveryHandlers>
}

type Facts = Omit<Route, 'method' | 'path' | 'access' | 'summary' | 'handle' | 'direct'>
const ACCESS: Access = 'webhooks:manage'
const route = (method: Method, path: string, summary: string, facts: Facts, handle: Handler): Route => {
  return { method, path, access: ACCESS, summary, ...facts, handle }
}
const paging = { 'limit?': pagingQuery.limit, 'cursor?': pagingQuery.cursor }

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
    route('GET', dead, 'Deliveries that failed for good, of all webhooks.', { answer: listOf(delivery), query: object({ ...deliveries.deadLetterQuery, ...paging }) }, on.deadLetters),
    route('POST', `${dead}/redrive`, 'Send failed deliveries through their schedule anew: some, those of a webhook, or of a time.', { body: deliveries.redrive, answer: deliveries.redriven, status: 202 }, on.redrive),
    route('GET', '/api/v1/webhooks/:id/deliveries', 'Deliveries of a webhook.', { answer: listOf(delivery), query: object({ ...deliveries.deliveryQuery, ...paging }), bare: bareDeliveries }, on.list),
  ]
}
