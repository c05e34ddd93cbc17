import { anything, fields, literal, spec } from '../action-spec.ts'

export const sendWebhook = spec({
  type: 'send_webhook',
  summary: "Delivers a payload to a webhook, with the webhook's signature and schedule. It is in no event log.",
  effect: 'transactional',
  schema: fields(
    {
      webhookId: literal('The id of the webhook', { maxLength: 64 }),
      payload: anything('Becomes the data of the delivery'),
    },
    ['webhookId', 'payload'],
  ),
  output: { deliveryId: 'dlv_0' },
  scopes: () => ['webhooks:manage'],
})
