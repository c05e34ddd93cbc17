import { ERROR_KINDS } from '../../../topics/audit-attempts.ts'
import { REPLAY_RATE } from '../../control-plane/replays/replays.ts'
import {
  anyObject,
  boolean,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

export const DELIVERY_STATUSES = ['pending', 'success', 'retrying', 'failed', 'cancelled', 'skipped'] as const
const TRIGGERS = ['live', 'manual', 'replay', 'test'] as const

const REASONS =
  'Why it failed (exhausted, declined, gone, single_attempt, endpoint_unavailable, outside_retention), was cancelled (manual, webhook_deleted) or skipped (left_out, condition_false), is tried again (asked_for), or waits (webhook_inactive, secret_unreadable).'

const deliveryFields = {
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
export const attempt = anyObject
/**
 * `history`: every step, including those without an attempt (`attemptId` null). `webhook`: its current state, null when
 * it has been deleted.
 */
export const deliveryInFull = object({ ...deliveryFields, history: listOf(attempt), webhook: nullable(anyObject) })

const range = { 'from?': time, 'to?': time }
export const deliveryQuery = {
  'status?': oneOf(DELIVERY_STATUSES),
  'type?': text(1, 255, { description: 'A selector; not one of a kind.' }),
  ...range,
}
export const deadLetterQuery = { 'webhookId?': text(1, 64), ...range }

export const retry = object({ 'resume?': boolean })
const REDRIVE_IDS_MAX = 1_000
/**
 * By ids, or the dead letters of a webhook, of a time, or of a webhook in a time. An empty body would select all:
 * refused.
 */
export const redrive = {
  ...object({
    'deliveryIds?': { type: 'array', items: text(1, 64), minItems: 1, maxItems: REDRIVE_IDS_MAX },
    ...deadLetterQuery,
    'ratePerSecond?': { type: 'integer', minimum: 1, maximum: REPLAY_RATE.most },
  }),
  oneOf: [
    { required: ['deliveryIds'] },
    { anyOf: [{ required: ['webhookId'] }, { required: ['from'] }, { required: ['to'] }] },
  ],
}
export const redriven = object({
  count: integer,
  skipped: listOf(object({ 'deliveryId?': string, 'webhookId?': string, 'count?': integer, reason: string })),
  more: boolean,
  rangeIds: listOf(string),
})
