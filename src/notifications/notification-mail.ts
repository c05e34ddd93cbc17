/** A notification as e-mail: the title is the subject, and values are escaped in the HTML. A mail is as it was written. */
import type { Mail } from './mail.ts'
import { cut, type Message, oneLine } from './message.ts'

const SUBJECT_CHARACTERS_MAX = 150

export function notificationMail(message: Message, to: string[]): Mail {
  const { mail = null } = message
  if (mail !== null) {
    const { cc, subject, text, html } = mail
    return { id: message.id, to, cc, subject, text: text ?? undefined, html: html ?? undefined }
  }
  return {
    id: message.id,
    to,
    subject: cut(oneLine(message.title ?? message.message).trim(), SUBJECT_CHARACTERS_MAX),
    text: `${message.message}\n`,
    html: message.message
      .split(/\n{2,}/)
      .map(paragraph => `<p>${escapeHtml(paragraph).replaceAll('\n', '<br>\n')}</p>`)
      .join('\n'),
  }
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, character => ESCAPES[character]!)
