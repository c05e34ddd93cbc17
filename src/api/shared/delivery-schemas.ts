/** Deliveries and their steps, shown by the calls of deliveries, events, replays and webhooks. */
import { ERROR_KINDS } from '../../../topics/audit-attempts.ts'
import { integer, nullable, object, oneOf, string, time } from '../http/schema-parts.ts'

export const DELIVERY_STATUSES = ['pending', 'success', 'retrying', 'failed', 'cancelled', 'skipped'] as const
export const TRIGGERS = ['live', 'manual', 'replay', 'test', 'workflow'] as const

const REASONS =
  'Why it failed (exhausted, declined, gone, single_attempt, endpoint_unavailable, outside_retention), was cancelled (manual, webhook_deleted) or skipped (left_out, condition_false), is tried again (asked_for), or waits (webhook_inactive, secret_unreadable).'

export const deliveryFields = {
  id: string,
  webhookId: string,
  eventId: string,
  emitId: string,
  eventType: string,
  canonicalName: string,
  sequence: integer,
  status: oneOf(DELIVERY_STATUSES),
  reason: { ...nullable(string), description: REASONS },
  attempts: integer,
  maxAttempts: nullable(integer),
  nextAttemptAt: nullable(time),
  responseStatus: nullable(integer),
  responseTimeMs: nullable(integer),
  lastError: nullable(string),
  lastErrorKind: { type: ['string', 'null'], enum: [...ERROR_KINDS, null] },
  trigger: oneOf(TRIGGERS),
  replayId: nullable(string),
  createdAt: time,
  completedAt: nullable(time),
}
export const delivery = object(deliveryFields)
const texts = { type: 'object', additionalProperties: string }
/** A step of a delivery: an attempt, or an end without one (`attemptId` null). Without `events:payload`: no bodies. */
export const attempt = object({
  attemptId: nullable(string),
  deliveryId: string,
  webhookId: string,
  eventId: string,
  emitId: string,
  eventType: string,
  canonicalName: string,
  sequence: integer,
  number: integer,
  maxAttempts: integer,
  trigger: oneOf(TRIGGERS),
  state: oneOf(DELIVERY_STATUSES),
  reason: nullable(string),
  url: string,
  startedAt: time,
  durationMs: integer,
  'queuedMs?': { ...nullable(integer), description: 'From when it was due until it began.' },
  'dnsMs?': { ...nullable(integer), description: 'Part of connectMs; null of a kept connection, and of an address.' },
  connectMs: nullable(integer),
  'tlsMs?': { ...nullable(integer), description: 'Part of connectMs.' },
  'remoteAddress?': nullable(string),
  firstByteMs: nullable(integer),
  responseStatus: nullable(integer),
  'requestHeaders?': nullable(texts),
  'responseHeaders?': nullable(texts),
  'responseBody?': nullable(string),
  errorKind: nullable(string),
  error: nullable(string),
  nextAttemptAt: nullable(time),
  replayId: nullable(string),
  createdAt: time,
  'withheld?': { type: 'boolean', enum: [true] },
})

/** The result of a signed test. */
export const ping = object({
  ...{ success: { type: 'boolean' }, deliveryId: string, eventId: string, responseStatus: nullable(integer) },
  ...{ responseTimeMs: integer, error: nullable(string), errorKind: nullable(string) },
})
