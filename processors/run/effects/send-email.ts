/** The action `send_email`: a record of `notifications` with addresses of its own. */
import { findMailTemplate } from '../../../src/control-plane/workflows/mail-templates.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import type { Owner } from '../../../src/model/environments.ts'
import { fixedId } from '../../../src/model/ids.ts'
import { mailChannelId } from '../../../src/notifications/channels.ts'
import { isMailAddress } from '../../../src/notifications/mail.ts'
import { type MailTexts, renderMail } from '../../../src/notifications/mail-template.ts'
import { cut, MESSAGE_CHARACTERS_MAX, oneLine } from '../../../src/notifications/message.ts'
import { notificationRecord } from '../../../src/notifications/notices.ts'
import type { StepError } from '../../../src/workflows/interpreter/run.ts'
import { failed, type InwardCall, type StepAnswer } from './step.ts'

interface SendEmailInput {
  to: string | string[]
  cc?: string | string[]
  subject?: string
  html?: string | null
  text?: string | null
  template?: string
  variables?: Record<string, unknown>
}

/** Of both lists. */
const ADDRESSES_MAX = 50
const TITLE_CHARACTERS_MAX = 150

export function mailOf(
  { live, effect, stepId, nowMs }: InwardCall,
  { view, shard }: { view: Pick<ControlView, 'appliedOffset' | 'find'>; shard: number },
): { record?: OutRecord; answer: StepAnswer } {
  const given = effect.with as SendEmailInput
  const texts = textsOf(live.facts, given, view)
  if ('error' in texts) return { answer: texts }
  const { to, cc = [] } = given
  const { subject, html, text } = texts
  const mail = { to: distinct(to), cc: distinct(cc), subject: oneLine(subject).trim(), html, text }
  const problem = problemOf(mail)
  if (problem !== undefined) return { answer: failed('with_invalid', problem) }
  const { organizationId, environment, workflowId, startedAtMs } = live.facts
  const id = fixedId('ntf', stepId, startedAtMs)
  const record = notificationRecord(
    {
      ...{ id, organizationId, environment, channelId: mailChannelId(organizationId), kind: null, severity: 'info' },
      ...{
        title: cut(mail.subject, TITLE_CHARACTERS_MAX),
        message: cut(text ?? wordsOf(html!), MESSAGE_CHARACTERS_MAX),
      },
      ...{ data: JSON.stringify({ to: mail.to, cc: mail.cc }), dedupeKey: null, dedupeMs: 0, mail },
      ...{ sourceKind: 'workflow', sourceId: workflowId, isRepeatable: false, createdAtMs: nowMs },
      controlOffset: view.appliedOffset,
    },
    shard,
  )
  return { record, answer: { output: { messageId: id, status: 'queued' } } }
}

/** Its own, or those of the template as it is now. */
function textsOf(
  owner: Owner,
  { template, variables = {}, subject = '', html = null, text = null }: SendEmailInput,
  view: Pick<ControlView, 'find'>,
): MailTexts | { error: StepError } {
  if (template === undefined) return { subject, html, text }
  const found = findMailTemplate(view, owner, template)
  if (found === undefined) return failed('not_found', `There is no mail template '${template}'.`)
  const rendered = renderMail(found, variables)
  return rendered.ok ? rendered.mail : failed('with_invalid', rendered.problem)
}

const distinct = (addresses: string | string[]): string[] => [...new Set([addresses].flat().map(each => each.trim()))]

function problemOf({ to, cc, subject, html, text }: { to: string[]; cc: string[] } & Record<string, unknown>) {
  if (to.length === 0) return 'to has no address.'
  if (to.length + cc.length > ADDRESSES_MAX) return `to and cc have more than ${ADDRESSES_MAX} addresses.`
  const wrong = [...to, ...cc].find(address => !isMailAddress(address))
  if (wrong !== undefined)
    return `'${cut(oneLine(wrong), 100)}' is not an e-mail address: write name@domain, one per entry.`
  if (subject === '') return 'subject is empty.'
  return html === null && text === null ? 'The mail has neither text nor html.' : undefined
}

/** For the history, not for a mail program. */
const wordsOf = (html: string): string =>
  html
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
