/**
 * Texts of notices: a subject, plain text, and the same as HTML. Values from outside are escaped in the HTML, and kept
 * to one line in the subject.
 */
import type { NoticeKind } from '../../topics/delivery-state.ts'

export interface NoticeFacts {
  kind: NoticeKind
  organizationName: string
  webhookId: string
  webhookName: string | null
  url: string
  deliveryId: string
  error: string | null
  /** ISO 8601. */
  occurredAt: string
}

export interface NoticeText {
  subject: string
  text: string
  html: string
}

const SUBJECT_CHARACTERS_MAX = 150

const STORIES: Record<NoticeKind, { subject: string; lines: string[] }> = {
  failing: {
    subject: 'is failing',
    lines: [
      'Attempts to deliver to this webhook fail one after the other, or a delivery has used up its attempts: the webhook is marked as failing.',
      'It stays active: its deliveries are still tried. When one succeeds you will hear that it has recovered.',
      'What has failed for good is among the dead letters and can be redriven once the endpoint works again.',
    ],
  },
  gone: {
    subject: 'was switched off: its endpoint is gone',
    lines: [
      'The endpoint answered 410 Gone, so the webhook is marked as failing and was switched off at once.',
      'Once it has another URL, activate it again: what was emitted meanwhile is delivered then.',
    ],
  },
  disabled: {
    subject: 'was switched off after failing for too long',
    lines: [
      'The webhook has been failing for as long as its setting autoDisableAfterDays allows, and was switched off.',
      'Once the endpoint works again, activate it: what was emitted meanwhile is delivered then.',
    ],
  },
  recovered: {
    subject: 'has recovered',
    lines: [
      'A delivery to this webhook has succeeded: it is healthy again.',
      'What failed before is among the dead letters and can be redriven.',
    ],
  },
}

export function noticeText(facts: NoticeFacts): NoticeText {
  const story = STORIES[facts.kind]
  const details: Array<[string, string]> = [
    ['Organization', facts.organizationName],
    ['Webhook', facts.webhookName === null ? facts.webhookId : `${facts.webhookName} (${facts.webhookId})`],
    ['URL', facts.url],
    ['Delivery', facts.deliveryId],
    ...(facts.error === null ? [] : [['Last error', facts.error] as [string, string]]),
    ['Time', facts.occurredAt],
  ]
  const name = facts.webhookName ?? facts.webhookId
  return {
    subject: oneLine(`Webhook ${name} ${story.subject}`).slice(0, SUBJECT_CHARACTERS_MAX),
    text: `${story.lines.join('\n')}\n\n${details.map(([label, value]) => `${label}: ${oneLine(value)}`).join('\n')}\n`,
    html: [
      ...story.lines.map(line => `<p>${escapeHtml(line)}</p>`),
      `<table>${details.map(([label, value]) => `<tr><th align="left">${label}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>`,
    ].join('\n'),
  }
}

const oneLine = (text: string) => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, character => ESCAPES[character]!)
