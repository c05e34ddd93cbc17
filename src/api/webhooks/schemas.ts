import { SIGNATURE_PROFILES, WIRE_FORMATS } from '../../model/webhooks.ts'
import { CONTRACTS_MAX } from '../../registry/contract-settings.ts'
import {
  anyObject,
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  optionalText,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'
import { searchQuery } from '../http/text-search.ts'
import { waiting } from '../shared/waiting-schema.ts'

const selectors = { type: 'array', items: text(1, 255), minItems: 1, maxItems: 100 }
const retry = object({
  'preset?': string,
  'delays?': { type: 'array', items: { type: ['integer', 'string'] }, description: 'Milliseconds, or 30s, 5m, 2h.' },
  'maxAttempts?': integer,
})

const secret = text(16, 256)
const profiles = { type: 'array', items: oneOf(SIGNATURE_PROFILES), minItems: 1, uniqueItems: true }
const ORDERINGS = ['none', 'block', 'park'] as const
const AUTO_DISABLE_DAYS_MAX = 365

const settings = {
  'name?': optionalText(120),
  'description?': optionalText(500),
  'active?': boolean,
  'secret?': secret,
  'timeoutMs?': { type: 'integer', minimum: 1_000, maximum: 30_000 },
  'maxInFlight?': { type: 'integer', minimum: 1, maximum: 100 },
  'retry?': retry,
  // `events/conditions.ts` checks the rest and reports the place of each fault.
  'conditions?': { type: ['object', 'null'] },
  'headers?': { type: ['object', 'null'], additionalProperties: string },
  'signatureProfiles?': profiles,
  'wireFormat?': oneOf(WIRE_FORMATS),
  'ordering?': oneOf(ORDERINGS),
  'autoDisableAfterDays?': { type: ['integer', 'null'], minimum: 1, maximum: AUTO_DISABLE_DAYS_MAX },
  'contracts?': { type: ['object', 'null'], additionalProperties: anyObject, maxProperties: CONTRACTS_MAX },
  'verifyOwnership?': boolean,
}

export const newWebhook = object({ url: string, events: selectors, ...settings })
export const webhookPatch = { ...object({ 'url?': string, 'events?': selectors, ...settings }), minProperties: 1 }

const webhookFields = {
  ...stored,
  environment,
  name: nullable(string),
  description: nullable(string),
  url: string,
  events: listOf(string),
  active: boolean,
  pausedAt: nullable(time),
  timeoutMs: integer,
  maxInFlight: integer,
  retry: object({ preset: nullable(string), delays: listOf(integer), maxAttempts: integer }),
  apiVersion: string,
  conditions: nullable(anyObject),
  contracts: anyObject,
  headerNames: listOf(string),
  signatureProfiles: profiles,
  publicKey: nullable(string),
  wireFormat: oneOf(WIRE_FORMATS),
  ordering: oneOf(ORDERINGS),
  health: oneOf(['healthy', 'failing', 'disabled']),
  failingSince: nullable(time),
  autoDisableAfterDays: nullable(integer),
  previousSecretExpiresAt: nullable(time),
  lastDeliveryAt: nullable(time),
  lastDeliveryStatus: nullable(string),
  counters: nullable(object({ attempts: integer, succeeded: integer, failed: integer })),
  countersReason: nullable(string),
  waiting,
}
export const webhook = object(webhookFields)
/** This answer is the only one with the secret. */
export const madeWebhook = object({ ...webhookFields, secret: string })

export const activation = object({ 'resume?': oneOf(['from_pause', 'latest']), 'verifyOwnership?': boolean })
export const rotation = object({ 'immediate?': boolean, 'secret?': secret })
export { ping } from '../shared/delivery-schemas.ts'
/** A webhook for one event. See docs/specification/webhooks.md#subscriptions. */
export const newSubscription = object({
  ...{
    name: text(1, 255),
    'version?': optionalText(50),
    webhookUrl: string,
    'displayName?': optionalText(120),
    'secret?': secret,
  },
})
export const subscription = object({
  subscriptionId: string,
  webhookId: string,
  canonicalName: string,
  secret: string,
  webhookUrl: string,
})

export const webhookQuery = {
  ...searchQuery,
  'health?': oneOf(['healthy', 'failing', 'disabled']),
  'active?': boolean,
  'event?': text(1, 255, { description: 'The name of an event that it would match.' }),
}

export const statsQuery = { 'from?': time, 'to?': time, 'interval?': oneOf(['minute', 'hour', 'day']) }
const statsBucket = object({
  ...{ start: time, attempts: integer, succeeded: integer, failed: integer },
  ...{ p50Ms: nullable(integer), p95Ms: nullable(integer) },
})
const errorGroup = object({
  ...{ errorKind: nullable(string), responseStatus: nullable(integer), count: integer },
  ...{ firstAt: time, lastAt: time, sampleDeliveryId: string },
})
/** `otherErrors`: failed attempts that are in none of the 50 groups. */
export const stats = object({
  ...{ from: time, to: time, interval: oneOf(['minute', 'hour', 'day']), buckets: listOf(statsBucket) },
  ...{ errors: listOf(errorGroup), otherErrors: integer },
})

export const newShadow = object({
  ...{ url: string, share: { type: 'integer', minimum: 1, maximum: 100, description: 'Per cent of the events.' } },
  'headers?': { type: ['object', 'null'], additionalProperties: { type: 'string' } },
  'until?': { ...time, description: 'At most 7 days from now; a day by default.' },
  'verifyOwnership?': boolean,
})
const shadowFields = {
  ...{ url: string, share: integer, headerNames: listOf(string), since: time, until: time, active: boolean },
}
export const shadow = object(shadowFields)
const classes = object({
  ...{ success: integer, redirect: integer, clientError: integer, serverError: integer, none: integer },
})
const latency = object({ p50: nullable(integer), p95: nullable(integer), p99: nullable(integer) })
const side = object({ status: nullable(integer), errorKind: nullable(string), durationMs: integer })
const shadowReport = object({
  ...{ mirrored: integer, leftOut: integer, sameStatus: integer, sameBody: integer },
  status: object({ real: classes, candidate: classes }),
  latencyMs: object({ real: latency, candidate: latency }),
  differing: listOf(object({ deliveryId: string, at: time, real: side, candidate: side, sameBody: boolean })),
})
export const shadowWithReport = object({ ...shadowFields, report: shadowReport })
