/** Whether a form accepts a value; undefined where nothing is known (`unevaluated…`, references with a choice). */
import { identityOf } from '../../json/canonical-json.ts'
import { isJsonObject } from '../../json/json-pointer.ts'
import type { Pattern } from '../../json/patterns.ts'
import { formatOf } from '../formats.ts'
import { isMultipleOf } from '../validation/multiple-of.ts'
import type { AtomOf, Form } from './form.ts'
import { kindOf } from './json-types.ts'
import { spend } from './proof-work.ts'

export type PatternOf = (text: string) => Pattern
type Answer = boolean | undefined

export function holds(form: Form, value: unknown, pattern: PatternOf): Answer {
  spend(0.1)
  const below = (part: Form, each: unknown): Answer => holds(part, each, pattern)
  switch (form.kind) {
    case 'all':
      return every(form.parts, part => below(part, value))
    case 'any':
      return negated(every(form.parts, part => negated(below(part, value))))
    case 'one':
      return exactlyOne(form.parts.map(part => below(part, value)))
    case 'not':
      return negated(below(form.part, value))
    case 'types':
      return (form.of & kindOf(value)) !== 0
    case 'values':
      return form.simple.has(value) || (typeof value === 'object' && form.keys.has(identityOf(value)))
    case 'opaque':
      return (form.guards & kindOf(value)) === 0 ? true : undefined
    case 'format':
      return formatOf(form.name)?.(value) ?? true
    case 'bound':
      return withinBound(form, value)
    case 'multiple':
      return typeof value !== 'number' || isMultipleOf(value, form.divisor)
    case 'pattern':
      return typeof value !== 'string' || pattern(form.text).test(value)
    case 'unique':
    case 'list':
    case 'contains':
      return !Array.isArray(value) || ofItems(form, value, below)
    default:
      return !isJsonObject(value) || ofMembers(form, value, below, pattern)
  }
}

const negated = (answer: Answer): Answer => (answer === undefined ? undefined : !answer)

function every<Each>(list: Iterable<Each>, test: (each: Each) => Answer): Answer {
  let isKnown = true
  for (const each of list) {
    const answer = test(each)
    if (answer === false) return false
    if (answer === undefined) isKnown = false
  }
  return isKnown || undefined
}

function exactlyOne(answers: Answer[]): Answer {
  const count = answers.filter(Boolean).length
  if (count > 1) return false
  return answers.includes(undefined) ? undefined : count === 1
}

function withinBound({ of, side, limit, exclusive }: AtomOf<'bound'>, value: unknown): boolean {
  const size = sizeOf(of, value)
  if (size === undefined) return true
  if (size === limit) return !exclusive
  return side === 'min' ? size > limit : size < limit
}

function sizeOf(of: AtomOf<'bound'>['of'], value: unknown): number | undefined {
  if (of === 'number') return typeof value === 'number' ? value : undefined
  if (of === 'length') return typeof value === 'string' ? charactersIn(value) : undefined
  if (of === 'items') return Array.isArray(value) ? value.length : undefined
  return isJsonObject(value) ? Object.keys(value).length : undefined
}

const charactersIn = (text: string): number => (/[\ud800-\udfff]/.test(text) ? [...text].length : text.length)

function ofItems(
  form: AtomOf<'unique' | 'list' | 'contains'>,
  items: unknown[],
  below: (part: Form, value: unknown) => Answer,
): Answer {
  if (form.kind === 'unique') return new Set(items.map(identityOf)).size === items.length
  if (form.kind === 'list')
    return every(items.entries(), ([index, item]) => below(form.places[index] ?? form.rest, item))
  const answers = items.map(item => below(form.part, item))
  const count = answers.filter(Boolean).length
  if (count > form.max) return false
  return answers.includes(undefined) ? undefined : count >= form.min
}

function ofMembers(
  form: AtomOf<'has' | 'members' | 'names'>,
  object: Record<string, unknown>,
  below: (part: Form, value: unknown) => Answer,
  pattern: PatternOf,
): Answer {
  if (form.kind === 'has') return Object.hasOwn(object, form.name)
  if (form.kind === 'names') return every(Object.keys(object), name => below(form.part, name))
  return every(Object.entries(object), ([name, value]) =>
    every(formsFor(form, name, pattern), part => below(part, value)),
  )
}

/** The forms that a member of this name must satisfy. */
export function formsFor({ named, patterns, others }: AtomOf<'members'>, name: string, pattern: PatternOf): Form[] {
  const own = named.get(name)
  const found = own ? [own] : []
  for (const [text, form] of patterns) if (pattern(text).test(name)) found.push(form)
  return found.length === 0 ? [others] : found
}
