import { byDefault, codecOf, list, long, oneOf, optional, record, text, type ValueOf } from './avro.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** A verdict for a waiting request. */
export type OutcomeRow = ValueOf<typeof outcomeRowFields>

export const outcomeRowFields = record('Outcome', {
  /** The waiting api process's own number for the emit. */
  ticket: long,
  verdict: oneOf('VerdictKind', ['accepted', 'duplicate', 'rejected', 'failed']),
  code: optional(text),
  message: optional(text),
  /** JSON of Finding[], or null. */
  findings: optional(text),
  emitId: text,
  eventId: optional(text),
  canonicalName: optional(text),
  sequence: optional(long),
  quotaUsed: optional(long),
  /** Null: unlimited. */
  quotaLimit: optional(long),
  /** Facts that do not change the verdict: a forged chain token, a quota that is nearly used up. */
  warnings: byDefault([], list(text)),
})

export type Outcomes = ValueOf<typeof outcomesFields>

export const outcomesFields = record('Outcomes', {
  outcomes: byDefault([], list(outcomeRowFields)),
})

export const outcomesCodec = codecOf(outcomesFields)

/** An organization that is paused, since its log takes nothing now, or whose pause has ended. */
export type PauseRow = ValueOf<typeof pauseRowFields>

export const pauseRowFields = record('Pause', {
  organizationId: text,
  environment: oneOf('PausedEnvironment', ['live', 'test']),
  /** Reason of the pause; null: it has ended. */
  reason: optional(text),
  sinceMs: long,
})

/** Key of records for all api processes. */
export const PAUSES_KEY = 'pauses'
/** The same, of records that name all paused organizations of their shard. */
export const ALL_PAUSES_KEY = 'pauses/all'

export const pausesCodec = codecOf(record('Pauses', { pauses: list(pauseRowFields) }))

/** Key: the api process that waits. One record per process and transaction, cut at 512 KB. */
export const outcomes: Topic = {
  name: 'outcomes',
  meaning: 'Verdicts for api processes that hold a request open, and which organizations are paused.',
  key: 'the api process id, or pauses, or pauses/all',
  value: 'Avro Outcomes or Pauses',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['api'],
  cleanup: 'delete',
  retentionMs: 3_600_000,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
