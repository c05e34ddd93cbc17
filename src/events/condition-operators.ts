/**
 * The operators of conditions (docs/specification/events.md#conditions). Values are not coerced, except a text that
 * looks like a number beside a number literal under `coerce: true`. A comparison of values that cannot be compared is
 * false.
 */
import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from '../json/json-pointer.ts'
import { compilePattern, type Pattern } from '../json/patterns.ts'
import { parseTime } from '../model/time.ts'

/**
 * Budgets for pattern matching, in instructions of the pattern times characters of the text: about 0.4 µs each at
 * worst. `match` bounds one match; `event` bounds all matches of one event, because an organization may have many
 * webhooks and shares its shard. A match over budget is false.
 */
export const PATTERN_WORK = { match: 100_000, event: 1_000_000 } as const
const REGEX_INPUT_CHARACTERS_MAX = 10_240

/** The budget that is left for one event. */
export interface Work {
  left: number
}

/** A literal for a time: `{ "date": "2026-01-01" }`. */
export interface DateOperand {
  date: string
}

export const isDateOperand = (value: unknown): value is DateOperand =>
  typeof value === 'object' && value !== null && 'date' in value && typeof value.date === 'string'

/** An operand that is another value of the event: `{ "path": "payload.limit" }`. */
export const isVariable = (value: unknown): value is { path: string } =>
  isJsonObject(value) && typeof value.path === 'string' && Object.keys(value).length === 1

type Operator = (left: unknown, right: unknown, work: Work) => boolean

/** `left` and `right` are present. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  equals,
  gt: (left, right) => ordered(left, right, order => order > 0),
  gte: (left, right) => ordered(left, right, order => order >= 0),
  lt: (left, right) => ordered(left, right, order => order < 0),
  lte: (left, right) => ordered(left, right, order => order <= 0),
  contains(left, right) {
    if (typeof left === 'string') return typeof right === 'string' && left.includes(right)
    return Array.isArray(left) && left.some(element => equals(element, right))
  },
  starts_with: (left, right) => typeof left === 'string' && typeof right === 'string' && left.startsWith(right),
  ends_with: (left, right) => typeof left === 'string' && typeof right === 'string' && left.endsWith(right),
  is_type: (left, right) => typeof right === 'string' && Object.hasOwn(TYPES, right) && TYPES[right]!(left),
  // Length in code points, which are the characters that people count.
  length_equals: (left, right) =>
    (typeof left === 'string' ? [...left].length : Array.isArray(left) ? left.length : undefined) === right,
  in: (left, right) => Array.isArray(right) && right.some(each => equals(left, each)),
}

export const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: value => typeof value === 'string',
  number: value => typeof value === 'number',
  integer: value => Number.isInteger(value),
  boolean: value => typeof value === 'boolean',
  null: value => value === null,
  array: value => Array.isArray(value),
  object: value => typeof value === 'object' && value !== null && !Array.isArray(value),
  date: value => timeOf(value) !== undefined,
}

/** @throws SyntaxError */
export function regexOperator(pattern: string): { size: number; test: Operator } {
  const compiled: Pattern & { programSize(): number } = compilePattern(pattern)
  const size = compiled.programSize()
  const charactersMax = Math.min(REGEX_INPUT_CHARACTERS_MAX, Math.floor(PATTERN_WORK.match / size))
  return {
    size,
    test(left, _right, work) {
      if (typeof left !== 'string' || left.length > charactersMax || left.length * size > work.left) return false
      work.left -= left.length * size
      return compiled.test(left)
    },
  }
}

/** `"12.5"` beside a number literal becomes 12.5. */
export const coerced = (left: unknown, right: unknown): unknown =>
  typeof right === 'number' && typeof left === 'string' && NUMBER.test(left) ? Number(left) : left

const NUMBER = /^-?(?:0|[1-9]\d{0,30})(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?$/
const DAY = /^\d{4}-\d\d-\d\d$/

function equals(left: unknown, right: unknown): boolean {
  if (isDateOperand(right)) return ordered(left, right, order => order === 0)
  return typeof left === 'object' && left !== null ? isDeepStrictEqual(left, right) : left === right
}

/** Two numbers, two times, or two texts by their code units. */
function ordered(left: unknown, right: unknown, holds: (order: number) => boolean): boolean {
  if (typeof left === 'number' && typeof right === 'number') return holds(left - right || 0)
  const times = [timeOf(left), timeOf(isDateOperand(right) ? right.date : right)]
  if (times[0] !== undefined && times[1] !== undefined) return holds(times[0] - times[1])
  if (typeof left !== 'string' || typeof right !== 'string') return false
  return holds(left < right ? -1 : left > right ? 1 : 0)
}

/** RFC 3339, or a date alone, which means midnight UTC. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  return parseTime(DAY.test(value) ? `${value}T00:00:00Z` : value)
}
