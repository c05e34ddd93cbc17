/** Channels of notifications, and which of them each system notice goes to. */
import type { Stored } from './stored.ts'

export const CHANNEL_TYPES = ['email', 'slack_webhook', 'generic_webhook', 'in_app'] as const
export type ChannelType = (typeof CHANNEL_TYPES)[number]

export const BUILT_IN_CHANNELS = ['account-owner', 'in-app'] as const
export type BuiltInChannel = (typeof BUILT_IN_CHANNELS)[number]

/** When a channel takes critical notifications only, by the clock of a time zone. */
export interface QuietHours {
  /** `HH:MM`; a time before `from` is on the next day. */
  from: string
  to: string
  /** A name of the IANA database, such as Europe/Berlin. */
  timeZone: string
}

/** See docs/specification/notifications.md#channels. A built-in channel has a record only once it was changed. */
export interface NotificationChannel extends Stored {
  /** Unique in the organization. */
  name: string
  type: ChannelType
  builtIn: BuiltInChannel | null
  /** Of `email`; empty for `account-owner`, whose recipient is the organization's owner. */
  recipients: string[]
  /** Of `generic_webhook`. */
  url: string | null
  /** Of `slack_webhook`: its URL is a secret; `urlHint` is the part that is shown. */
  encryptedUrl: string | null
  urlHint: string | null
  /** Of `generic_webhook`; null: the notification itself as JSON. */
  template: string | null
  /** Own headers as a JSON object, sealed; their names are shown. */
  encryptedHeaders: string | null
  headerNames: string[]
  encryptedSecret: string | null
  /** During a rotation the previous secret signs as well, until `previousSecretExpiresAt`. */
  previousEncryptedSecret: string | null
  previousSecretExpiresAt: string | null
  minSeverity: 'info' | 'warning' | 'critical'
  rateLimit: { max: number; perMinutes: number }
  quietHours: QuietHours | null
  active: boolean
  /** Observed: five tries in a row have failed. */
  health: 'healthy' | 'failing'
  failingSince: string | null
}

/** One record of an organization: the channels (ids) of each kind of system notice; kinds that are absent have the default. */
export interface NotificationPreferences extends Stored {
  notices: Record<string, string[]>
}
