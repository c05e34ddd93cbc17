/** The description of an action type: one schema for checks, forms and OpenAPI, and what its effect asks for. */
import type { ActionOf, ActionType } from './definition.ts'

/**
 * How often an effect happens, whatever crashes. pure: nobody sees it. transactional: exactly once, in the run's own
 * Kafka transaction. keyed: effectively once, under the step's key. outward: at least once, each repetition under one
 * idempotency key. reading: at least once; the first committed answer stays.
 */
export type EffectClass = 'pure' | 'transactional' | 'keyed' | 'outward' | 'reading'

/**
 * The place of a string decides how its templates are written: `value` keeps types, `text` is plain, `url` is
 * percent-encoded, `header` has no line breaks, `html` is escaped, `sql` becomes bound parameters.
 */
export type Place = 'value' | 'text' | 'url' | 'header' | 'html' | 'sql'

/**
 * JSON Schema 2020-12 of a field. `x-template` names the place of its templates; a field without it takes literals
 * only. `x-secrets`: a template there may read a secret.
 */
export interface FieldSchema {
  type?: string | string[]
  description?: string
  properties?: Record<string, FieldSchema>
  additionalProperties?: boolean | FieldSchema
  required?: string[]
  items?: FieldSchema
  'x-template'?: Place
  'x-secrets'?: true
  [keyword: string]: unknown
}

export interface ActionSpec<T extends ActionType = ActionType> {
  type: T
  /** Its effect, as a sentence. */
  summary: string
  effect: EffectClass
  /** Where the class depends on the settings. */
  effectOf?(given: ActionOf<T>['with']): EffectClass
  /** Of `with`, after its templates. */
  schema: FieldSchema
  /** An answer of the right shape: placeholder in debug, example in docs. */
  output: unknown
  /** The scopes that a deployer needs. */
  scopes(given: ActionOf<T>['with']): string[]
  /** Whether `timeoutMs` bounds it even if not set: not for what waits by its nature. */
  hasDefaultTimeout: boolean
  /** The code of a step that took longer than its `timeoutMs`. */
  timeoutCode: string
}

export const text = (description: string, more: FieldSchema = {}): FieldSchema => ({
  type: 'string',
  description,
  minLength: 1,
  'x-template': 'text',
  ...more,
})

/** A string that is taken as it is written. */
export const literal = (description: string, more: FieldSchema = {}): FieldSchema => ({
  type: 'string',
  description,
  minLength: 1,
  ...more,
})

export const anything = (description: string, more: FieldSchema = {}): FieldSchema => ({
  description,
  'x-template': 'value',
  ...more,
})

export const object = (description: string, more: FieldSchema = {}): FieldSchema => ({
  type: 'object',
  description,
  'x-template': 'value',
  ...more,
})

export const number = (description: string, more: FieldSchema = {}): FieldSchema => ({
  type: 'number',
  description,
  'x-template': 'value',
  ...more,
})

export const integer = (description: string, minimum: number, maximum: number): FieldSchema => ({
  type: 'integer',
  description,
  minimum,
  maximum,
  'x-template': 'value',
})

/** An integer that deploy has to know. */
export const literalInteger = (description: string, minimum: number, maximum: number): FieldSchema => ({
  type: 'integer',
  description,
  minimum,
  maximum,
})

export const flag = (description: string): FieldSchema => ({ type: 'boolean', description })

export const choice = (description: string, values: readonly string[]): FieldSchema => ({
  type: 'string',
  description,
  enum: [...values],
})

export const HEADER_NAME = "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$"
/** RFC 9110 section 5.5: no control character but the tab. */
export const HEADER_VALUE = '^[^\\x00-\\x08\\x0a-\\x1f\\x7f]*$'

/** A map of headers. */
export const headers = (more: FieldSchema = {}): FieldSchema => ({
  type: 'object',
  description: 'Values without line breaks',
  propertyNames: { pattern: HEADER_NAME },
  maxProperties: 50,
  additionalProperties: { type: 'string', maxLength: 8_192, pattern: HEADER_VALUE, 'x-template': 'header', ...more },
})

export const headerName = (description: string): FieldSchema => literal(description, { pattern: HEADER_NAME })

/** Names of tables and columns. */
export const IDENTIFIER = '^[a-z][a-z0-9_]{0,62}$'

export function fields(
  properties: Record<string, FieldSchema>,
  required: string[] = [],
  more: FieldSchema = {},
): FieldSchema {
  return { type: 'object', properties, required, additionalProperties: false, ...more }
}

/** A specification with the usual settings: nothing but its type, summary, schema and output need be said. */
export function spec<T extends ActionType>(
  given: Pick<ActionSpec<T>, 'type' | 'summary' | 'effect' | 'schema' | 'output'> & Partial<ActionSpec<T>>,
): ActionSpec<T> {
  return { scopes: () => [], hasDefaultTimeout: true, timeoutCode: 'step_timeout', ...given }
}
