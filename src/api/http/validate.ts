/**
 * Validates bodies and queries by the schemas of the route table. Times are rewritten to one form that all readers
 * accept.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { pointerTo } from '../../json/json-pointer.ts'
import { HALF_A_PAIR } from '../../json/json-text.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import { NOT_A_TIME, parseTime } from '../../model/time.ts'
import { choiceOf, isOfChoice } from './field-choice.ts'
import type { Schema } from './route.ts'

const FINDINGS_MAX = 20
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@.]{1,60}$/

export type Check = (value: unknown) => void

export interface Validators {
  /** Throws `validation_failed` with a JSON pointer for each place. */
  body(schema: Schema): Check
  /** As `body`, for the texts of a query string, which are converted to numbers and booleans in place. */
  query(schema: Schema): Check
}

export function createValidators(): Validators {
  const strict = createAjv(false)
  const coercing = createAjv(true)
  return {
    body: schema => compiledOnce(() => check(strict.compile(withOwnKeywords(schema)), 'body')),
    query: schema => {
      const checkTypes = compiledOnce(() => check(coercing.compile(withOwnKeywords(schema)), 'query'))
      const integers = integersOf(schema)
      const hasRange = isRange(schema)
      return query => {
        refuseOddIntegers(query as Record<string, unknown>, integers)
        checkTypes(query)
        refuseInfinite(query as Record<string, unknown>)
        if (hasRange) refuseEmptyRange(query as Record<string, unknown>)
      }
    },
  }
}

/** At the first call: compiling the schemas of all routes took more than a second of every start. */
function compiledOnce(compile: () => Check): Check {
  let compiled: Check | undefined
  return value => {
    compiled ??= compile()
    compiled(value)
  }
}

function createAjv(coerceTypes: boolean): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, coerceTypes, strictTypes: false, ownProperties: true, verbose: true })
  ajv.addFormat('email', EMAIL)
  ajv.addFormat('date-time', (text: string) => parseTime(text) !== undefined)
  ajv.addKeyword({ keyword: INSTANT, modifying: true, errors: false, validate: rewriteInstant })
  ajv.addKeyword({ keyword: CHARACTERS, type: 'string', validate: isWhole, error: { message: HALF_A_PAIR } })
  return ajv
}

/** Query parameters that are integers. */
const integersOf = (schema: Schema): string[] =>
  Object.entries((schema.properties ?? {}) as Record<string, { type?: unknown }>)
    .filter(([, { type }]) => type === 'integer')
    .map(([name]) => name)

/** `from` and `to` are times; elsewhere they may be cursors too. */
function isRange({ properties = {} }: Schema): boolean {
  const { from, to } = properties as Record<string, Schema>
  return from?.format === 'date-time' && to?.format === 'date-time'
}

/** Refuses texts that Ajv would convert to an integer: `1e2`, `0x10`, ` 5`, `5.0`. Only digits are accepted. */
function refuseOddIntegers(query: Record<string, unknown>, integers: string[]): void {
  for (const name of integers) {
    const text = query[name]
    if (typeof text !== 'string' || /^-?\d+$/.test(text)) continue
    const details = [{ path: pointerTo('', name), rule: 'type', message: 'must be integer' }]
    throw new ClarionError('validation_failed', `The request is wrong at '${details[0]!.path}': must be integer.`, {
      details,
    })
  }
}

/** A number of many digits becomes infinite, and Ajv compares only finite numbers with their bounds. */
function refuseInfinite(query: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'number' || Number.isFinite(value)) continue
    const details = [{ path: pointerTo('', name), rule: 'maximum', message: 'is too large a number' }]
    throw new ClarionError('validation_failed', `The parameter '${name}' is too large a number.`, { details })
  }
}

