/** Routes of webhooks and subscriptions. Those of deliveries come before: `deliveries` is not an id. */

import type { Handler, Route } from '../http/route.ts'
import { counted, deleted, routesWith } from '../http/route-table.ts'
import { object } from '../http/schema-parts.ts'
import type { createWebhookHandlers } from './handlers.ts'
import { bareWebhook } from './presenter.ts'
import * as webhooks from './schemas.ts'
import type { createShadowHandlers } from './shadow.ts'
import type { createSubscriptionHandlers } from './subscriptions.ts'

export interface WebhookHandlers {
  webhooks: ReturnType<typeof createWebhookHandlers>
  subscriptions: ReturnType<typeof createSubscriptionHandlers>
  webhookStats: Handler
  shadows: ReturnType<typeof createShadowHandlers>
}

const read = routesWith('webhooks:read')
const route = routesWith('webhooks:manage')

// biome-ignore format: a table
export function createWebhookRoutes({ webhooks: on, subscriptions, webhookStats: stats, shadows }: WebhookHandlers): Route[] {
  const { webhook, madeWebhook } = webhooks
  const path = '/api/v1/webhooks'
  const rotation = { body: webhooks.rotation, bodyOptional: true, answer: madeWebhook }
  return [
    route('POST', path, 'Make a webhook; its secret is shown once.', { body: webhooks.newWebhook, answer: madeWebhook, status: 201, bare: bareWebhook }, on.create),
    read('GET', path, 'List webhooks.', counted(webhook, webhooks.webhookQuery), on.list),
    read('GET', `${path}/:id`, 'One webhook.', { answer: webhook }, on.get),
    read('GET', `${path}/:id/stats`, 'Attempts of a webhook over time, and its errors in groups.', { query: object(webhooks.statsQuery), answer: webhooks.stats }, stats),
    route('PATCH', `${path}/:id`, 'Change a webhook; active: false pauses it.', { body: webhooks.webhookPatch, answer: webhook }, on.patch),
    route('DELETE', `${path}/:id`, 'Delete a webhook; its waiting deliveries are cancelled.', { answer: deleted }, on.delete),
    route('POST', `${path}/:id/activate`, 'Switch a webhook on, with the events of the pause or from now on.', { body: webhooks.activation, bodyOptional: true, answer: webhook }, on.activate),
    route('POST', `${path}/:id/test`, 'Send a signed event webhook.test now; the answer has the result.', { answer: webhooks.ping }, on.test),
    route('POST', `${path}/:id/rotate`, 'Rotate the secret; the new one is shown once, and the former one signs too for 24 hours.', rotation, on.rotate),
    route('POST', `${path}/:id/rotate-secret`, 'The same as rotate.', rotation, on.rotate),
    route('PUT', `${path}/:id/shadow`, 'Send a share of the deliveries to a candidate besides, and compare the answers.', { body: webhooks.newShadow, answer: webhooks.shadow }, shadows.set),
    read('GET', `${path}/:id/shadow`, 'The candidate of a webhook, and how it answers beside the real one.', { answer: webhooks.shadowWithReport }, shadows.get),
    route('DELETE', `${path}/:id/shadow`, 'Send nothing more to the candidate.', { answer: deleted }, shadows.end),
    route('POST', '/api/v1/events/custom/subscribe', 'Make a webhook for one event; its secret is shown once.', { body: webhooks.newSubscription, answer: webhooks.subscription, status: 201 }, subscriptions.subscribe),
  ]
}
