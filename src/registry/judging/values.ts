/** Keywords about values of any type, numbers and strings. Messages are those of Ajv, which clients know. */
import { identityOf } from '../canonical-json.ts'
import { formatOf } from '../formats.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { type Check, fault, type Making } from './judge.ts'
import { isMultipleOf } from './multiple-of.ts'

export function valueChecks(schema: SchemaObject, making: Making): Check[] {
  return [
    ...typeChecks(schema),
    ...equalityChecks(schema),
    ...numberChecks(schema),
    ...stringChecks(schema, making),
    ...formatChecks(schema, making),
  ]
}

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: value => typeof value === 'string',
  // What double precision turned to infinity is no number that was sent.
  number: value => typeof value === 'number' && Number.isFinite(value),
  integer: value => Number.isInteger(value),
  boolean: value => typeof value === 'boolean',
  null: value => value === null,
  array: value => Array.isArray(value),
  object: value => typeof value === 'object' && value !== null && !Array.isArray(value),
}

function typeChecks({ type }: SchemaObject): Check[] {
  if (type === undefined) return []
  const names = (Array.isArray(type) ? type : [type]).filter((name): name is string => typeof name === 'string')
  const tests = names.flatMap(name => TYPES[name] ?? [])
  const message = `must be ${names.join(',')}`
  const [test] = tests
  if (test && tests.length === 1) return [(value, run) => test(value) || fault(run, 'type', message)]
  return [(value, run) => tests.some(each => each(value)) || fault(run, 'type', message)]
}

function equalityChecks(schema: SchemaObject): Check[] {
  const checks: Check[] = []
  if (Array.isArray(schema.enum)) {
    const isAllowed = membership(schema.enum)
    checks.push((value, run) => isAllowed(value) || fault(run, 'enum', 'must be equal to one of the allowed values'))
  }
  if (Object.hasOwn(schema, 'const')) {
    const isAllowed = membership([schema.const])
    checks.push((value, run) => isAllowed(value) || fault(run, 'const', 'must be equal to constant'))
  }
  return checks
}

/** Equality is that of JSON values, and asked in time that does not grow with the list. */
function membership(allowed: unknown[]): (value: unknown) => boolean {
  const strings = new Set(allowed.filter(value => typeof value === 'string'))
  const identities = new Set(allowed.filter(value => typeof value !== 'string').map(identityOf))
  return value => (typeof value === 'string' ? strings.has(value) : identities.size > 0 && identities.has(identityOf(value)))
}

type NumberTest = (value: number, bound: number) => boolean

const BOUNDS: Readonly<Record<string, { holds: NumberTest; must: string }>> = {
  maximum: { holds: (value, bound) => value <= bound, must: '<=' },
  minimum: { holds: (value, bound) => value >= bound, must: '>=' },
  exclusiveMaximum: { holds: (value, bound) => value < bound, must: '<' },
  exclusiveMinimum: { holds: (value, bound) => value > bound, must: '>' },
  multipleOf: { holds: isMultipleOf, must: 'multiple of' },
}

function numberChecks(schema: SchemaObject): Check[] {
  return Object.entries(BOUNDS).flatMap(([keyword, { holds, must }]) => {
    const bound = schema[keyword]
    if (typeof bound !== 'number') return []
    const message = `must be ${must} ${bound}`
    const check: Check = (value, run) => typeof value !== 'number' || holds(value, bound) || fault(run, keyword, message)
    return [check]
  })
}

function stringChecks({ maxLength, minLength, pattern }: SchemaObject, making: Making): Check[] {
  const checks: Check[] = []
  if (typeof maxLength === 'number') {
    const message = `must NOT have more than ${maxLength} characters`
    checks.push((value, run) => typeof value !== 'string' || !isLonger(value, maxLength) || fault(run, 'maxLength', message))
  }
  if (typeof minLength === 'number') {
    const message = `must NOT have fewer than ${minLength} characters`
    checks.push((value, run) => typeof value !== 'string' || isLonger(value, minLength - 1) || fault(run, 'minLength', message))
  }
  if (typeof pattern === 'string') {
    const compiled = making.pattern(pattern)
    const message = `must match pattern "${pattern}"`
    checks.push((value, run) => typeof value !== 'string' || compiled.test(value) || fault(run, 'pattern', message))
  }
  return checks
}

/** Whether a text has more characters (Unicode code points) than `length`. */
function isLonger(text: string, length: number): boolean {
  if (text.length <= length) return false
  if (text.length > 2 * length + 1) return true
  let count = 0
  for (const _ of text) if (++count > length) return true
  return false
}

function formatChecks({ format }: SchemaObject, { options }: Making): Check[] {
  if (typeof format !== 'string' || options.formats === 'annotate') return []
  const holds = formatOf(format, options.flavour)
  if (!holds) throw new SyntaxError(`unknown format "${format}" is used`)
  const message = `must match format "${format}"`
  return [(value, run) => holds(value) || fault(run, 'format', message)]
}
