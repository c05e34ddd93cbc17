/** The action `send_email`: a record of `notifications` with addresses of its own. */
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { fixedId } from '../../../src/model/ids.ts'
import { mailChannelId } from '../../../src/notifications/channels.ts'
import { isMailAddress } from '../../../src/notifications/mail.ts'
import { cut, MESSAGE_CHARACTERS_MAX, oneLine } from '../../../src/notifications/message.ts'
import { notificationRecord } from '../../../src/notifications/notices.ts'
import { failed, type InwardCall, type StepAnswer } from './step.ts'

interface SendEmailInput {
  to: string | string[]
  cc?: string | string[]
  subject?: string
  html?: string
  text?: string
}

/** Of both lists. */
const ADDRESSES_MAX = 50
const TITLE_CHARACTERS_MAX = 150

export function mailOf(
  { live, effect, stepId, nowMs }: InwardCall,
  { view, shard }: { view: Pick<ControlView, 'appliedOffset'>; shard: number },
): { record?: OutRecord; answer: StepAnswer } {
  const { to, cc = [], subject = '', html = null, text = null } = effect.with as SendEmailInput
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
