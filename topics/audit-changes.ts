import { absentable, byDefault, codecOf, list, long, optional, record, text, type ValueOf } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** One change of the control plane, written in the same transaction as the change itself. */
export type ChangeRow = ValueOf<typeof changeRowFields>

export const changeRowFields = record('Change', {
  /** `chg_…`, unique. */
  id: text,
  organizationId: text,
  /** Name of the lifecycle event, e.g. `WEBHOOK_CREATED`. */
  type: text,
  entityType: text,
  entityId: text,
  canonicalName: optional(text),
  actorId: text,
  occurredAtMs: long,
  previousStatus: optional(text),
  status: optional(text),
  reason: optional(text),
  requestId: optional(text),
  /** Address of the caller; null: no request. */
  ip: absentable(optional(text)),
  /** JSON object with the lifecycle event's own data (docs/specification/platform-events.md#lifecycle-events); never payload contents. */
  data: text,
})

export type AuditChanges = ValueOf<typeof auditChangesFields>

export const auditChangesFields = record('AuditChanges', {
  changes: byDefault([], list(changeRowFields)),
})

export const auditChangesCodec = codecOf(auditChangesFields)

export const auditChanges: Topic = {
  name: 'audit.changes',
  meaning: 'Every change of the control plane, as the lifecycle event that announces it.',
  key: 'nothing',
  value: 'Avro AuditChanges',
  partitions: 'shards',
  producers: ['api', 'admit', 'deliver', 'record'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 30 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
