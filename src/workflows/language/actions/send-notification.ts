import { choice, fields, literal, spec, text } from '../action-spec.ts'

export const sendNotification = spec({
  type: 'send_notification',
  summary: 'Sends a notification to a channel of the organization.',
  effect: 'transactional',
  schema: fields(
    {
      channel: literal('The name of the channel', { maxLength: 100 }),
      title: text('In one line', { maxLength: 200 }),
      message: text('The text of the notification', { maxLength: 4_000 }),
      severity: choice('`info` unless set', ['info', 'warning', 'critical']),
      dedupeKey: text('A notification with the key of a recent one is not sent again', { maxLength: 200 }),
    },
    ['channel', 'message'],
  ),
  output: { notificationId: 'ntf_0' },
  scopes: () => ['notifications:send'],
})
