/**
 * The filters of templates. A value of another type than a filter takes gives nothing: it is reported, and reads as
 * null. What is missing or null goes through, for `default` to replace.
 */
import { timeOf } from '../../events/condition-operators.ts'
import { ExactNumber, survivesDouble } from '../../json/exact-number.ts'
import { isJsonObject } from '../../json/json-pointer.ts'
import { textOf } from './text.ts'

export interface Filter {
  summary: string
  /** The fault of the argument, as the end of a sentence. */
  objection(argument: unknown): string | undefined
  /** `undefined`: the value is not of a type that it takes. `value` is neither missing nor null. */
  apply(value: unknown, argument: unknown): unknown
}

const noArgument = (argument: unknown): string | undefined =>
  argument === undefined ? undefined : 'takes no argument: leave out the colon'

const ofText = (summary: string, change: (text: string) => string): Filter => ({
  summary,
  objection: noArgument,
  apply: value => (typeof value === 'object' ? undefined : change(textOf(value))),
})

const NUMBER = /^-?(?:0|[1-9]\d{0,300})(?:\.\d{1,300})?(?:[eE][+-]?\d{1,4})?$/
const DATE_FORMS = ['day', 'seconds', 'milliseconds']
/** Beyond it, a Date is invalid. */
const TIME_MAX_MS = 8.64e15

export const FILTERS = {
  json: { summary: 'the JSON text of the value', objection: noArgument, apply: value => JSON.stringify(value) },
  upper: ofText('the text in upper case', text => text.toUpperCase()),
  lower: ofText('the text in lower case', text => text.toLowerCase()),
  trim: ofText('the text without white space at its ends', text => text.trim()),
  default: {
    summary: 'its argument where the value is missing or null',
    objection: argument => (argument === undefined ? "needs a literal: default: 'text'" : undefined),
    apply: value => value,
  },
  number: { summary: 'the number that a text is', objection: noArgument, apply: numberOf },
  negate: { summary: 'the number with the other sign', objection: noArgument, apply: negated },
  date: {
    summary:
      "the time in UTC (RFC 3339), from such a text or from milliseconds since 1970; 'day', 'seconds' or 'milliseconds' is another form",
    objection: argument =>
      argument === undefined || DATE_FORMS.includes(argument as string) ? undefined : `takes ${DATE_FORMS.join(', ')}`,
    apply: dated,
  },
  length: {
    summary: 'characters of a text, elements of a list, members of an object',
    objection: noArgument,
    apply: lengthOf,
  },
} as const satisfies Record<string, Filter>

export type FilterName = keyof typeof FILTERS

function numberOf(value: unknown): unknown {
  if (typeof value === 'number' || value instanceof ExactNumber) return value
  const text = typeof value === 'string' ? value.trim() : ''
  if (!NUMBER.test(text)) return undefined
  return survivesDouble(text) ? Number(text) : new ExactNumber(text)
}

function negated(value: unknown): unknown {
  if (typeof value === 'number') return value === 0 ? 0 : -value
  if (!(value instanceof ExactNumber)) return undefined
  return new ExactNumber(value.text.startsWith('-') ? value.text.slice(1) : `-${value.text}`)
}

function dated(value: unknown, form: unknown): unknown {
  const ms = typeof value === 'number' ? Math.trunc(value) : timeOf(value)
  if (ms === undefined || !(Math.abs(ms) <= TIME_MAX_MS)) return undefined
  if (form === 'milliseconds') return ms
  if (form === 'seconds') return Math.floor(ms / 1000)
  const text = new Date(ms).toISOString()
  return form === 'day' ? text.slice(0, text.indexOf('T')) : text
}

function lengthOf(value: unknown): unknown {
  if (typeof value === 'string') return codePointsOf(value)
  if (Array.isArray(value)) return value.length
  return isJsonObject(value) && !(value instanceof ExactNumber) ? Object.keys(value).length : undefined
}

function codePointsOf(text: string): number {
  let count = 0
  for (const _character of text) count++
  return count
}
