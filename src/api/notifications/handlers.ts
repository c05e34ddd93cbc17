/** Notifications: sending, lists and reading marks. See docs/specification/notifications.md. */
import {
  auditNotifications,
  auditNotificationsCodec,
  type NotificationState,
  type NotificationStep,
  READ_STEP,
} from '../../../topics/audit-notifications.ts'
import type { NotificationRecord, Severity } from '../../../topics/notifications.ts'
import type { StoredNotification } from '../../analytics/read/notification-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { getChannel } from '../../control-plane/notifications/channels.ts'
import { unacknowledged } from '../../ingress/unacknowledged.ts'
import type { Appender } from '../../kafka/ports.ts'
import { shardOf } from '../../kafka/shards.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { fixedId, type Ids } from '../../model/ids.ts'
import type { NotificationChannel } from '../../model/notifications.ts'
import { findChannel } from '../../notifications/channels.ts'
import { notificationRecord } from '../../notifications/notices.ts'
import { keyOf, organizationOf, ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import type { DailyQuota } from './daily-quota.ts'
import { presentNotification } from './presenter.ts'

export interface NewNotification {
  channel: string
  message: string
  title?: string
  severity?: Severity
  data?: Record<string, unknown>
  dedupeKey?: string
}

const DEDUPE_MS = 15 * 60_000
const DATA_BYTES_MAX = 16 * 1024
/** Marked by one call. */
const MARKS_MAX = 10_000
const MARKS_PAGE = 1_000

export function createNotificationHandlers(deps: {
  reads: Reads
  view: ControlView
  appender: Appender
  quota: DailyQuota
  shards: number
  ids: Ids
  clock: Clock
}) {
  const { reads, view, appender, quota, ids, clock } = deps

  /** Resolves once the notification is in the log. */
  async function send(call: Call, channel: NotificationChannel, input: NewNotification): Promise<StoredNotification> {
    const organization = organizationOf(call)
    if (!channel.active)
      throw new ClarionError('channel_inactive', `The channel ${channel.name} is switched off: switch it on first.`)
    await quota.check(organization)
    const record = recordOf(call, channel, input)
    try {
      await appender.append(notificationRecord(record, shardOf(organization.id, deps.shards)))
    } catch (error) {
      throw unacknowledged('The notification', error)
    }
    quota.taken(organization.id)
    return queued(record, channel)
  }

  function recordOf(call: Call, channel: NotificationChannel, input: NewNotification): NotificationRecord {
    const { organizationId, environment } = ownerOf(call)
    const { idempotencyKey } = call
    const { message, title = null, severity = 'info', data, dedupeKey = null } = input
    const repeatable = idempotencyKey === undefined ? undefined : `${organizationId}/${environment}/${idempotencyKey}`
    return {
      id: repeatable === undefined ? ids.next('ntf') : fixedId('ntf', repeatable),
      ...{ organizationId, environment, channelId: channel.id, kind: null, title, message, severity },
      ...{ data: data === undefined ? null : checkedData(data), dedupeKey, dedupeMs: DEDUPE_MS },
      ...{ sourceKind: 'api', sourceId: keyOf(call).id, isRepeatable: repeatable !== undefined },
      ...{ createdAtMs: Math.round(clock.nowMs()), controlOffset: view.appliedOffset },
    }
  }

  async function markAll(organizationId: string, notifications: readonly StoredNotification[]): Promise<string> {
    const readAtMs = Math.round(clock.nowMs())
    const steps = notifications.map(each => readingMark(organizationId, each, readAtMs))
    const partition = shardOf(organizationId, deps.shards)
    const value = auditNotificationsCodec.encode({ steps })
    try {
      await appender.append({ topic: auditNotifications.name, partition, key: null, value })
    } catch (error) {
      throw unacknowledged('The reading mark', error)
    }
    return new Date(readAtMs).toISOString()
  }

  async function one(call: Call): Promise<StoredNotification> {
    const found = await reads.notificationById(ownerOf(call), call.params.id!)
    if (found === undefined) throw new ClarionError('not_found', 'There is no such notification.')
    return found
  }

  return {
    async send(call: Call): Promise<Answer> {
      const input = call.body as NewNotification
      const channel = getChannel(view, organizationOf(call).id, input.channel)
      return { data: presentNotification(await send(call, channel, input)) }
    },
    /** Critical, so that it passes the channel's severity and quiet hours. */
    async test(call: Call): Promise<Answer> {
      const channel = getChannel(view, organizationOf(call).id, call.params.id!)
      const message = `This is a test of the notification channel ${channel.name}. If you can read it, the channel works.`
      const sent = await send(call, channel, {
        ...{ channel: channel.id, title: 'Test of a notification channel', message, severity: 'critical' },
        data: { test: true },
      })
      return { data: presentNotification(sent) }
    },
    async list(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const { channel: name, ...filter } = call.query as {
        channel?: string
        status?: NotificationState
        severity?: Severity
        unread?: boolean
      }
      // The name of a channel that is gone still finds what was sent through it.
      const channel = name === undefined ? undefined : findChannel(view, owner.organizationId, name)
      const place = channel === undefined ? { channel: name } : { channelId: channel.id }
      const page = await reads.listNotifications(owner, { ...pagingOf(call.query), ...filter, ...place })
      return { data: page.items.map(presentNotification), nextCursor: page.nextCursor }
    },
    get: async (call: Call): Promise<Answer> => ({ data: presentNotification(await one(call)) }),
    async read(call: Call): Promise<Answer> {
      const found = await one(call)
      if (found.channelType !== 'in_app')
        throw new ClarionError('conflict', 'Only in-app notifications can be marked as read.')
      const readAt = found.readAt ?? (await markAll(organizationOf(call).id, [found]))
      return { data: { id: found.id, readAt } }
    },
    async readAll(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      let read = 0
      let cursor: string | null | undefined
      while (cursor !== null && read < MARKS_MAX) {
        const page = await reads.listNotifications(owner, {
          ...{ unread: true, limit: MARKS_PAGE, cursor },
        })
        if (page.items.length > 0) await markAll(owner.organizationId, page.items)
        read += page.items.length
        cursor = page.nextCursor
      }
      return { data: { read, more: cursor !== null } }
    },
  }
}

function checkedData(data: Record<string, unknown>): string {
  const text = JSON.stringify(data)
  if (Buffer.byteLength(text) <= DATA_BYTES_MAX) return text
  const message = `must not be larger than ${DATA_BYTES_MAX} bytes`
  throw new ClarionError('validation_failed', `The data of a notification ${message}.`, {
    details: [{ path: '/data', rule: 'size', message }],
  })
}

/** As the history will show it first. */
function queued(record: NotificationRecord, channel: NotificationChannel): StoredNotification {
  const { id, environment, kind, title, message, severity, data, dedupeKey, sourceKind, sourceId } = record
  const createdAt = new Date(record.createdAtMs).toISOString()
  return {
    ...{ id, createdAt, updatedAt: createdAt, environment, kind, title, message, severity, data, dedupeKey },
    ...{ channelId: channel.id, channel: channel.name, channelType: channel.type, sourceKind, sourceId },
    ...{ status: 'queued', suppressedReason: null, nextAttemptAt: null, readAt: null, tries: [] },
  }
}

function readingMark(organizationId: string, of: StoredNotification, readAtMs: number): NotificationStep {
  const { id, channelId, channel, channelType, kind, severity, sourceKind, sourceId } = of
  return {
    ...{ id, step: READ_STEP, organizationId, environment: of.environment === 'test' ? 'test' : 'live' },
    ...{ createdAtMs: Date.parse(of.createdAt), atMs: readAtMs, channelId, channel, channelType, kind, severity },
    ...{ sourceKind, sourceId, title: null, message: '', data: null, dedupeKey: null },
    ...{ status: null, suppressedReason: null, durationMs: null, responseStatus: null, error: null },
    ...{ nextAttemptAtMs: null, readAtMs },
  }
}
