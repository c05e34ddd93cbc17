import { avroCodec, nullable } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** One verdict of `admit`. Times are ms since 1970. */
export interface VerdictRow {
  emitId: string
  /** Null unless accepted. For a duplicate: the original's. */
  eventId: string | null
  organizationId: string
  environment: 'live' | 'test'
  verdict: 'accepted' | 'duplicate' | 'rejected' | 'failed'
  /** Of `src/model/codes.ts`; null when accepted. A duplicate has null too. */
  code: string | null
  message: string | null
  /** JSON of Finding[], or null. */
  findings: string | null
  /** `<namespace>.<name>` as asked for. */
  name: string
  requestedVersion: string | null
  canonicalName: string | null
  registrationId: string | null
  schemaVersion: string | null
  schemaHash: string | null
  /** `kind` of the generic event, else null. */
  kind: string | null
  sequence: number | null
  subject: string | null
  actorId: string
  source: string
  /** Occurrence, as the caller set it or the append time. */
  timeMs: number
  /** Append time at the broker: what quota months and retention go by. */
  recordedAtMs: number
  judgedAtMs: number
  idempotencyKey: string | null
  correlationId: string | null
  causationId: string | null
  /** W3C trace context, as the event has it. */
  traceparent: string | null
  rootEventId: string | null
  depth: number
  channel: 'http' | 'kafka' | 'platform'
  requestId: string | null
  /** The emit whose key this one repeats. */
  originalEmitId: string | null
  payloadBytes: number
  /** Accepted and failed: the payload, kept 30 days. */
  payload: Buffer | null
  /** Every webhook considered: why it was not matched, or null if it was. */
  webhooks: Array<{ webhookId: string; skipped: string | null }>
  subscriberCount: number
  /** What the caller was told besides, such as `chain_token_ignored`. */
  warnings: string[]
  /** Accepted: the rest of what the event says, so that it can be delivered again from the history. `federation` is JSON of FederationFacts. */
  path: string[]
  federation: string | null
}

/** The last word on an accepted emit that had subscribers: every delivery has ended. */
export interface CompletionRow {
  emitId: string
  eventId: string
  organizationId: string
  environment: 'live' | 'test'
  state: 'DELIVERED' | 'FAILED'
  recordedAtMs: number
  completedAtMs: number
}

export interface AuditEmits {
  verdicts: VerdictRow[]
  completions: CompletionRow[]
}

export const auditEmitsCodec = avroCodec<AuditEmits>({
  type: 'record',
  name: 'AuditEmits',
  namespace: 'clarion',
  fields: [
    {
      name: 'verdicts',
      default: [],
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Verdict',
          fields: [
            { name: 'emitId', type: 'string' },
            { name: 'eventId', ...nullable('string') },
            { name: 'organizationId', type: 'string' },
            { name: 'environment', type: { type: 'enum', name: 'Environment', symbols: ['live', 'test'] } },
            {
              name: 'verdict',
              type: { type: 'enum', name: 'VerdictKind', symbols: ['accepted', 'duplicate', 'rejected', 'failed'] },
            },
            { name: 'code', ...nullable('string') },
            { name: 'message', ...nullable('string') },
            { name: 'findings', ...nullable('string') },
            { name: 'name', type: 'string' },
            { name: 'requestedVersion', ...nullable('string') },
            { name: 'canonicalName', ...nullable('string') },
            { name: 'registrationId', ...nullable('string') },
            { name: 'schemaVersion', ...nullable('string') },
            { name: 'schemaHash', ...nullable('string') },
            { name: 'kind', ...nullable('string') },
            { name: 'sequence', type: ['null', 'long'], default: null },
            { name: 'subject', ...nullable('string') },
            { name: 'actorId', type: 'string' },
            { name: 'source', type: 'string' },
            { name: 'timeMs', type: 'long' },
            { name: 'recordedAtMs', type: 'long' },
            { name: 'judgedAtMs', type: 'long' },
            { name: 'idempotencyKey', ...nullable('string') },
            { name: 'correlationId', ...nullable('string') },
            { name: 'causationId', ...nullable('string') },
            { name: 'traceparent', ...nullable('string') },
            { name: 'rootEventId', ...nullable('string') },
            { name: 'depth', type: 'int' },
            { name: 'channel', type: { type: 'enum', name: 'Channel', symbols: ['http', 'kafka', 'platform'] } },
            { name: 'requestId', ...nullable('string') },
            { name: 'originalEmitId', ...nullable('string') },
            { name: 'payloadBytes', type: 'int' },
            { name: 'payload', type: ['null', 'bytes'], default: null },
            {
              name: 'webhooks',
              default: [],
              type: {
                type: 'array',
                items: {
                  type: 'record',
                  name: 'ConsideredWebhook',
                  fields: [
                    { name: 'webhookId', type: 'string' },
                    { name: 'skipped', ...nullable('string') },
                  ],
                },
              },
            },
            { name: 'subscriberCount', type: 'int' },
            { name: 'warnings', type: { type: 'array', items: 'string' }, default: [] },
            { name: 'path', type: { type: 'array', items: 'string' }, default: [] },
            { name: 'federation', ...nullable('string') },
          ],
        },
      },
    },
    {
      name: 'completions',
      default: [],
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Completion',
          fields: [
            { name: 'emitId', type: 'string' },
            { name: 'eventId', type: 'string' },
            { name: 'organizationId', type: 'string' },
            { name: 'environment', type: 'Environment' },
            { name: 'state', type: { type: 'enum', name: 'FinalState', symbols: ['DELIVERED', 'FAILED'] } },
            { name: 'recordedAtMs', type: 'long' },
            { name: 'completedAtMs', type: 'long' },
          ],
        },
      },
    },
  ],
})

/** Many rows travel in one record: one per transaction, cut at 512 KB. */
export const auditEmits: Topic = {
  name: 'audit.emits',
  meaning: 'Every verdict, and the last word on every accepted emit; the source of history, health and usage.',
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
