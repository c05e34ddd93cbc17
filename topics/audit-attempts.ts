import {
  absentable,
  byDefault,
  codecOf,
  environment,
  int,
  list,
  long,
  oneOf,
  optional,
  record,
  text,
  textOf,
  trigger,
  type ValueOf,
} from './avro.ts'
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
  'broker',
] as const
export type ErrorKind = (typeof ERROR_KINDS)[number]

/**
 * One step of one delivery: an attempt (`number` ≥ 1 and `attemptId` set), or an end without one (cancelled, skipped: `attemptId` null,
 * `number` = attempts made before).
 */
export type AttemptRow = ValueOf<typeof attemptRowFields>

export const attemptRowFields = record('Attempt', {
  attemptId: optional(text),
  deliveryId: text,
  webhookId: text,
  organizationId: text,
  environment,
  eventId: text,
  emitId: text,
  /** `<namespace>.<name>`. */
  eventType: text,
  canonicalName: text,
  sequence: long,
  number: int,
  maxAttempts: int,
  trigger,
  /** The state of the delivery after this step. */
  state: oneOf('DeliveryState', DELIVERY_STATES),
  /** Why it failed, was cancelled or skipped, or is tried again by hand: a lower_snake word. */
  reason: optional(text),
  url: text,
  startedAtMs: long,
  durationMs: int,
  /** Time until the connection was open, and until the first byte; null when not reached. */
  connectMs: optional(int),
  firstByteMs: optional(int),
  responseStatus: optional(int),
  /** JSON object, lower-case names; without the values of signatures. */
  requestHeaders: optional(text),
  responseHeaders: optional(text),
  /** First 4 KB, as UTF-8 with replacement characters. */
  responseBody: optional(text),
  errorKind: optional(textOf<ErrorKind>()),
  error: optional(text),
  nextAttemptAtMs: optional(long),
  /** Of a delivery that a replay or a catch-up made. */
  replayId: optional(text),
  /** Creation of the delivery: when the event was accepted. */
  createdAtMs: long,
  /** From when it was due until it began; null in rows of earlier releases, and where no request was made. */
  queuedMs: optional(int),
  /** Parts of `connectMs`. */
  dnsMs: optional(int),
  tlsMs: optional(int),
  remoteAddress: optional(text),
})

/** One delivery that a candidate got besides, compared with the real attempt; or one that was left out. */
export type ShadowRow = ValueOf<typeof shadowRowFields>

export const shadowRowFields = record('ShadowAttempt', {
  deliveryId: text,
  webhookId: text,
  organizationId: text,
  environment,
  eventId: text,
  eventType: text,
  url: text,
  startedAtMs: long,
  /**
   * Whether the first 64 KB of both answers are the same. `left_out`: it was not sent, since as many as may be were in
   * flight; only the real attempt says something.
   */
  answer: oneOf('ShadowAnswer', ['same_body', 'other_body', 'left_out']),
  durationMs: int,
  responseStatus: optional(int),
  errorKind: optional(textOf<ErrorKind>()),
  realDurationMs: int,
  realStatus: optional(int),
  realErrorKind: optional(textOf<ErrorKind>()),
})

export type AuditAttempts = ValueOf<typeof auditAttemptsFields>

export const auditAttemptsFields = record('AuditAttempts', {
  attempts: byDefault([], list(attemptRowFields)),
  shadows: absentable(byDefault([], list(shadowRowFields))),
})

export const auditAttemptsCodec = codecOf(auditAttemptsFields)

export const auditAttempts: Topic = {
  name: 'audit.attempts',
  meaning: 'Every attempt of every delivery, with request and answer, and the end of each delivery.',
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
