/**
 * Every route of the API (C.0.6, C.10, C.11.6), in one table. Where two paths overlap, the literal one stands first.
 */

import type { createEmitHandlers } from './emits/handlers.ts'
import type { createLedgerHandlers } from './ledger/handlers.ts'
import type { createOrganizationHandlers } from './organizations/handlers.ts'
import type { createRegistrationHandlers } from './registrations/handlers.ts'
import type { createReplayHandlers } from './replays/handlers.ts'
import type { createSystemHandlers } from './system/handlers.ts'
import type { createUsageHandlers } from './usage/handlers.ts'
import { pagingQuery } from './http/paging.ts'
import type { Access, DirectHandler, Handler, Method, Route, Schema } from './http/route.ts'
import { createDeliveryRoutes, type DeliveryHandlers } from './deliveries/routes.ts'
import { createFederationRoutes, type FederationHandlers } from './federation/routes.ts'
import { createKafkaRoutes, type KafkaHandlers } from './kafka/routes.ts'
import { createPlatformRoutes, type PlatformHandlers } from './platform-events/routes.ts'
import { createWebhookRoutes, type WebhookHandlers } from './webhooks/routes.ts'
import * as events from './emits/schemas.ts'
import * as ledger from './ledger/schemas.ts'
import * as organizations from './organizations/schemas.ts'
import { boolean, listOf, object, string } from './http/schema-parts.ts'
import { emitResult } from './shared/emit-result.ts'
import * as replays from './replays/schemas.ts'
import * as webhooks from './webhooks/schemas.ts'

export interface Handlers extends DeliveryHandlers, FederationHandlers, WebhookHandlers {
  system: ReturnType<typeof createSystemHandlers>
  organizations: ReturnType<typeof createOrganizationHandlers>
  registrations: ReturnType<typeof createRegistrationHandlers>
  emits: ReturnType<typeof createEmitHandlers>
  emitting: { emit: DirectHandler; emitBatch: DirectHandler }
  replays: ReturnType<typeof createReplayHandlers>
  usage: ReturnType<typeof createUsageHandlers>
  platform: PlatformHandlers
  ledger: ReturnType<typeof createLedgerHandlers>
  kafka: KafkaHandlers
}

type Facts = Omit<Route, 'method' | 'path' | 'access' | 'summary' | 'handle' | 'direct'>

const custom = '/api/v1/events/custom'
const deleted = object({ id: string, deleted: boolean })
const list = (items: Schema, query: Record<string, Schema> = {}): Facts => ({
  answer: listOf(items),
  query: object({ ...query, 'limit?': pagingQuery.limit, 'cursor?': pagingQuery.cursor }),
})

function route(method: Method, path: string, access: Access, summary: string, facts: Facts, handle: Handler): Route {
  return { method, path, access, summary, ...facts, handle }
}
function direct(path: string, summary: string, facts: Facts, handler: DirectHandler): Route {
  return { method: 'POST', path, access: 'events:emit', summary, ...facts, direct: handler }
}

