import {
  absentable,
  boolean,
  codecOf,
  environment,
  list,
  long,
  oneOf,
  optional,
  record,
  text,
  textOf,
  type ValueOf,
} from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

export const SEVERITIES = ['info', 'warning', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]

export const NOTIFICATION_SOURCES = ['api', 'workflow', 'system'] as const

/** Notices of the platform to an organization: docs/specification/notifications.md#system-notices. */
export const NOTICE_KINDS = [
  'webhook_failing',
  'webhook_recovered',
  'webhook_disabled',
  'dead_letters',
  'federation_invite',
  'federation_peer',
  'quota',
  'replay_finished',
  'chain_truncated',
  'drift_critical',
  'drift_warning',
  'key_expiring',
  'listing_taken_down',
  'upstream_version',
] as const
export type NoticeKind = (typeof NOTICE_KINDS)[number]

/** A mail to addresses of its own, which belongs to no channel. */
export type MailContent = ValueOf<typeof mailContentFields>

export const mailContentFields = record('MailContent', {
  to: list(text),
  cc: list(text),
  subject: text,
  text: optional(text),
  html: optional(text),
})

/** One message: to a channel, a mail, or a system notice, whose channels `deliver` finds in the organization's preferences. */
export type NotificationRecord = ValueOf<typeof notificationRecordFields>

export const notificationRecordFields = record('NotificationRecord', {
  /** `ntf_…`. A system notice that goes to several channels has it on the first one. */
  id: text,
  organizationId: text,
  /** Of the cause. */
  environment,
  /** Null: a system notice. */
  channelId: optional(text),
  /** Of a system notice. */
  kind: optional(textOf<NoticeKind>()),
  title: optional(text),
  message: text,
  severity: oneOf('NotificationSeverity', SEVERITIES),
  /** A JSON object. */
  data: optional(text),
  dedupeKey: optional(text),
  /** How long another one with the same key is a duplicate. */
  dedupeMs: long,
  sourceKind: oneOf('NotificationSource', NOTIFICATION_SOURCES),
  /** The key that sent it, the workflow, or the subject of a system notice. */
  sourceId: optional(text),
  /** Its sender may repeat it under this id. */
  isRepeatable: boolean,
  createdAtMs: long,
  /** `deliver` looks channels up once its view of the control plane has reached this offset; -1: at once. */
  controlOffset: long,
  /** Null: what a channel is sent. With it, `message` is what the history shows. */
  mail: absentable(optional(mailContentFields)),
})

export const notificationRecordCodec = codecOf(notificationRecordFields)

export const notifications: Topic = {
  name: 'notifications',
  meaning: 'Messages to be sent: through a channel, to addresses of their own, or system notices of a kind.',
  key: 'the organization',
  value: 'Avro NotificationRecord',
  partitions: 'shards',
  producers: ['api', 'admit', 'deliver', 'run', 'record'],
  consumers: ['deliver'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: true,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
