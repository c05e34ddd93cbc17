/**
 * Templates of mails: text in which `{{customer.name}}` stands for a variable. In HTML every value is escaped; a subject is
 * one line. A variable that is not there is an error: no mail goes out with a hole in it.
 */
import { escapeHtml } from './notification-mail.ts'

export interface MailTexts {
  subject: string
  html: string | null
  text: string | null
}

export const MAIL_TEMPLATE_LIMITS = { subject: 500, text: 50_000, places: 200 } as const
/** Of a mail, once rendered. */
const RENDERED_CHARACTERS_MAX = 200_000

const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g
const NAME = /^[A-Za-z_][\w-]{0,63}(?:\.[\w-]{1,64}){0,9}$/

type Rendered = { ok: true; mail: MailTexts } | { ok: false; problem: string }

/** The problem of a text as a sentence without its subject; undefined when it can be used. */
export function mailTextProblem(text: string): string | undefined {
  const names = [...text.matchAll(PLACE)].map(([, name]) => name!)
  if (names.length > MAIL_TEMPLATE_LIMITS.places) return `must not have more than ${MAIL_TEMPLATE_LIMITS.places} places`
  const wrong = names.find(name => !NAME.test(name))
  if (wrong !== undefined) return `has {{${wrong}}}: a place is the name of a variable, such as {{customer.name}}`
  return text.replace(PLACE, '').includes('{{') ? 'has {{ without its end' : undefined
}

/** Texts and numbers as they are, everything else as JSON. */
export function renderMail({ subject, html, text }: MailTexts, variables: Record<string, unknown>): Rendered {
  const missing = new Set<string>()
  const fill = (template: string, written: (value: string) => string): string =>
    template.replace(PLACE, (_, name: string) => {
      const value = valueAt(variables, name.split('.'))
      if (value === undefined || value === null) missing.add(name)
      return written(typeof value === 'string' ? value : JSON.stringify(value ?? null))
    })
  const mail = {
    subject: fill(subject, value => value),
    html: html && fill(html, escapeHtml),
    text: text && fill(text, value => value),
  }
  if (missing.size > 0) return { ok: false, problem: `The template needs ${[...missing].join(', ')} in variables.` }
  const characters = mail.subject.length + (mail.html?.length ?? 0) + (mail.text?.length ?? 0)
  if (characters > RENDERED_CHARACTERS_MAX)
    return { ok: false, problem: 'The mail would be longer than 200,000 characters.' }
  return { ok: true, mail }
}

/** Only what the data itself has. */
function valueAt(values: unknown, path: readonly string[]): unknown {
  let value = values
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value
}
