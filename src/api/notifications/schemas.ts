import { NOTIFICATION_STATES, SUPPRESSED_REASONS } from '../../../topics/audit-notifications.ts'
import { NOTICE_KINDS, NOTIFICATION_SOURCES, SEVERITIES } from '../../../topics/notifications.ts'
import { BUILT_IN_CHANNELS, CHANNEL_TYPES } from '../../model/notifications.ts'
import { MESSAGE_CHARACTERS_MAX } from '../../notifications/message.ts'
import {
  anyObject,
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const severity = oneOf(SEVERITIES)
const oneOrNone = (values: readonly string[]) => ({ type: ['string', 'null'], enum: [...values, null] })
/** The name or the id. */
const channelName = text(1, 64)

export const newNotification = object({
  channel: channelName,
  message: text(1, MESSAGE_CHARACTERS_MAX),
  'title?': text(1, 200),
  'severity?': severity,
  'data?': anyObject,
  'dedupeKey?': text(1, 255),
})

const attempt = object({
  number: integer,
  at: time,
  durationMs: integer,
  responseStatus: nullable(integer),
  error: nullable(string),
})

export const notification = object({
  id: string,
  environment,
  channel: string,
  channelId: string,
  channelType: string,
  title: nullable(string),
  message: string,
  severity,
  data: nullable(anyObject),
  dedupeKey: nullable(string),
  source: object({ kind: oneOf(NOTIFICATION_SOURCES), id: nullable(string) }),
  /** Of a system notice. */
  kind: nullable(string),
  status: oneOf(NOTIFICATION_STATES),
  suppressedReason: oneOrNone(SUPPRESSED_REASONS),
  attempts: listOf(attempt),
  nextAttemptAt: nullable(time),
  readAt: nullable(time),
  createdAt: time,
  updatedAt: time,
})

export const notificationFilter = {
  'channel?': channelName,
  'status?': oneOf(NOTIFICATION_STATES),
  'severity?': severity,
  'unread?': boolean,
}

export const readMark = object({ id: string, readAt: time })
export const readMarks = object({ read: integer, more: boolean })

const RATE_MAX = 1_000
const RATE_MINUTES_MAX = 1_440
const clockTime = text(5, 5, { pattern: '^(?:[01][0-9]|2[0-3]):[0-5][0-9]$' })
const rateLimit = object({
  max: { type: 'integer', minimum: 1, maximum: RATE_MAX },
  perMinutes: { type: 'integer', minimum: 1, maximum: RATE_MINUTES_MAX },
})
const quietHours = nullable(object({ from: clockTime, to: clockTime, timeZone: text(1, 64) }))

const config = object({
  'recipients?': { type: 'array', items: text(3, 320), minItems: 1, maxItems: 20 },
  'url?': text(1, 2_048),
  'template?': { type: ['string', 'null'], minLength: 1, maxLength: 8_192 },
  'headers?': { type: ['object', 'null'], additionalProperties: string },
})

const settings = {
  'minSeverity?': severity,
  'rateLimit?': rateLimit,
  'quietHours?': quietHours,
  'active?': boolean,
}
const name = text(2, 61, { pattern: '^[a-z][a-z0-9-]{1,60}$' })

export const newChannel = object({ name, type: oneOf(CHANNEL_TYPES), 'config?': config, ...settings })
export const channelPatch = { ...object({ 'name?': name, 'config?': config, ...settings }), minProperties: 1 }

const channelFields = {
  ...stored,
  name: string,
  type: oneOf(CHANNEL_TYPES),
  builtIn: oneOrNone(BUILT_IN_CHANNELS),
  config: object({
    'recipients?': listOf(string),
    'url?': string,
    'template?': nullable(string),
    'headerNames?': listOf(string),
  }),
  minSeverity: severity,
  rateLimit,
  quietHours,
  active: boolean,
  health: oneOf(['healthy', 'failing']),
  failingSince: nullable(time),
  previousSecretExpiresAt: nullable(time),
}
export const channel = object(channelFields)
/** With the secret of a generic webhook, in this answer only. */
export const madeChannel = object({ ...channelFields, 'secret?': string })
export const channelRotation = object({ 'immediate?': boolean })

const namesByKind = Object.fromEntries(NOTICE_KINDS.map(kind => [`${kind}?`, { ...listOf(channelName), maxItems: 20 }]))
export const newPreferences = object({ notices: object(namesByKind) })
export const preferences = object({
  notices: object(Object.fromEntries(NOTICE_KINDS.map(kind => [kind, listOf(string)]))),
  revision: integer,
  updatedAt: nullable(time),
})
