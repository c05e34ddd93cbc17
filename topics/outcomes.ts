import { avroCodec, nullable } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** A verdict for someone who waits. */
export interface OutcomeRow {
  /** The waiting api process's own number for the emit. */
  ticket: number
  verdict: 'accepted' | 'duplicate' | 'rejected' | 'failed'
  code: string | null
  message: string | null
  /** JSON of Finding[], or null. */
  findings: string | null
  emitId: string
  eventId: string | null
  canonicalName: string | null
  sequence: number | null
  quotaUsed: number | null
  /** Null: unlimited. */
  quotaLimit: number | null
  /** Facts that do not change the verdict: a forged chain token, a quota that is nearly used up. */
  warnings: string[]
}

export interface Outcomes {
  outcomes: OutcomeRow[]
}

export const outcomesCodec = avroCodec<Outcomes>({
  type: 'record',
  name: 'Outcomes',
  namespace: 'clarion',
  fields: [
    {
      name: 'outcomes',
      default: [],
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Outcome',
          fields: [
            { name: 'ticket', type: 'long' },
            {
              name: 'verdict',
              type: { type: 'enum', name: 'VerdictKind', symbols: ['accepted', 'duplicate', 'rejected', 'failed'] },
            },
            { name: 'code', ...nullable('string') },
            { name: 'message', ...nullable('string') },
            { name: 'findings', ...nullable('string') },
            { name: 'emitId', type: 'string' },
            { name: 'eventId', ...nullable('string') },
            { name: 'canonicalName', ...nullable('string') },
            { name: 'sequence', ...nullable('long') },
            { name: 'quotaUsed', ...nullable('long') },
            { name: 'quotaLimit', ...nullable('long') },
            { name: 'warnings', type: { type: 'array', items: 'string' }, default: [] },
          ],
        },
      },
    },
  ],
})

/** An organization that is paused because its log takes nothing now, or is so no longer. */
export interface PauseRow {
  organizationId: string
  environment: 'live' | 'test'
  /** Why; null: it is paused no longer. */
  reason: string | null
  sinceMs: number
}

/** Key of records for all api processes. */
export const PAUSES_KEY = 'pauses'

export const pausesCodec = avroCodec<{ pauses: PauseRow[] }>({
  type: 'record',
  name: 'Pauses',
  namespace: 'clarion',
  fields: [
    {
      name: 'pauses',
      type: {
        type: 'array',
        items: {
          type: 'record',
          name: 'Pause',
          fields: [
            { name: 'organizationId', type: 'string' },
            { name: 'environment', type: { type: 'enum', name: 'PausedEnvironment', symbols: ['live', 'test'] } },
            { name: 'reason', ...nullable('string') },
            { name: 'sinceMs', type: 'long' },
          ],
        },
      },
    },
  ],
})

/** Key: the api process that waits. One record per process and transaction, cut at 512 KB. */
export const outcomes: Topic = {
  name: 'outcomes',
  meaning: 'Verdicts for api processes that hold a request open, and which organizations are paused.',
  key: 'the api process id, or pauses',
  value: 'Avro Outcomes or Pauses',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['api'],
  cleanup: 'delete',
  retentionMs: 3_600_000,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
