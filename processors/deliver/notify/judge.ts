/** Whether a notification goes out through its channel, or why not: the first reason that applies counts. */
import type { NotificationChannel } from '../../../src/model/notifications.ts'
import { isQuiet } from '../../../src/notifications/quiet-hours.ts'
import type { SuppressedReason } from '../../../topics/audit-notifications.ts'
import { type NotificationRecord, SEVERITIES } from '../../../topics/notifications.ts'

export interface Lookups {
  hasRecipient(): boolean
  /** Another one with its key was sent lately. */
  isDuplicate(): boolean
  /** The channel has been sent as many as its rate allows, or as many wait for it as may. */
  isOverRate(): boolean
}

/** `channel` undefined: deleted since the call. */
export function suppressedBy(
  channel: NotificationChannel | undefined,
  { severity, createdAtMs }: Pick<NotificationRecord, 'severity' | 'createdAtMs'>,
  lookups: Lookups,
): SuppressedReason | undefined {
  if (channel === undefined || !channel.active) return 'inactive'
  if (!lookups.hasRecipient()) return 'no_recipient'
  if (SEVERITIES.indexOf(severity) < SEVERITIES.indexOf(channel.minSeverity)) return 'severity'
  if (lookups.isDuplicate()) return 'dedupe'
  if (lookups.isOverRate()) return 'rate_limit'
  const { quietHours } = channel
  return quietHours !== null && severity !== 'critical' && isQuiet(quietHours, createdAtMs) ? 'quiet_hours' : undefined
}
