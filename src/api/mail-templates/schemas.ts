/** Templates of mails. */
import { MAIL_TEMPLATE_LIMITS } from '../../notifications/mail-template.ts'
import { environment, nullable, object, stored, string, text } from '../http/schema-parts.ts'

export const NAME = '^[a-z][a-z0-9-]{0,62}$'

const body = { type: ['string', 'null'], minLength: 1, maxLength: MAIL_TEMPLATE_LIMITS.text }
export const mailTemplateInput = object({
  subject: text(1, MAIL_TEMPLATE_LIMITS.subject),
  'html?': { ...body, description: 'Values of variables are escaped.' },
  'text?': body,
})

const { id: _id, ...facts } = stored
export const mailTemplate = object({
  ...{ ...facts, name: string, environment, subject: string, html: nullable(string), text: nullable(string) },
})
