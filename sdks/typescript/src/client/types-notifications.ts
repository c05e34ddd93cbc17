/** Input and output types of notifications and their channels. */
export type Severity = 'info' | 'warning' | 'critical'

export interface NewNotification {
  /** Name or id of the channel. */
  channel: string
  /** At most 4,000 characters. */
  message: string
  title?: string
  severity?: Severity
  data?: Record<string, unknown>
  /** Another one with this key within 15 minutes is suppressed. */
  dedupeKey?: string
}

export interface Notification {
  id: string
  channel: string
  channelId: string
  title: string | null
  message: string
  severity: Severity
  data: Record<string, unknown> | null
  status: 'queued' | 'sent' | 'partially_sent' | 'suppressed' | 'failed'
  suppressedReason: string | null
  attempts: Array<{ number: number; at: string; responseStatus: number | null; error: string | null }>
  readAt: string | null
  createdAt: string
  [field: string]: unknown
}

export interface ChannelSettings {
  name?: string
  /** `{ recipients }`, `{ url }`, or `{ url, template?, headers? }`, by type. */
  config?: {
    recipients?: string[]
    url?: string
    template?: string | null
    headers?: Record<string, string> | null
  }
  minSeverity?: Severity
  rateLimit?: { max: number; perMinutes: number }
  quietHours?: { from: string; to: string; timeZone: string } | null
  active?: boolean
}

export interface NewChannel extends ChannelSettings {
  name: string
  type: 'email' | 'slack_webhook' | 'generic_webhook' | 'in_app'
}

export interface NotificationChannel {
  id: string
  revision: number
  name: string
  type: NewChannel['type']
  builtIn: 'account-owner' | 'in-app' | null
  active: boolean
  health: 'healthy' | 'failing'
  createdAt: string
  updatedAt: string
  [field: string]: unknown
}

/** Channels (names) of each kind of system notice; an empty list turns one off. */
export interface NotificationPreferences {
  notices: Record<string, string[]>
}