// biome-ignore format: a table
export function createRoutes(on: Handlers): Route[] {
  const { organization, organizationPatch, key, newKey, madeKey } = organizations
  const { registration } = events
  const suspendable = { refusedWhenSuspended: true }
  const keyed = { takesIdempotencyKey: true }
  return [
    route('GET', '/health', 'public', 'Whether the process is alive.', { answer: object({ status: string }) }, on.system.health),
    route('GET', '/ready', 'public', 'Whether every role of the process serves.', { answer: object({ status: string, degraded: listOf(string) }) }, on.system.ready),
    route('GET', '/metrics', 'public', 'Figures in the text format of Prometheus; with the key of the operator unless the api listens on loopback alone.', {}, on.system.metrics),
    route('GET', '/openapi.json', 'public', 'This API, as OpenAPI 3.1.', {}, on.system.openapi),
    route('GET', '/api/v1/whoami', 'any', 'The key that the call was made with.', { answer: organizations.whoami }, on.organizations.whoami),

    route('POST', '/api/v1/organizations', 'operator', 'Make an organization; its key is shown once.', { body: organizations.newOrganization, answer: organizations.madeOrganization, status: 201 }, on.organizations.create),
    route('GET', '/api/v1/organizations', 'operator', 'List organizations.', list(organization), on.organizations.list),
    route('GET', '/api/v1/organizations/:id', 'operator', 'One organization.', { answer: organization }, on.organizations.get),
    route('PATCH', '/api/v1/organizations/:id', 'operator', 'Change name, plan, owner, or whether minors are held to a proof.', { body: organizationPatch, answer: organization }, on.organizations.patch),
    route('DELETE', '/api/v1/organizations/:id', 'operator', 'Delete an organization, its keys and its webhooks.', { answer: organization }, on.organizations.delete),
    route('POST', '/api/v1/organizations/:id/suspend', 'operator', 'Suspend: it can read, but not emit or register.', { answer: organization }, on.organizations.suspend),
    route('POST', '/api/v1/organizations/:id/activate', 'operator', 'End a suspension.', { answer: organization }, on.organizations.activate),
    route('POST', '/api/v1/organizations/:id/namespaces', 'operator', 'Grant a namespace.', { body: organizations.namespaceGrant, answer: organization }, on.organizations.grantNamespace),
    route('DELETE', '/api/v1/organizations/:id/namespaces/:namespace', 'operator', 'Take a namespace back.', { answer: organization }, on.organizations.revokeNamespace),
    route('POST', '/api/v1/organizations/:id/keys', 'operator', 'Make a key for an organization; it is shown once.', { body: newKey, answer: madeKey, status: 201 }, on.organizations.createKeyFor),

    route('GET', '/api/v1/keys', 'keys:manage', 'List keys.', list(key), on.organizations.listKeys),
    route('POST', '/api/v1/keys', 'keys:manage', 'Make a key; it is shown once.', { body: newKey, answer: madeKey, status: 201 }, on.organizations.createKey),
    route('DELETE', '/api/v1/keys/:id', 'keys:manage', 'Delete a key.', { answer: deleted }, on.organizations.deleteKey),

    ...createKafkaRoutes(on.kafka),

    route('POST', custom, 'events:manage', 'Register a version of an event, as a draft or published.', { ...suspendable, ...keyed, body: events.newRegistration, exactMember: 'payloadSchema', answer: registration, status: 201 }, on.registrations.register),
    route('GET', custom, 'events:read', 'List registrations.', list(events.listedRegistration, events.registrationQuery), on.registrations.list),
    ...createFederationRoutes(on),
    direct(`${custom}/emit`, 'Emit an event; the answer carries its verdict.', { ...keyed, body: events.newEmit, answer: emitResult, status: 202 }, on.emitting.emit),
    direct(`${custom}/emit/batch`, 'Emit up to 1,000 events; each gets its own verdict, in order.', { body: events.newEmits, answer: events.emitResults, status: 200 }, on.emitting.emitBatch),
    route('GET', `${custom}/emits`, 'events:read', 'List emits.', list(events.emit, events.emitQuery), on.emits.list),
    route('GET', `${custom}/emits/:id`, 'events:read', 'The state of an emit.', { answer: events.emit }, on.emits.get),
    ...createPlatformRoutes(on.platform),
    route('POST', `${custom}/dry-run`, 'events:manage', 'Check a registration and make nothing; the answer lists all findings.', { body: events.newDryRun, exactMember: 'payloadSchema', answer: events.dryRun }, on.registrations.dryRun),
    route('GET', `${custom}/health`, 'events:read', 'Plan, usage, capabilities and recent failures.', { answer: events.health }, on.usage.health),
    route('GET', `${custom}/:id`, 'events:read', 'One registration.', { answer: registration }, on.registrations.get),
    route('GET', `${custom}/:id/types`, 'events:read', 'The payload schema as types; the code alone with `Accept: text/plain`.', { query: object(events.typesQuery), answer: events.types }, on.registrations.types),
    route('PATCH', `${custom}/:id`, 'events:manage', 'Change the description.', { body: events.registrationPatch, answer: registration }, on.registrations.patch),
    route('POST', `${custom}/:id/publish`, 'events:manage', 'Publish a draft.', { ...suspendable, answer: registration }, on.registrations.publish),
    route('POST', `${custom}/:id/archive`, 'events:manage', 'Archive, for good.', { answer: registration }, on.registrations.archive),
    route('DELETE', `${custom}/:id`, 'events:manage', 'Archive what is published; remove a draft.', { answer: { anyOf: [registration, deleted] } }, on.registrations.delete),

    route('GET', '/api/v1/events/:id', 'events:read', 'The whole history of one event.', { answer: events.history }, on.emits.history),

    ...createDeliveryRoutes(on),
    ...createWebhookRoutes(on),

    route('POST', '/api/v1/webhooks/:id/replay', 'webhooks:manage', 'Deliver a range of time again.', { ...suspendable, body: replays.webhookReplay, answer: replays.replay, status: 202 }, on.replays.replayWebhook),
    route('POST', '/api/v1/webhooks/:id/recover', 'webhooks:manage', 'Deliver what it has not had with success since then.', { ...suspendable, body: replays.webhookRecovery, answer: replays.replay, status: 202 }, on.replays.recoverWebhook),

    route('POST', '/api/v1/replays', 'webhooks:manage', 'Deliver stored events again to one webhook.', { ...suspendable, body: replays.newReplay, answer: replays.replay, status: 202 }, on.replays.create),
    route('GET', '/api/v1/replays', 'webhooks:manage', 'List replays.', list(replays.replay, replays.replayQuery), on.replays.list),
    route('GET', '/api/v1/replays/:id', 'webhooks:manage', 'One replay, and how far it has come.', { answer: replays.replay }, on.replays.get),
    route('GET', '/api/v1/replays/:id/items', 'webhooks:manage', 'The deliveries that it made.', list(webhooks.delivery), on.replays.items),
    route('POST', '/api/v1/replays/:id/cancel', 'webhooks:manage', 'End it; what is in flight ends by itself.', { answer: replays.replay }, on.replays.cancel),
    route('POST', '/api/v1/replays/:id/pause', 'webhooks:manage', 'Let it stand still.', { answer: replays.replay }, on.replays.pause),
    route('POST', '/api/v1/replays/:id/resume', 'webhooks:manage', 'Let it go on.', { answer: replays.replay }, on.replays.resume),

    route('GET', '/api/v1/usage/summary', 'events:read', 'The meters of a month.', { query: object(events.usageQuery), answer: events.usage }, on.usage.summary),
    route('GET', '/api/v1/usage/timeseries', 'events:read', 'Meters by hour or day; buckets that have something in them.', { query: object(events.timeseriesQuery), answer: events.timeseries }, on.usage.timeseries),
    route('GET', '/api/v1/ledger', 'operator', 'Where counters, audit, meters and logs do not agree.', { answer: ledger.ledger }, on.ledger.get),
    route('POST', '/api/v1/ledger/check', 'operator', 'Compare them now.', { query: ledger.checkQuery, answer: ledger.report }, on.ledger.check),
    route('GET', '/api/v1/audit', 'audit:read', 'Every lifecycle event of the organization, newest first.', list(events.change, events.auditQuery), on.usage.audit),
  ]
}
