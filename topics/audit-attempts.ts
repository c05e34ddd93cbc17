import { avroCodec, nullable } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** State of a delivery. A delivery is `pending` or `delivering` before its first row, so neither is ever written. */
export const DELIVERY_STATES = ['success', 'retrying', 'failed', 'cancelled', 'skipped'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** Kinds of failed attempts, `lastErrorKind` in the API. In the record they are text, so that a new one needs no new schema. */
export const ERROR_KINDS = [
  'status',
  'timeout',
  'tls',
  'dns',
  'connect',
  'protocol',
  'blocked_address',
  'redirect',
  'too_large',
] as const
export type ErrorKind = (typeof ERROR_KINDS)[number]

/**
 * One step of one delivery: an attempt (`number` ≥ 1 and `attemptId` set), or an end without one (cancelled, skipped: `attemptId` null,
 * `number` = attempts made before).
 */
export interface AttemptRow {
  attemptId: string | null
  deliveryId: string
  webhookId: string
  organizationId: string
  environment: 'live' | 'test'
  eventId: string
  emitId: string
  /** `<namespace>.<name>`. */
  eventType: string
  canonicalName: string
  sequence: number
  number: number
  maxAttempts: number
  trigger: 'live' | 'manual' | 'replay' | 'test'
  /** What the delivery is after this step. */
  state: DeliveryState
  /** Why it failed, was cancelled or skipped, or is tried again by hand: a lower_snake word. */
  reason: string | null
  url: string
  startedAtMs: number
  durationMs: number
  /** Until the connection stood, until the first byte; null when not reached. */
  connectMs: number | null
  firstByteMs: number | null
  responseStatus: number | null
  /** JSON object, lower-case names; signatures redacted in the request's. */
  requestHeaders: string | null
  responseHeaders: string | null
  /** First 4 KB, as UTF-8 with replacement characters. */
  responseBody: string | null
  errorKind: ErrorKind | null
  error: string | null
  nextAttemptAtMs: number | null
  /** Of a delivery that a replay or a catch-up made. */
  replayId: string | null
  /** When the delivery came to be: the event was accepted. */
  createdAtMs: number
}

export interface AuditAttempts {
  attempts: AttemptRow[]
}

export const auditAttemptsCodec = avroCodec<AuditAttempts>({
  type: 'record',
  name: 'AuditAttempts',
  namespace: 'clarion',
  fields: [
    {
      name: 'attempts',
      default: [],
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Attempt',
          fields: [
            { name: 'attemptId', ...nullable('string') },
            { name: 'deliveryId', type: 'string' },
            { name: 'webhookId', type: 'string' },
            { name: 'organizationId', type: 'string' },
            { name: 'environment', type: { type: 'enum', name: 'Environment', symbols: ['live', 'test'] } },
            { name: 'eventId', type: 'string' },
            { name: 'emitId', type: 'string' },
            { name: 'eventType', type: 'string' },
            { name: 'canonicalName', type: 'string' },
            { name: 'sequence', type: 'long' },
            { name: 'number', type: 'int' },
            { name: 'maxAttempts', type: 'int' },
            { name: 'trigger', type: { type: 'enum', name: 'Trigger', symbols: ['live', 'manual', 'replay', 'test'] } },
            { name: 'state', type: { type: 'enum', name: 'DeliveryState', symbols: [...DELIVERY_STATES] } },
            { name: 'reason', ...nullable('string') },
            { name: 'url', type: 'string' },
            { name: 'startedAtMs', type: 'long' },
            { name: 'durationMs', type: 'int' },
            { name: 'connectMs', ...nullable('int') },
            { name: 'firstByteMs', ...nullable('int') },
            { name: 'responseStatus', ...nullable('int') },
            { name: 'requestHeaders', ...nullable('string') },
            { name: 'responseHeaders', ...nullable('string') },
            { name: 'responseBody', ...nullable('string') },
            { name: 'errorKind', ...nullable('string') },
            { name: 'error', ...nullable('string') },
            { name: 'nextAttemptAtMs', ...nullable('long') },
            { name: 'replayId', ...nullable('string') },
            { name: 'createdAtMs', type: 'long' },
          ],
        },
      },
    },
  ],
})

export const auditAttempts: Topic = {
  name: 'audit.attempts',
  meaning: 'Every attempt of every delivery, with what was sent and what came back, and how deliveries ended.',
  key: 'nothing',
  value: 'Avro AuditAttempts',
  partitions: 'shards',
  producers: ['deliver', 'api'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
