import {
  byDefault,
  bytes,
  codecOf,
  environment,
  int,
  list,
  long,
  oneOf,
  optional,
  record,
  text,
  type ValueOf,
} from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** One verdict of `admit`. Times are ms since 1970. */
export type VerdictRow = ValueOf<typeof verdictRowFields>

export const verdictRowFields = record('Verdict', {
  emitId: text,
  /** Null unless accepted; of a duplicate the original's. */
  eventId: optional(text),
  organizationId: text,
  environment,
  verdict: oneOf('VerdictKind', ['accepted', 'duplicate', 'rejected', 'failed']),
  /** Of `src/model/codes.ts`; null for accepted emits and duplicates. */
  code: optional(text),
  message: optional(text),
  /** JSON of Finding[], or null. */
  findings: optional(text),
  /** `<namespace>.<name>` of the request. */
  name: text,
  requestedVersion: optional(text),
  canonicalName: optional(text),
  registrationId: optional(text),
  schemaVersion: optional(text),
  schemaHash: optional(text),
  /** `kind` of the generic event, else null. */
  kind: optional(text),
  sequence: optional(long),
  subject: optional(text),
  actorId: text,
  source: text,
  /** Occurrence, as the caller set it or the append time. */
  timeMs: long,
  /** Append time at the broker; quota months and retention follow it. */
  recordedAtMs: long,
  judgedAtMs: long,
  idempotencyKey: optional(text),
  correlationId: optional(text),
  causationId: optional(text),
  /** W3C trace context, as the event has it. */
  traceparent: optional(text),
  rootEventId: optional(text),
  depth: int,
  channel: oneOf('Channel', ['http', 'kafka', 'platform']),
  requestId: optional(text),
  /** The emit whose key this one repeats. */
  originalEmitId: optional(text),
  payloadBytes: int,
  /** Accepted and failed: the payload, kept 30 days. */
  payload: optional(bytes),
  /** Every webhook considered: why it was not matched, or null if it was. */
  webhooks: byDefault(
    [],
    list(
      record('ConsideredWebhook', {
        webhookId: text,
        skipped: optional(text),
      }),
    ),
  ),
  subscriberCount: int,
  /** Warnings of the answer, such as `chain_token_ignored`. */
  warnings: byDefault([], list(text)),
  /** Accepted: the rest of the event, so that it can be delivered again from the history. `federation` is JSON of FederationFacts. */
  path: byDefault([], list(text)),
  federation: optional(text),
})

/** The completion of an accepted emit with subscribers: every delivery has ended. */
export type CompletionRow = ValueOf<typeof completionRowFields>

export const completionRowFields = record('Completion', {
  emitId: text,
  eventId: text,
  organizationId: text,
  environment,
  state: oneOf('FinalState', ['DELIVERED', 'FAILED']),
  recordedAtMs: long,
  completedAtMs: long,
})

export type AuditEmits = ValueOf<typeof auditEmitsFields>

export const auditEmitsFields = record('AuditEmits', {
  verdicts: byDefault([], list(verdictRowFields)),
  completions: byDefault([], list(completionRowFields)),
})

export const auditEmitsCodec = codecOf(auditEmitsFields)

/** Many rows travel in one record: one per transaction, cut at 512 KB. */
export const auditEmits: Topic = {
  name: 'audit.emits',
  meaning: 'Every verdict, and the completion of every accepted emit; the source of history, health and usage.',
  key: 'nothing',
  value: 'Avro AuditEmits',
  partitions: 'shards',
  producers: ['admit', 'deliver'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
