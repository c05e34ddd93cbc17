/** Routes of notifications and their channels. Literal paths come before `/:id`. */
import type { Route } from '../http/route.ts'
import { deleted, list, routesWith } from '../http/route-table.ts'
import type { createChannelHandlers } from './channel-handlers.ts'
import type { createNotificationHandlers } from './handlers.ts'
import * as schemas from './schemas.ts'

export interface NotificationHandlers {
  notifications: ReturnType<typeof createNotificationHandlers>
  channels: ReturnType<typeof createChannelHandlers>
}

const sends = routesWith('notifications:send')
const manages = routesWith('notifications:manage')

// biome-ignore format: a table
export function createNotificationRoutes({ notifications: on, channels }: NotificationHandlers): Route[] {
  const { notification, channel, madeChannel } = schemas
  const path = '/api/v1/notifications'
  const ofChannels = `${path}/channels`
  const accepted = { answer: notification, status: 202, refusedWhenSuspended: true }
  return [
    sends('POST', path, 'Send a notification through a channel.', { ...accepted, body: schemas.newNotification, takesIdempotencyKey: true }, on.send),
    sends('GET', path, 'List notifications of 90 days.', list(notification, schemas.notificationFilter), on.list),
    sends('POST', `${path}/read-all`, 'Mark in-app notifications as read, up to 10,000 in one call.', { bodyOptional: true, answer: schemas.readMarks }, on.readAll),
    manages('GET', `${path}/preferences`, 'Which system notices go to which channels.', { answer: schemas.preferences }, channels.preferences),
    manages('PUT', `${path}/preferences`, 'Choose the channels of system notices; an empty list turns one off.', { body: schemas.newPreferences, answer: schemas.preferences }, channels.putPreferences),
    manages('POST', ofChannels, 'Make a notification channel; the secret of a generic webhook is shown once.', { body: schemas.newChannel, answer: madeChannel, status: 201 }, channels.create),
    manages('GET', ofChannels, 'List notification channels, the built-in ones too.', list(channel), channels.list),
    manages('GET', `${ofChannels}/:id`, 'One notification channel, by its name or id.', { answer: channel }, channels.get),
    manages('PATCH', `${ofChannels}/:id`, 'Change a notification channel.', { body: schemas.channelPatch, answer: channel }, channels.patch),
    manages('DELETE', `${ofChannels}/:id`, 'Delete a notification channel.', { answer: deleted }, channels.delete),
    manages('POST', `${ofChannels}/:id/test`, 'Send a test through a channel; its result is that of the notification.', { ...accepted, bodyOptional: true }, on.test),
    manages('POST', `${ofChannels}/:id/rotate`, 'Rotate the secret of a generic webhook; the new one is shown once.', { body: schemas.channelRotation, bodyOptional: true, answer: madeChannel }, channels.rotate),
    sends('GET', `${path}/:id`, 'One notification.', { answer: notification }, on.get),
    sends('POST', `${path}/:id/read`, 'Mark an in-app notification as read.', { bodyOptional: true, answer: schemas.readMark }, on.read),
  ]
}
