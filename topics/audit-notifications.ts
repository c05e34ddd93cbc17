import {
  byDefault,
  codecOf,
  environment,
  int,
  list,
  long,
  optional,
  record,
  text,
  textOf,
  type ValueOf,
} from './avro.ts'
import type { Severity } from './notifications.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

export const NOTIFICATION_STATES = ['queued', 'sent', 'partially_sent', 'suppressed', 'failed'] as const
export type NotificationState = (typeof NOTIFICATION_STATES)[number]

/** In the order in which they are judged; `no_recipient` belongs to the channel. */
export const SUPPRESSED_REASONS = [
  'inactive',
  'no_recipient',
  'severity',
  'dedupe',
  'rate_limit',
  'quiet_hours',
] as const
export type SuppressedReason = (typeof SUPPRESSED_REASONS)[number]

/** Steps of reading marks are numbered from here, beyond every try. */
export const READ_STEP = 1_000

/** One step of a notification: step 0 is its beginning, with its content; then one for each try, and its reading mark. */
export type NotificationStep = ValueOf<typeof notificationStepFields>

export const notificationStepFields = record('NotificationStep', {
  id: text,
  step: int,
  organizationId: text,
  environment,
  createdAtMs: long,
  /** When this step was made. */
  atMs: long,
  channelId: text,
  channel: text,
  channelType: text,
  /** Of a system notice. */
  kind: optional(text),
  /** Content: in step 0 only. */
  title: optional(text),
  message: text,
  severity: textOf<Severity>(),
  data: optional(text),
  dedupeKey: optional(text),
  sourceKind: text,
  sourceId: optional(text),
  /** Null for a reading mark. */
  status: optional(textOf<NotificationState>()),
  suppressedReason: optional(textOf<SuppressedReason>()),
  /** Of a try. */
  durationMs: optional(int),
  responseStatus: optional(int),
  error: optional(text),
  nextAttemptAtMs: optional(long),
  readAtMs: optional(long),
})

export type AuditNotifications = ValueOf<typeof auditNotificationsFields>

export const auditNotificationsFields = record('AuditNotifications', {
  steps: byDefault([], list(notificationStepFields)),
})

export const auditNotificationsCodec = codecOf(auditNotificationsFields)

/** Many rows travel in one record. */
export const auditNotifications: Topic = {
  name: 'audit.notifications',
  meaning: 'Each step of each notification: accepted or suppressed, every try, read.',
  key: 'nothing',
  value: 'Avro AuditNotifications',
  partitions: 'shards',
  producers: ['api', 'deliver'],
  consumers: ['record'],
  cleanup: 'delete',
  retentionMs: 90 * DAY_MS,
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
