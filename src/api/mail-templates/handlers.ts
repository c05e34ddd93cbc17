/** Templates of mails of an environment, by name. */
import {
  getMailTemplate,
  type MailTemplateSettings,
  type MailTemplates,
} from '../../control-plane/workflows/mail-templates.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { readCursor, writeCursor } from '../../model/cursors.ts'
import type { MailTemplate } from '../../model/mail-templates.ts'
import { ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { NAME } from './schemas.ts'

const PATTERN = new RegExp(NAME)

export function createMailTemplateHandlers({
  mailTemplates,
  view,
}: {
  mailTemplates: MailTemplates
  view: ControlView
}) {
  return {
    async set(call: Call): Promise<Answer> {
      const name = checkedName(call.params.name!)
      const settings = call.body as MailTemplateSettings
      const made = await mailTemplates.set(call.caller, ownerOf(call), name, settings, call.expectedRevision)
      return { data: present(made) }
    },
    /** By name. */
    list(call: Call): Answer {
      const { organizationId, environment } = ownerOf(call)
      const { limit, cursor } = pagingOf(call.query)
      const after = readCursor('mail-templates', cursor)?.[0].slice('mail:'.length) ?? ''
      const rest = view
        .list('mail-template', organizationId)
        .filter(each => each.environment === environment && each.name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      const items = rest.slice(0, limit)
      const nextCursor = rest.length > limit ? writeCursor('mail-templates', [`mail:${items.at(-1)!.name}`]) : null
      return { data: items.map(present), nextCursor }
    },
    get: (call: Call): Answer => ({ data: present(getMailTemplate(view, ownerOf(call), call.params.name!)) }),
    async delete(call: Call): Promise<Answer> {
      const name = call.params.name!
      await mailTemplates.delete(call.caller, ownerOf(call), name, call.expectedRevision)
      return { data: { name, deleted: true } }
    },
  }
}

function present(record: MailTemplate) {
  const { name, environment, subject, html, text, revision, createdAt, updatedAt } = record
  return { name, environment, subject, html, text, revision, createdAt, updatedAt }
}

function checkedName(name: string): string {
  if (PATTERN.test(name)) return name
  const message = `must match ${NAME}: lower-case letters, digits and hyphens`
  throw new ClarionError('validation_failed', `The name in the path ${message}.`, {
    details: [{ path: '/path/name', rule: 'pattern', message }],
  })
}
