/** Templates of mails, by name within an environment. */
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { MailTemplate } from '../../model/mail-templates.ts'
import type { WorkflowVersion } from '../../model/workflows.ts'
import { mailTextProblem } from '../../notifications/mail-template.ts'
import { deployedDefinition } from '../../workflows/deployed-definition.ts'
import { eachAction } from '../../workflows/language/definition.ts'
import type { Caller } from '../store/announce.ts'
import { getOrganization } from '../store/get-organization.ts'
import { checkRevision, revised } from '../store/revision.ts'
import { refuseInUse } from './in-use.ts'
import { environmentId, type VariablesDeps } from './variables.ts'
import { quotaExceeded } from './workflow-plan.ts'

export const MAIL_TEMPLATES_MAX = 100

export interface MailTemplateSettings {
  subject: string
  html?: string | null
  text?: string | null
}

export interface MailTemplates {
  /** Makes it, or replaces its texts. Errors: `validation_failed`, `workflow_quota_exceeded`, `revision_conflict`. */
  set(
    caller: Caller,
    owner: Owner,
    name: string,
    settings: MailTemplateSettings,
    revision?: number,
  ): Promise<MailTemplate>
  /** Errors: `not_found`, `in_use`, `revision_conflict`. */
  delete(caller: Caller, owner: Owner, name: string, revision?: number): Promise<void>
}

type View = Pick<ControlView, 'find' | 'list'>

export function createMailTemplates({
  store,
  ids,
  clock,
  announce,
  view,
}: Pick<VariablesDeps, 'store' | 'ids' | 'clock' | 'announce'> & { view: View }): MailTemplates {
  const announced = (caller: Caller, { organizationId, environment }: Owner, name: string, what: 'SET' | 'DELETED') =>
    announce(caller, {
      ...{ organizationId, type: `MAIL_TEMPLATE_${what}`, entityType: 'mail-template' as const },
      ...{ entityId: environmentId(environment, name), data: { name } },
    })

  return {
    async set(caller, owner, name, { subject, html = null, text = null }, revision) {
      const fields = { subject, html, text }
      checkTexts(fields)
      return store.change(ids.next('chg'), current => {
        getOrganization(current, owner.organizationId)
        const id = environmentId(owner.environment, name)
        const before = current.find('mail-template', owner.organizationId, id)
        checkRevision(before ?? { revision: 0 }, revision)
        if (before === undefined) checkRoom(current, owner)
        const now = new Date(clock.nowMs()).toISOString()
        const record: MailTemplate =
          before === undefined
            ? { id, ...owner, revision: 1, createdAt: now, updatedAt: now, name, ...fields }
            : revised(before, fields, clock.nowMs())
        return {
          records: [{ kind: 'mail-template', record }],
          changes: [announced(caller, owner, name, 'SET')],
          result: record,
        }
      })
    },
    async delete(caller, owner, name, revision) {
      getMailTemplate(view, owner, name)
      // Definitions are read in front of the one writer, as a deploy reads them.
      refuseInUse(view, owner, name, usesMailTemplate(name))
      await store.change(ids.next('chg'), current => {
        checkRevision(getMailTemplate(current, owner, name), revision)
        const { organizationId, environment } = owner
        return {
          records: [{ kind: 'mail-template', remove: { organizationId, id: environmentId(environment, name) } }],
          changes: [announced(caller, owner, name, 'DELETED')],
          result: undefined,
        }
      })
    },
  }
}

export const findMailTemplate = (
  view: Pick<ControlView, 'find'>,
  { organizationId, environment }: Owner,
  name: string,
): MailTemplate | undefined => view.find('mail-template', organizationId, environmentId(environment, name))

/** Throws `not_found`. */
export function getMailTemplate(view: Pick<ControlView, 'find'>, owner: Owner, name: string): MailTemplate {
  const found = findMailTemplate(view, owner, name)
  if (found === undefined) throw new ClarionError('not_found', 'There is no mail template of this name.')
  return found
}

function checkTexts(texts: Pick<MailTemplate, 'subject' | 'html' | 'text'>): void {
  if (texts.html === null && texts.text === null) throw wrong('/text', 'required', 'is needed, or html')
  for (const [field, text] of Object.entries(texts)) {
    const problem = text === null ? undefined : mailTextProblem(text)
    if (problem !== undefined) throw wrong(`/${field}`, 'template', problem)
  }
  if (/[\r\n]/.test(texts.subject)) throw wrong('/subject', 'one_line', 'must be one line')
}

function wrong(path: string, rule: string, message: string): ClarionError {
  return new ClarionError('validation_failed', `${path} ${message}.`, { details: [{ path, rule, message }] })
}

function checkRoom(current: Pick<ControlView, 'list'>, { organizationId, environment }: Owner): void {
  const used = current.list('mail-template', organizationId).filter(each => each.environment === environment)
  if (used.length >= MAIL_TEMPLATES_MAX)
    throw quotaExceeded(
      `An environment has at most ${MAIL_TEMPLATES_MAX} mail templates: delete one that is not needed.`,
    )
}

function usesMailTemplate(name: string): (live: WorkflowVersion) => boolean {
  return live =>
    [...eachAction(deployedDefinition(live))].some(
      ({ action }) => action.type === 'send_email' && action.with.template === name,
    )
}
