/** Reads of notifications (docs/specification/notifications.md#notifications). */
import type { NotificationState, SuppressedReason } from '../../../topics/audit-notifications.ts'
import type { Severity } from '../../../topics/notifications.ts'
import { readCursor } from '../../model/cursors.ts'
import type { Owner } from '../../model/environments.ts'
import type { ChannelType } from '../../model/notifications.ts'
import type { AnalyticsClient } from '../client.ts'
import { readQuery } from '../statements.ts'
import { type Page, toPage } from './pages.ts'

/** Times are ISO 8601, UTC. */
export interface StoredNotification {
  id: string
  createdAt: string
  /** Of its newest step. */
  updatedAt: string
  environment: string
  channelId: string
  channel: string
  channelType: ChannelType | 'deleted'
  kind: string | null
  title: string | null
  message: string
  severity: Severity
  /** A JSON object. */
  data: string | null
  dedupeKey: string | null
  sourceKind: string
  sourceId: string | null
  status: NotificationState
  suppressedReason: SuppressedReason | null
  nextAttemptAt: string | null
  readAt: string | null
  tries: NotificationTry[]
}

export interface NotificationTry {
  number: number
  at: string
  durationMs: number
  responseStatus: number | null
  error: string | null
}

export interface NotificationFilter {
  /** Id of a channel that is there, or the name of one that was. */
  channelId?: string | undefined
  channel?: string | undefined
  status?: NotificationState | undefined
  severity?: Severity | undefined
  /** In-app ones that are not marked as read. */
  unread?: boolean | undefined
  /** 1–1,000. */
  limit: number
  cursor?: string | undefined
}

/** Most notifications that are scanned for a status. */
const LOOKED_THROUGH_MAX = 1_000_000

export function createNotificationReads(client: AnalyticsClient) {
  const notifications = readQuery('notifications')
  const since = readQuery('notifications-since')
  const NO_FILTER = { id: null, channelId: null, channel: null, status: null, severity: null, unread: 0 }
  const NO_PLACE = { beforeTime: null, beforeId: null }

  return {
    /** Newest first. Throws `validation_failed` for an invalid cursor. */
    async listNotifications(owner: Owner, filter: NotificationFilter): Promise<Page<StoredNotification>> {
      const { limit, cursor, channelId = null, channel = null, status = null, severity = null } = filter
      const [beforeTime = null, beforeId = null] = readCursor('notifications', cursor) ?? []
      const isFiltered = status !== null || filter.unread === true
      const found = await client.query<Found>(notifications, {
        ...{ ...NO_FILTER, channelId, channel, status, severity, unread: filter.unread === true ? 1 : 0 },
        ...{ ...owner, beforeTime, beforeId, limit: limit + 1 },
        pageLimit: isFiltered ? LOOKED_THROUGH_MAX : limit + 1,
      })
      return toPage('notifications', found.map(withTries), limit, ({ createdAt, id }) => [createdAt, id])
    },

    async notificationById(owner: Owner, id: string): Promise<StoredNotification | undefined> {
      const bounds = { ...NO_PLACE, limit: 1, pageLimit: 1 }
      const [found] = await client.query<Found>(notifications, { ...NO_FILTER, ...owner, ...bounds, id })
      return found && withTries(found)
    },

    /** In both environments, without system notices. */
    async notificationsSince(organizationId: string, sinceMs: number): Promise<number> {
      const parameters = { organizationId, since: new Date(sinceMs).toISOString() }
      const [found] = await client.query<{ notifications: number | string }>(since, parameters)
      return Number(found?.notifications ?? 0)
    },
  }
}

/** Step, end in ms since 1970, duration, status, error. */
type Try = [number, number | string, number, number | null, string | null]
type Found = Omit<StoredNotification, 'tries'> & { tries: Try[] }

const withTries = ({ tries, ...notification }: Found): StoredNotification => ({
  ...notification,
  tries: tries
    .map(([number, atMs, durationMs, responseStatus, error]) => ({
      ...{ number, at: new Date(Number(atMs)).toISOString(), durationMs, responseStatus, error },
    }))
    .sort((a, b) => a.number - b.number),
})
