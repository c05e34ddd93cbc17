/**
 * Templates of generic webhooks: JSON in which `{{title}}`, `{{message}}`, `{{severity}}` and `{{data.a.b}}` stand
 * inside strings. Every value is escaped as the inside of a JSON string, so whatever a message contains, the body is
 * JSON of the same shape.
 */
import { dataOf, type Message } from './message.ts'

export const TEMPLATE_BYTES_MAX = 8_192
/** A value may be long, and each place repeats it. */
const PLACES_MAX = 20

const PLACE = /\{\{\s*([^{}]*?)\s*\}\}/g
const NAME = /^(?:id|title|message|severity|environment|createdAt|data(?:\.[\w-]{1,100}){1,10})$/

/** The problem of a template as a sentence without its subject; undefined when it can be used. */
export function templateProblem(template: string): string | undefined {
  if (Buffer.byteLength(template) > TEMPLATE_BYTES_MAX) return `must not be larger than ${TEMPLATE_BYTES_MAX} bytes`
  const names = [...template.matchAll(PLACE)].map(([, name]) => name!)
  if (names.length > PLACES_MAX) return `must not have more than ${PLACES_MAX} places`
  const unknown = names.find(name => !NAME.test(name))
  if (unknown !== undefined)
    return `has {{${unknown}}}: use {{title}}, {{message}}, {{severity}}, {{environment}}, {{id}}, {{createdAt}} or {{data.…}}`
  // With a value that is a string, and one that is not there.
  if ([' x', ''].every(sample => isJson(template.replace(PLACE, sample)))) return undefined
  return 'must be JSON, with every {{place}} inside a string: {"text": "{{message}}"}'
}

/** A value that is not there is empty; one that is no text is its JSON. */
export function renderTemplate(template: string, message: Message): Buffer {
  const values: Record<string, unknown> = {
    id: message.id,
    title: message.title,
    message: message.message,
    severity: message.severity,
    environment: message.environment,
    createdAt: new Date(message.createdAtMs).toISOString(),
    data: dataOf(message),
  }
  return Buffer.from(template.replace(PLACE, (_, name: string) => escaped(valueAt(values, name.split('.')))))
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  let value = values
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value
}

function escaped(value: unknown): string {
  if (value === undefined || value === null) return ''
  return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value)).slice(1, -1)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
