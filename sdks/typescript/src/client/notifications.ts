/** `client.notifications`. */
import type { Random } from '../clock.ts'
import { at, createCalls } from './call.ts'
import type { Send } from './transport.ts'
import type {
  CallOptions,
  ChannelSettings,
  NewChannel,
  NewNotification,
  Notification,
  NotificationChannel,
  NotificationPreferences,
  Paging,
  Severity,
} from './types.ts'

type NotificationQuery = Paging & {
  channel?: string
  status?: Notification['status']
  severity?: Severity
  unread?: boolean
}
type Deleted = { id: string; deleted: true }

export function createNotifications(send: Send, random: Random) {
  const calls = createCalls(send, '/notifications')
  const channel = (nameOrId: string) => `/channels${at(nameOrId)}`
  return {
    /** Through a channel, by its name or id. Repeated safely: each call has an idempotency key of its own. */
    send: (input: NewNotification, options: CallOptions & { idempotencyKey?: string } = {}) => {
      const { idempotencyKey = `sdk-${random.id()}`, ...rest } = options
      return calls.post<Notification>('', input, { ...rest, headers: { 'idempotency-key': idempotencyKey } })
    },
    list: (query: NotificationQuery = {}, options: CallOptions = {}) => calls.list<Notification>('', query, options),
    get: (id: string, options?: CallOptions) => calls.get<Notification>(at(id), options),
    /** Marks an in-app notification. */
    markRead: (id: string, options?: CallOptions) =>
      calls.post<{ id: string; readAt: string }>(`${at(id)}/read`, undefined, options),
    /** Up to 10,000 in one call; `more`: call again. */
    markAllRead: (options?: CallOptions) =>
      calls.post<{ read: number; more: boolean }>('/read-all', undefined, options),
    preferences: (options?: CallOptions) => calls.get<NotificationPreferences>('/preferences', options),
    /** Replaces them all. */
    setPreferences: (input: NotificationPreferences, options?: CallOptions) =>
      calls.put<NotificationPreferences>('/preferences', input, options),
    channels: {
      /** For a generic webhook the only answer with the secret. */
      create: (input: NewChannel, options?: CallOptions) =>
        calls.postOnce<NotificationChannel & { secret?: string }>('/channels', input, options),
      list: (query: Paging = {}, options: CallOptions = {}) =>
        calls.list<NotificationChannel>('/channels', query, options),
      get: (nameOrId: string, options?: CallOptions) => calls.get<NotificationChannel>(channel(nameOrId), options),
      update: (nameOrId: string, patch: ChannelSettings, options?: CallOptions) =>
        calls.patch<NotificationChannel>(channel(nameOrId), patch, options),
      delete: (nameOrId: string, options?: CallOptions) => calls.delete<Deleted>(channel(nameOrId), options),
      /** Sends a test; its result is that of the notification. */
      test: (nameOrId: string, options?: CallOptions) =>
        calls.postOnce<Notification>(`${channel(nameOrId)}/test`, undefined, options),
      /** Returns a new secret, only this once; both sign for 24 h, unless `immediate`. */
      rotate: (nameOrId: string, input: { immediate?: boolean } = {}, options?: CallOptions) =>
        calls.postOnce<NotificationChannel & { secret: string }>(`${channel(nameOrId)}/rotate`, input, options),
    },
  }
}
