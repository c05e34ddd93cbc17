import {
  absentable,
  byDefault,
  codecOf,
  environment,
  list,
  long,
  optional,
  record,
  text,
  textOf,
  type ValueOf,
} from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** The outcome of an event at one target of a replay; deliveries have their attempts instead. `redriven`: so had one before. */
export const REPLAY_OUTCOMES = ['delivered', 'skipped', 'failed', 'would_deliver', 'redriven'] as const
export type ReplayOutcome = (typeof REPLAY_OUTCOMES)[number]

/**
 * One event of a replay at one target, if no delivery was made for it; of a redrive, one delivery. Times are ms since
 * 1970.
 */
export type ReplayItemRow = ValueOf<typeof replayItemRowFields>

export const replayItemRowFields = record('ReplayItem', {
  replayId: text,
  organizationId: text,
  environment,
  targetKind: text,
  targetId: text,
  eventId: text,
  emitId: text,
  /** `<namespace>.<name>`. */
  eventType: text,
  canonicalName: text,
  sequence: long,
  recordedAtMs: long,
  outcome: textOf<ReplayOutcome>(),
  /** Why it was skipped or failed: a lower_snake word. */
  reason: optional(text),
  atMs: long,
  /** Of a redrive: the delivery that begins its schedule again; its attempts tell the rest. */
  deliveryId: absentable(optional(text)),
})

export type AuditReplays = ValueOf<typeof auditReplaysFields>

export const auditReplaysFields = record('AuditReplays', {
  items: byDefault([], list(replayItemRowFields)),
})

export const auditReplaysCodec = codecOf(auditReplaysFields)

export const auditReplays: Topic = {
  name: 'audit.replays',
  meaning:
    'Events of replays for which no delivery was made: handed over, skipped, failed, or counted by a dry run; and the deliveries that redrives took up.',
  key: 'nothing',
  value: 'Avro AuditReplays',
  partitions: 'shards',
  producers: ['deliver', 'queue'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
