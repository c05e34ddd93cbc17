/** Templates compiled to closures. A text that is exactly one expression keeps the value's type. */
import { follow, type Resolve } from '../../events/condition-paths.ts'
import type { Evaluation } from './evaluation.ts'
import { FILTERS, type Filter } from './filters.ts'
import type { Reference } from './references.ts'
import { type Expression, parseTemplate, type Template } from './template-syntax.ts'
import { textOf } from './text.ts'

export type Compiled = Resolve<Evaluation>
/** How a value is written at its place; throws `TemplateError` for one that cannot be there. */
export type Write = (value: unknown) => string

/** The parts of a text that has been checked. @throws for one that is no template. */
export function templateOf(text: string): Template {
  const parsed = parseTemplate(text)
  if (!parsed.ok) throw new Error(parsed.problem.message)
  return parsed.template
}

/** A text at a place that takes any value. */
export function compileValueText(text: string): Compiled {
  const template = templateOf(text)
  const [only] = template
  if (template.length === 1 && typeof only === 'object') return compileExpression(only)
  return compileText(template, textOf)
}

/** A text that stays one. */
export function compileText(template: Template, write: Write): (evaluation: Evaluation) => string {
  const parts = template.map(part => (typeof part === 'string' ? part : compileExpression(part)))
  if (parts.every(part => typeof part === 'string')) {
    const constant = parts.join('')
    return () => constant
  }
  return evaluation => {
    let text = ''
    for (const part of parts) {
      if (typeof part === 'string') text += part
      else {
        const written = write(part(evaluation))
        evaluation.spend(written.length)
        text += written
      }
    }
    return text
  }
}

/** A JSON value, of which every string may be a template; undefined where nothing is computed. */
export function compileValue(value: unknown): Compiled | undefined {
  if (typeof value === 'string') return value.includes('{{') ? compileValueText(value) : undefined
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    const members = value.map(compileValue)
    if (members.every(member => member === undefined)) return undefined
    return evaluation => members.map((member, index) => (member ? member(evaluation) : value[index]))
  }
  const members = Object.entries(value).map(([key, member]) => [key, member, compileValue(member)] as const)
  if (members.every(([, , compiled]) => compiled === undefined)) return undefined
  return evaluation => {
    const made: Record<string, unknown> = {}
    for (const [key, member, compiled] of members) setOwn(made, key, compiled ? compiled(evaluation) : member)
    return made
  }
}

/** Null where a value is missing, and undefined never. */
export function compileExpression(expression: Expression): Compiled {
  const read = compileReference(expression.reference)
  const { source, reference, filters } = expression
  const steps = filters.map(({ name, argument }) => ({ name, argument, filter: FILTERS[name] as Filter }))
  const hasDefault = filters.some(({ name }) => name === 'default')
  return evaluation => {
    let value = read(evaluation)
    if (value === undefined) {
      if (!hasDefault) evaluation.missing(source, reference)
      value = null
    }
    for (const { name, argument, filter } of steps) {
      if (value === null) {
        if (name === 'default') value = argument
        continue
      }
      const next = filter.apply(value, argument)
      if (next === undefined) evaluation.mismatch(source, name)
      value = next ?? null
      if (typeof value === 'string') evaluation.spend(value.length)
    }
    return value
  }
}

/** Undefined where there is no such value. */
export function compileReference({ scope, key, rest }: Reference): Compiled {
  const from = rootOf(scope, key)
  return rest.length === 0 ? from : evaluation => follow(from(evaluation), rest)
}

function rootOf(scope: Reference['scope'], key: string | undefined): Compiled {
  if (key === undefined) return evaluation => evaluation.root(scope)
  if (scope === '$action') return evaluation => evaluation.action(key)
  if (scope === '$var') return evaluation => evaluation.variable(key)
  return evaluation => evaluation.environment(key)
}

/** `__proto__` is plain data. */
export function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else object[key] = value
}
