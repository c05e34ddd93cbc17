import { type FieldSchema, fields, literal, object, spec, text } from '../action-spec.ts'

const addresses = (description: string): FieldSchema => ({
  type: ['array', 'string'],
  description,
  maxItems: 50,
  items: { type: 'string', maxLength: 254 },
  'x-template': 'value',
})

export const sendEmail = spec({
  type: 'send_email',
  summary: 'Sends a mail through the notification engine.',
  effect: 'transactional',
  schema: fields(
    {
      to: addresses('Addresses, or one address'),
      cc: addresses('Addresses, or one address'),
      subject: text('In one line', { maxLength: 500, 'x-template': 'header' }),
      html: literal('Results of templates are escaped', { maxLength: 50_000, 'x-template': 'html' }),
      text: text('The plain form', { maxLength: 50_000 }),
      template: literal('The name of a mail template, instead of subject and content', { maxLength: 63 }),
      variables: object('The values of the template'),
    },
    ['to'],
    { anyOf: [{ required: ['subject', 'html'] }, { required: ['subject', 'text'] }, { required: ['template'] }] },
  ),
  output: { messageId: 'ntf_0', status: 'queued' },
  scopes: () => ['notifications:send'],
})