/** Both are in the one form by now. Swapped bounds would look like a time in which nothing happened. */
export function refuseEmptyRange({ from, to }: { from?: unknown; to?: unknown }): void {
  if (typeof from !== 'string' || typeof to !== 'string' || from <= to) return
  const details = [{ path: '/from', rule: 'range', message: 'must not lie after to' }]
  throw new ClarionError('validation_failed', "The range of time is empty: 'from' lies after 'to'.", { details })
}

/** Set beside each `format: date-time` of a schema, and only here: the OpenAPI document does not show it. */
const INSTANT = 'instant'
/** Set beside each `type: string`, likewise. */
const CHARACTERS = 'characters'
const isWhole = (_: unknown, text: string): boolean => text.isWellFormed()

function withOwnKeywords<Part>(schema: Part): Part {
  if (Array.isArray(schema)) return schema.map(withOwnKeywords) as Part
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withOwnKeywords(value)]))
  const added = {
    ...(copy.format === 'date-time' ? { [INSTANT]: true } : {}),
    ...(copy.type === 'string' || (Array.isArray(copy.type) && copy.type.includes('string'))
      ? { [CHARACTERS]: true }
      : {}),
  }
  return { ...copy, ...added } as Part
}

interface Place {
  parentData: Record<string | number, unknown>
  parentDataProperty: string | number
}

/** The first time with a four-digit year that ClickHouse does not confuse: it reads the year 0000 as this one. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00.000Z')
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** For example `2026-07-25t23:59:60.5+00:00`, a valid time that neither `Date.parse` nor ClickHouse reads. */
function rewriteInstant(_: unknown, text: unknown, __?: unknown, at?: Place): boolean {
  const timeMs = typeof text === 'string' ? parseTime(text) : undefined
  if (timeMs !== undefined && at !== undefined)
    at.parentData[at.parentDataProperty] = new Date(Math.min(Math.max(timeMs, EARLIEST_MS), LATEST_MS)).toISOString()
  return true
}

function check(validate: ValidateFunction, part: 'body' | 'query'): Check {
  const choice = choiceOf(validate.schema as Schema)
  return value => {
    if (validate(value)) return
    const errors = validate.errors ?? []
    const plain = errors.filter(error => !isOfChoice(error)).map(error => findingOf(error, part))
    const details = [...choice(errors), ...plain].slice(0, FINDINGS_MAX)
    const [first] = details
    throw new ClarionError(
      'validation_failed',
      `The request is wrong at '${first?.path ?? ''}': ${first?.message ?? 'see details'}.`,
      {
        details,
      },
    )
  }
}

function findingOf(error: ErrorObject, part: 'body' | 'query'): Finding {
  const path = error.instancePath
  const { additionalProperty, missingProperty, allowedValues } = error.params as Record<string, unknown>
  if (typeof additionalProperty === 'string')
    return { path: pointerTo(path, additionalProperty), rule: 'unknown_field', message: 'is not a field of this call' }
  if (typeof missingProperty === 'string')
    return { path: pointerTo(path, missingProperty), rule: 'required', message: 'is missing' }
  if (Array.isArray(allowedValues))
    return { path, rule: error.keyword, message: `must be one of ${listed(allowedValues)}` }
  const { format } = error.params as { format?: string }
  if (format === 'date-time') return { path, rule: error.keyword, message: notATime(error.data, part) }
  return { path, rule: error.keyword, message: error.message ?? 'is not valid' }
}

const LISTED_MAX = 30
const listed = (values: unknown[]): string =>
  values.slice(0, LISTED_MAX).join(', ') + (values.length > LISTED_MAX ? ', …' : '')

/** An unescaped `+` of a zone arrives as a space in a query. */
const notATime = (text: unknown, part: 'body' | 'query'): string =>
  part === 'query' && typeof text === 'string' && parseTime(text.replace(' ', '+')) !== undefined
    ? 'has a space where its zone begins, which is what + means in a query: write %2B, or give the time in UTC with Z'
    : `${NOT_A_TIME}, such as 2026-07-25T17:20:00Z`
