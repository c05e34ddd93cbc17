import { boolean, codecOf, int, list, long, oneOf, record, text, type ValueOf } from './avro.ts'
import { notificationRecordFields } from './notifications.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** A notification on its way to a channel that has not taken it yet. */
export type PendingNotification = ValueOf<typeof pendingNotificationFields>

export const pendingNotificationFields = record('PendingNotification', {
  notification: notificationRecordFields,
  channelId: text,
  /** How often it has been tried. */
  tries: int,
  dueAtMs: long,
})

/** The state of a channel: its latest notifications, for dedupe and rate, and its health. */
export type ChannelState = ValueOf<typeof channelStateFields>

export const channelStateFields = record('ChannelState', {
  /** Times of the notifications that its rate counts, ascending: the first one, then the distances. */
  sentAtMs: list(long),
  /** How long they count. */
  rateMs: long,
  /** Failed tries in a row. */
  failures: int,
  health: oneOf('ChannelHealth', ['healthy', 'failing']),
  sinceMs: long,
  /** Whether the control plane knows this health. */
  reported: boolean,
})

/** Until when a notification with the same key is a duplicate. */
export type SeenKey = ValueOf<typeof seenKeyFields>

export const seenKeyFields = record('SeenKey', {
  /** By the times of notifications: what was created before then is a duplicate. */
  untilMs: long,
  /** By the clock of `deliver`: not forgotten before then. */
  keptUntilMs: long,
})

export const pendingNotificationCodec = codecOf(pendingNotificationFields)

export const channelStateCodec = codecOf(channelStateFields)

export const seenKeyCodec = codecOf(seenKeyFields)

/** The meaning of a record's key. */
export type NotificationStateKey =
  | { pending: string }
  | { channel: string; organizationId: string }
  | { seen: string; channelId: string; organizationId: string }

export const notificationStateKeys = {
  ofPending: (notificationId: string) => `pending/${notificationId}`,
  ofChannel: (organizationId: string, channelId: string) => `channel/${organizationId}/${channelId}`,
  /** `hash`: of the dedupe key. */
  ofSeen: (organizationId: string, channelId: string, hash: string) => `seen/${organizationId}/${channelId}/${hash}`,
  parse(key: string): NotificationStateKey | undefined {
    const [kind, first = '', second = '', third = ''] = key.split('/')
    if (kind === 'pending') return { pending: first }
    if (kind === 'channel') return { organizationId: first, channel: second }
    return kind === 'seen' ? { organizationId: first, channelId: second, seen: third } : undefined
  },
}

export const notificationState: Topic = {
  name: 'notification.state',
  meaning:
    'The state of notifications in `deliver`: those not sent yet, rates and health of channels, keys seen lately.',
  key: 'pending/<notification>, channel/<organization>/<channel> or seen/<organization>/<channel>/<hash of the key>',
  value: 'Avro PendingNotification, ChannelState or SeenKey; nothing once it is over',
  partitions: 'shards',
  producers: ['deliver'],
  consumers: ['deliver'],
  cleanup: 'compact',
  logAppendTime: false,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
