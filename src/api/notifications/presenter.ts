/** Notifications and channels as callers see them, without secrets and internal fields. */
import type { StoredNotification } from '../../analytics/read/notification-reads.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { NotificationChannel } from '../../model/notifications.ts'
import { recipientsOf } from '../../notifications/send-notification.ts'

export function presentNotification({ tries, data, sourceKind, sourceId, ...visible }: StoredNotification) {
  return {
    ...visible,
    data: data === null ? null : (JSON.parse(data) as object),
    source: { kind: sourceKind, id: sourceId },
    attempts: tries,
  }
}

/** A former secret that no longer signs is left out. */
export function presentChannel(view: Pick<ControlView, 'organization'>, channel: NotificationChannel, nowMs: number) {
  const { id, revision, createdAt, updatedAt, name, type, builtIn } = channel
  const { minSeverity, rateLimit, quietHours, active, health, failingSince } = channel
  const until = channel.previousSecretExpiresAt
  return {
    ...{ id, revision, createdAt, updatedAt, name, type, builtIn, config: configOf(view, channel) },
    ...{ minSeverity, rateLimit, quietHours, active, health, failingSince },
    previousSecretExpiresAt: until !== null && Date.parse(until) > nowMs ? until : null,
  }
}

function configOf(view: Pick<ControlView, 'organization'>, channel: NotificationChannel) {
  const { type, url, urlHint, template, headerNames } = channel
  if (type === 'email') return { recipients: recipientsOf(view, channel) }
  if (type === 'slack_webhook') return { url: urlHint! }
  return type === 'generic_webhook' ? { url: url!, template, headerNames } : {}
}
