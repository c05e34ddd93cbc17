/**
 * The syntax of templates: text with expressions, each a path and filters.
 *
 *     Order {{$body.id}} of {{$body.customer.name | trim | default: 'nobody'}}
 *
 * `\{{` is two braces, `\\{{` a backslash before an expression. There are no calls, operators or code.
 */
import { segmentsOf } from '../../events/condition-paths.ts'
import { readJson } from '../../json/read-json.ts'
import { FILTERS, type FilterName } from './filters.ts'
import { type Reference, referenceOf } from './references.ts'

export interface Expression {
  /** Without the braces. */
  source: string
  reference: Reference
  filters: Array<{ name: FilterName; argument?: unknown }>
}

export type Template = Array<string | Expression>

/** Why a text is no template. */
export interface TemplateProblem {
  rule: 'template_syntax' | 'unknown_scope' | 'unknown_filter'
  message: string
}

const FILTERS_MAX = 10
const OPENING = '{{'

/** Whether a text has an expression; escaped braces are none. */
export function hasTemplate(text: string): boolean {
  for (let at = text.indexOf(OPENING); at >= 0; at = text.indexOf(OPENING, at + 2))
    if (backslashesBefore(text, at) % 2 === 0) return true
  return false
}

/** The parts of a text, in order: what is written, and what is computed. */
export function parseTemplate(
  text: string,
): { ok: true; template: Template } | { ok: false; problem: TemplateProblem } {
  const template: Template = []
  let literal = ''
  let at = 0
  for (let open = text.indexOf(OPENING); open >= 0; open = text.indexOf(OPENING, at)) {
    const slashes = Math.min(backslashesBefore(text, open), open - at)
    literal += text.slice(at, open - slashes) + '\\'.repeat(slashes >> 1)
    if (slashes % 2 === 1) {
      literal += OPENING
      at = open + OPENING.length
      continue
    }
    const close = closingBraces(text, open + OPENING.length)
    if (close < 0)
      return syntax(`'${shown(text.slice(open))}' has no closing braces: write \\{{ for braces that are text`)
    const read = parseExpression(text.slice(open + OPENING.length, close))
    if (!read.ok) return read
    if (literal !== '') template.push(literal)
    literal = ''
    template.push(read.expression)
    at = close + OPENING.length
  }
  literal += text.slice(at)
  if (literal !== '') template.push(literal)
  return { ok: true, template }
}

type Read = { ok: true; expression: Expression } | { ok: false; problem: TemplateProblem }

function parseExpression(inner: string): Read {
  const source = inner.trim()
  const [path = '', ...pipes] = splitOutsideQuotes(source, '|').map(part => part.trim())
  if (path === '') return syntax('an expression is empty: write a reference such as {{$body.id}}')
  if (pipes.length > FILTERS_MAX) return syntax(`'${shown(source)}' has more than ${FILTERS_MAX} filters`)
  const segments = segmentsOf(path)
  if (segments === undefined)
    return syntax(`'${shown(path)}' is no path: write names with dots, and indexes or quoted keys in brackets`)
  const found = referenceOf(segments)
  if (!found.ok) return { ok: false, problem: found }
  const filters: Expression['filters'] = []
  for (const pipe of pipes) {
    const filter = parseFilter(pipe)
    if (!filter.ok) return filter
    filters.push(filter.filter)
  }
  return { ok: true, expression: { source, reference: found.reference, filters } }
}

function parseFilter(
  text: string,
): { ok: true; filter: Expression['filters'][number] } | { ok: false; problem: TemplateProblem } {
  const colon = text.indexOf(':')
  const name = (colon < 0 ? text : text.slice(0, colon)).trim()
  if (!Object.hasOwn(FILTERS, name))
    return unknownFilter(`'${shown(name)}' is no filter: there are ${Object.keys(FILTERS).join(', ')}`)
  const argument = colon < 0 ? undefined : literalOf(text.slice(colon + 1).trim())
  const objection =
    colon >= 0 && argument === undefined
      ? "takes a literal, such as 5 or 'text', after the colon"
      : FILTERS[name as FilterName].objection(argument)
  if (objection !== undefined) return unknownFilter(`the filter ${name} ${objection}`)
  return { ok: true, filter: { name: name as FilterName, ...(argument === undefined ? {} : { argument }) } }
}

/** A number, `true`, `false`, `null`, `[]`, `{}`, or a text in either kind of quotes, without escapes. */
function literalOf(text: string): unknown {
  if (/^(?:'[^']*'|"[^"]*")$/.test(text)) return text.slice(1, -1)
  if (!/^(?:-?[\d.eE+-]{1,30}|true|false|null|\[\]|\{\})$/.test(text)) return undefined
  try {
    return readJson(text)
  } catch {
    return undefined
  }
}

/** Position of the next `}}` that is in no quotes. */
function closingBraces(text: string, from: number): number {
  let quote = ''
  for (let at = from; at < text.length; at++) {
    const character = text[at]!
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '}' && text[at + 1] === '}') {
      // `{{ … | default: {}}}`: the braces of the literal come first.
      return text[at - 1] === '{' && text[at + 2] === '}' ? at + 1 : at
    }
  }
  return -1
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = []
  let quote = ''
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === separator) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  return [...parts, text.slice(from)]
}

function backslashesBefore(text: string, at: number): number {
  let from = at
  while (text[from - 1] === '\\') from--
  return at - from
}

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
const syntax = (message: string): { ok: false; problem: TemplateProblem } => ({
  ok: false,
  problem: { rule: 'template_syntax', message },
})
const unknownFilter = (message: string): { ok: false; problem: TemplateProblem } => ({
  ok: false,
  problem: { rule: 'unknown_filter', message },
})
