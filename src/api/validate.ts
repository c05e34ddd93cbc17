/** Bodies and queries against the schemas of the route table. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { ClarionError, type Finding } from '../codes.ts'
import { pointerTo } from '../events/json-pointer.ts'
import { parseTime } from '../events/time.ts'
import type { Schema } from './route.ts'

const FINDINGS_MAX = 20
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,190}\.[^\s@.]{1,60}$/

export type Check = (value: unknown) => void

export interface Validators {
  /** Throws `validation_failed` with a JSON pointer for each place. */
  body(schema: Schema): Check
  /** As `body`, for the texts of a query string: numbers and booleans are made of them in place. */
  query(schema: Schema): Check
}

export function createValidators(): Validators {
  const strict = createAjv(false)
  const coercing = createAjv(true)
  return {
    body: schema => check(strict.compile(schema)),
    query: schema => check(coercing.compile(schema)),
  }
}

function createAjv(coerceTypes: boolean): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, coerceTypes, strictTypes: false, ownProperties: true })
  ajv.addFormat('email', EMAIL)
  ajv.addFormat('date-time', (text: string) => parseTime(text) !== undefined)
  return ajv
}

function check(validate: ValidateFunction): Check {
  return value => {
    if (validate(value)) return
    const details = (validate.errors ?? []).slice(0, FINDINGS_MAX).map(error => findingOf(error))
    const [first] = details
    throw new ClarionError('validation_failed', `The request is wrong at '${first?.path ?? ''}': ${first?.message ?? 'see details'}.`, {
      details,
    })
  }
}

function findingOf(error: ErrorObject): Finding {
  const path = error.instancePath
  const { additionalProperty, missingProperty, allowedValues } = error.params as Record<string, unknown>
  if (typeof additionalProperty === 'string')
    return { path: pointerTo(path, additionalProperty), rule: 'unknown_field', message: 'is not a field of this call' }
  if (typeof missingProperty === 'string') return { path: pointerTo(path, missingProperty), rule: 'required', message: 'is missing' }
  if (Array.isArray(allowedValues)) return { path, rule: error.keyword, message: `must be one of ${allowedValues.join(', ')}` }
  return { path, rule: error.keyword, message: error.message ?? 'is not valid' }
}
