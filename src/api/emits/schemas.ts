import { EMIT_STATES } from '../../analytics/read/emit-reads.ts'
import {
  anyObject,
  anything,
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'
import { attempt, delivery } from '../shared/delivery-schemas.ts'
import { emitResultInBatch } from '../shared/emit-result.ts'

/**
 * The body of an emit; the hot path reads it by hand (`emit-request.ts`), and a test checks both against the same
 * examples.
 */
export const newEmit = object({
  name: text(1, 200),
  payload: anyObject,
  'version?': text(1, 255),
  'idempotencyKey?': text(1, 255),
  'subject?': text(1, 255),
  'time?': time,
  'correlationId?': text(1, 255),
  'chainToken?': text(1, 2_048),
})
export const newEmits = object({ items: { type: 'array', items: newEmit, minItems: 1, maxItems: 1_000 } })
const finding = object({ path: string, rule: string, message: string })
/** An item of a batch that was refused. */
export const refusedInBatch = object({
  status: integer,
  error: object({
    ...{ code: string, message: string, requestId: string, retryable: boolean },
    ...{ 'details?': listOf(finding), 'emitId?': string },
  }),
})
export const emitResults = object({
  results: listOf({
    anyOf: [emitResultInBatch, refusedInBatch],
  }),
})

export const EMIT_STATUSES = ['REQUESTED', ...EMIT_STATES] as const
const NAME_FILTER = { description: 'A selector, or the name as it was emitted.' }
export const emitQuery = {
  'status?': oneOf(EMIT_STATUSES),
  'type?': text(1, 255, NAME_FILTER),
  'name?': text(1, 255, { description: 'The same as type.' }),
  'verdict?': oneOf(['accepted', 'rejected', 'duplicate', 'failed']),
  'code?': text(1, 64),
  'channel?': oneOf(['http', 'kafka', 'platform']),
  'subject?': text(1, 255),
  'keyId?': text(1, 64),
  'correlationId?': text(1, 255),
  'idempotencyKey?': text(1, 255),
  'webhookId?': text(1, 64, { description: 'A webhook that it matched.' }),
  'noSubscriber?': { ...boolean, description: 'Accepted, and matched by no webhook.' },
  'from?': time,
  'to?': time,
}
const maybe = nullable(string)
const maybeCount = nullable(integer)
const source = { groupId: string, pushId: string, sourceOrganizationId: string, sourceEventId: string }
/** Before its verdict an emit has the required fields and its lifecycle alone. */
export const emit = object({
  ...{
    id: string,
    emitId: string,
    status: oneOf(EMIT_STATUSES),
    organizationId: string,
    environment,
    recordedAt: time,
  },
  ...{ 'eventId?': maybe, 'completedAt?': nullable(time), 'code?': maybe, 'message?': maybe, 'name?': string },
  'verdict?': oneOf(['accepted', 'duplicate', 'rejected', 'failed']),
  'findings?': nullable(listOf(finding)),
  ...{ 'requestedVersion?': maybe, 'canonicalName?': maybe, 'registrationId?': maybe, 'schemaVersion?': maybe },
  ...{ 'schemaHash?': maybe, 'kind?': maybe, 'sequence?': maybeCount, 'subject?': maybe, 'actorId?': string },
  ...{ 'source?': string, 'time?': time, 'judgedAt?': time, 'idempotencyKey?': maybe, 'correlationId?': maybe },
  ...{ 'causationId?': maybe, 'traceId?': maybe, 'rootEventId?': maybe, 'depth?': integer, 'requestId?': maybe },
  'channel?': oneOf(['http', 'kafka', 'platform']),
  ...{ 'originalEmitId?': maybe, 'payloadBytes?': integer, 'subscriberCount?': integer, 'warnings?': listOf(string) },
  'federation?': nullable(object({ ...source, hops: integer, path: listOf(string) })),
  'path?': listOf(string),
  'webhooks?': listOf(object({ webhookId: string, skipped: maybe })),
  'lifecycle?': listOf(object({ type: string, occurredAt: time, data: anyObject })),
})
/** A member sees where the event came from, the owner with whom it was shared. */
const relayed = {
  ...{ id: string, groupId: string, pushId: string, memberId: string, memberOrganizationId: maybe },
  ...{ targetEventId: maybe, targetCanonicalName: maybe, deliveryId: maybe, status: string, skipReason: maybe },
  ...{ attempts: integer, responseStatus: maybeCount, lastError: maybe, queuedAt: time, completedAt: nullable(time) },
}
export const eventFederation = object({
  source: nullable(object({ ...source, memberId: maybe, relayId: maybe })),
  relays: listOf(object(relayed)),
})
export const history = object({
  ...{ id: string, emit, 'payload?': anything, 'withheld?': { type: 'boolean', enum: [true] } },
  federation: nullable(eventFederation),
  deliveries: listOf(delivery),
  attempts: listOf(attempt),
})
/** The redrive of a quarantined record: with another payload or version, or unchanged. */
export const redrive = object({ 'payload?': anything, 'version?': text(1, 255) })

export const dryRunQuery = object({
  'dryRun?': { ...boolean, description: 'Only say what the verdict would be: 200.' },
})
/** `webhooks`: those of the environment, with the reason why one would not get it, or not at once. */
export const emitPreview = object({
  verdict: oneOf(['accepted', 'rejected']),
  ...{ code: nullable(string), message: nullable(string), findings: listOf(anyObject) },
  ...{ canonicalName: nullable(string), schemaVersion: nullable(string) },
  quota: object({ used: integer, limit: nullable(integer) }),
  webhooks: listOf(object({ webhookId: string, name: nullable(string), matches: boolean, reason: nullable(string) })),
  peers: listOf(object({ memberId: string, name: nullable(string) })),
  ...{ warnings: listOf(string), idempotencyChecked: { const: false } },
})

export const whyQuery = object({ 'webhookId?': text(1, 64) })
const WHY_OUTCOMES = [
  ...(['delivered', 'pending', 'held', 'paused', 'failed', 'cancelled', 'skipped', 'not_matched'] as const),
]
/** `basis`: recorded with the event or an attempt, or worked out from the settings of now. */
export const why = object({
  eventId: string,
  webhooks: listOf(
    object({
      ...{ webhookId: string, name: nullable(string), outcome: oneOf(WHY_OUTCOMES), reason: nullable(string) },
      ...{ sentence: string, basis: oneOf(['recorded', 'current']), 'deliveryId?': string },
      'condition?': object({ path: string, operator: string, 'expected?': anything, 'actual?': anything }),
      'withheld?': { type: 'boolean', enum: [true] },
    }),
  ),
})

/** At most 500 nodes; further ones are counted by the node that they follow and their type. */
export const lineage = object({
  nodes: listOf(
    object({
      ...{ id: string, kind: oneOf(['event', 'run', 'webhook', 'peer']), type: nullable(string), depth: integer },
      ...{ status: nullable(string), at: nullable(time), closed: boolean },
    }),
  ),
  edges: listOf(object({ from: string, to: string, kind: oneOf(['caused', 'delivered', 'relayed', 'ran']) })),
  folded: listOf(object({ parent: string, type: string, count: integer })),
})
