/** Keywords for values of any type, numbers and strings. The messages equal Ajv's, which clients know. */

import { identityOf } from '../../json/canonical-json.ts'
import { ExactNumber } from '../../json/exact-number.ts'
import { formatOf } from '../formats.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { isMultipleOf } from './multiple-of.ts'
import { ANY_KIND, fault, KINDS, type Making, type Node, type Run } from './node.ts'
import { spend } from './work.ts'

/** `enum`, `const` or `format`. */
export interface Allowed {
  rule: string
  holds(value: unknown): boolean
  message: string
}

/** A keyword for numbers, and its value. */
export interface Bound {
  rule: keyof typeof BOUNDS
  value: number
}

export function prepareValues(node: Node, schema: SchemaObject, making: Making): void {
  const { type, maxLength, minLength, pattern } = schema
  if (type !== undefined) node.kinds = kindsOf(Array.isArray(type) ? type : [type])
  if (typeof maxLength === 'number') node.maxLength = maxLength
  if (typeof minLength === 'number') node.minLength = minLength
  if (typeof pattern === 'string') node.pattern = making.pattern(pattern)
  const allowed = allowedBy(schema, making)
  if (allowed.length > 0) node.isAllowed = allowed
  const rules = (Object.keys(BOUNDS) as Array<Bound['rule']>).filter(rule => typeof schema[rule] === 'number')
  if (rules.length > 0) node.bounds = rules.map(rule => ({ rule, value: schema[rule] as number }))
}

export function kindOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return KINDS.string
    case 'number':
      if (Number.isInteger(value)) return KINDS.integer
      return Number.isFinite(value) ? KINDS.fraction : KINDS.infinite
    case 'boolean':
      return KINDS.boolean
    default:
      if (value === null) return KINDS.null
      if (Array.isArray(value)) return KINDS.array
      return value instanceof ExactNumber ? kindOfExact(value) : KINDS.object
  }
}

function kindOfExact(value: ExactNumber): number {
  if (!Number.isFinite(value.nearest)) return KINDS.infinite
  return value.isInteger ? KINDS.integer : KINDS.fraction
}

function kindsOf(names: unknown[]): number {
  let kinds = 0
  for (const name of names) {
    if (name === 'number') kinds |= KINDS.integer | KINDS.fraction
    else if (typeof name === 'string' && Object.hasOwn(KINDS, name)) kinds |= KINDS[name as keyof typeof KINDS]
  }
  return kinds & ANY_KIND
}

/** The fault of a value whose type the schema does not accept. */
export function kindFault({ schema }: Node, run: Run): false {
  if (typeof schema === 'boolean') return fault(run, 'false schema', 'boolean schema is false')
  return fault(run, 'type', `must be ${schema.type}`)
}

export function judgeAllowed(allowed: Allowed[], value: unknown, run: Run): boolean {
  let holds = true
  for (const each of allowed) {
    if (each.holds(value)) continue
    holds = fault(run, each.rule, each.message)
    if (run.room === 0) return false
  }
  return holds
}

function allowedBy(schema: SchemaObject, { options }: Making): Allowed[] {
  const allowed: Allowed[] = []
  if (Array.isArray(schema.enum)) {
    allowed.push({
      rule: 'enum',
      holds: membership(schema.enum),
      message: `must be equal to one of the allowed values: ${listed(schema.enum)}`,
    })
  }
  if (Object.hasOwn(schema, 'const'))
    allowed.push({
      rule: 'const',
      holds: membership([schema.const]),
      message: `must be equal to constant ${listed([schema.const])}`,
    })
  const { format } = schema
  if (typeof format === 'string' && options.formats === 'assert') {
    const holds = formatOf(format)
    if (holds) allowed.push({ rule: 'format', holds, message: `must match format "${format}"` })
  }
  return allowed
}

const TOLD_CHARACTERS_MAX = 200

/** The values as text, as many as fit into a message. */
function listed(values: unknown[]): string {
  const texts: string[] = []
  let room = TOLD_CHARACTERS_MAX
  for (const value of values) {
    const text = JSON.stringify(value)
    room -= text.length
    if (room < 0) return [...texts, '…'].join(', ')
    texts.push(text)
  }
  return texts.join(', ')
}

/** Equality of JSON values, in time that does not grow with the list. */
function membership(allowed: unknown[]): (value: unknown) => boolean {
  const strings = new Set(allowed.filter(value => typeof value === 'string'))
  const identities = new Set(allowed.filter(value => typeof value !== 'string').map(identityOf))
  return value =>
    typeof value === 'string' ? strings.has(value) : identities.size > 0 && identities.has(identityOf(value))
}

const BOUNDS = {
  maximum: { holds: (value: number, bound: number) => value <= bound, must: '<=' },
  minimum: { holds: (value: number, bound: number) => value >= bound, must: '>=' },
  exclusiveMaximum: { holds: (value: number, bound: number) => value < bound, must: '<' },
  exclusiveMinimum: { holds: (value: number, bound: number) => value > bound, must: '>' },
  multipleOf: { holds: isMultipleOf, must: 'multiple of' },
} as const

function holdsExactly(rule: Bound['rule'], value: ExactNumber, bound: number): boolean {
  // It may have as many digits as a payload has bytes.
  spend(value.decimal.digits.length)
  return rule === 'multipleOf' ? isMultipleOf(value, bound) : BOUNDS[rule].holds(value.compareTo(bound), 0)
}

export function judgeNumber(bounds: Bound[], value: number | ExactNumber, run: Run): boolean {
  let holds = true
  for (const { rule, value: bound } of bounds) {
    if (typeof value === 'number' ? BOUNDS[rule].holds(value, bound) : holdsExactly(rule, value, bound)) continue
    holds = fault(run, rule, `must be ${BOUNDS[rule].must} ${bound}`)
    if (run.room === 0) return false
  }
  return holds
}

export function judgeText({ maxLength, minLength, pattern, schema }: Node, value: string, run: Run): boolean {
  let holds = true
  if (maxLength !== undefined && isLonger(value, maxLength)) {
    holds = fault(run, 'maxLength', `must NOT have more than ${maxLength} characters`)
    if (run.room === 0) return false
  }
  if (minLength !== undefined && !isLonger(value, minLength - 1)) {
    holds = fault(run, 'minLength', `must NOT have fewer than ${minLength} characters`)
    if (run.room === 0) return false
  }
  if (pattern === undefined || pattern.test(value)) return holds
  return fault(run, 'pattern', `must match pattern "${(schema as SchemaObject).pattern}"`)
}

/** Whether a text has more characters (Unicode code points) than `length`. */
function isLonger(text: string, length: number): boolean {
  if (text.length <= length) return false
  if (text.length > 2 * length + 1) return true
  let count = 0
  for (const _ of text) if (++count > length) return true
  return false
}
