/** Routes of the templates of mails. */
import type { Route } from '../http/route.ts'
import { list, routesWith } from '../http/route-table.ts'
import { boolean, object, string } from '../http/schema-parts.ts'
import type { createMailTemplateHandlers } from './handlers.ts'
import { mailTemplate, mailTemplateInput } from './schemas.ts'

export interface MailTemplateHandlers {
  mailTemplates: ReturnType<typeof createMailTemplateHandlers>
}

const removed = object({ name: string, deleted: boolean })
const read = routesWith('workflows:read')
const manage = routesWith('workflows:manage')

// biome-ignore format: a table
export function createMailTemplateRoutes({ mailTemplates: on }: MailTemplateHandlers): Route[] {
  const path = '/api/v1/mail-templates'
  return [
    read('GET', path, 'List mail templates, by name.', list(mailTemplate), on.list),
    read('GET', `${path}/:name`, 'One mail template.', { answer: mailTemplate }, on.get),
    manage('PUT', `${path}/:name`, 'Set a mail template, which send_email names.', { body: mailTemplateInput, answer: mailTemplate }, on.set),
    manage('DELETE', `${path}/:name`, 'Delete a mail template that no live version names.', { answer: removed }, on.delete),
  ]
}
