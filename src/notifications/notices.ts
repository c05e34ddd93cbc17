/**
 * System notices: what the platform tells an organization by itself, in the transaction of what happened. The channels
 * follow from the organization's preferences, when the notice is judged. Values from outside are kept to one line.
 */
import {
  type NoticeKind,
  type NotificationRecord,
  notificationRecordCodec,
  notifications,
  type Severity,
} from '../../topics/notifications.ts'
import type { OutRecord } from '../kafka/ports.ts'
import type { Environment } from '../model/environments.ts'
import { fixedId } from '../model/ids.ts'
import { cut, MESSAGE_CHARACTERS_MAX, oneLine } from './message.ts'

export interface Notice {
  kind: NoticeKind
  organizationId: string
  environment: Environment
  title: string
  message: string
  severity: Severity
  data: Record<string, unknown>
  /** The thing that it is about. */
  sourceId: string
  occurredAtMs: number
  /** Another notice of this kind within this time about the same thing is left out. */
  oncePer?: { key: string; ms: number }
}

/** `cause` identifies what happened: the same cause gives the same id. `controlOffset`: see `NotificationRecord`. */
export function noticeRecord(notice: Notice, cause: string, shard: number, controlOffset = -1): OutRecord {
  const { oncePer } = notice
  const record: NotificationRecord = {
    id: fixedId('ntf', `${notice.kind}/${cause}`, Math.round(notice.occurredAtMs)),
    organizationId: notice.organizationId,
    environment: notice.environment,
    channelId: null,
    kind: notice.kind,
    title: cut(oneLine(notice.title), TITLE_CHARACTERS_MAX),
    message: cut(notice.message, MESSAGE_CHARACTERS_MAX),
    severity: notice.severity,
    data: JSON.stringify(notice.data),
    dedupeKey: oncePer === undefined ? null : `${notice.kind}/${oncePer.key}`,
    dedupeMs: oncePer?.ms ?? 0,
    sourceKind: 'system',
    sourceId: notice.sourceId,
    isRepeatable: false,
    createdAtMs: Math.round(notice.occurredAtMs),
    controlOffset,
  }
  return notificationRecord(record, shard)
}

export const notificationRecord = (record: NotificationRecord, shard: number): OutRecord => ({
  topic: notifications.name,
  partition: shard,
  key: record.organizationId,
  value: notificationRecordCodec.encode(record),
})

/** A subject of a mail may be as long. */
const TITLE_CHARACTERS_MAX = 150

/** A paragraph, and a line for each fact. */
export function noticeMessage(lines: readonly string[], facts: ReadonlyArray<readonly [string, unknown]>): string {
  const known = facts.filter(([, value]) => value !== null && value !== undefined)
  return `${lines.join('\n')}\n\n${known.map(([label, value]) => `${label}: ${oneLine(String(value))}`).join('\n')}`
}
