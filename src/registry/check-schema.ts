/**
 * Whether a payload schema is accepted: first its size, before anything compiles it, then its form, then its example.
 */

import { canonicalJson, schemaHash } from '../json/canonical-json.ts'
import { inexactNumbers } from '../json/inexact-numbers.ts'
import { isJsonObject } from '../json/json-pointer.ts'
import { finding } from '../json/json-text.ts'
import type { Finding } from '../model/codes.ts'
import type { SchemaDialect } from '../model/registrations.ts'
import type { RegistrationFinding, RegistrationInput } from './check-registration.ts'
import { dialectOf } from './dialect.ts'
import { olderDraftIn } from './older-drafts.ts'
import { acceptsObjectsOnly } from './root-type.ts'
import { measureSchema, SCHEMA_LIMITS, type SchemaLimits, type SchemaSize } from './schema-limits.ts'
import type { SchemaObject } from './schema-positions.ts'
import { unknownFormatsIn } from './unjudgeable.ts'
import type { Validators } from './validators.ts'

const FINDINGS_MAX = 20

export interface CheckedSchema {
  findings: RegistrationFinding[]
  dialect: SchemaDialect
  /** Set when the schema is an object. */
  size?: SchemaSize
  hash: string | null
  /** Set when the schema can validate payloads. */
  valid?: SchemaObject
  /** Formats that are not asserted; paths are pointers into the request body. */
  warnings: Finding[]
}

export interface SchemaRules {
  /** Annotations that are only noted elsewhere are refused. */
  strict?: boolean
  limits?: SchemaLimits
}

export function checkSchema(
  { payloadSchema, payloadExample }: Pick<RegistrationInput, 'payloadSchema' | 'payloadExample'>,
  validators: Validators,
  { strict = false, limits = SCHEMA_LIMITS }: SchemaRules = {},
): CheckedSchema {
  const unknown = { dialect: 'json-schema-2020-12' as const, hash: null, warnings: [] }
  if (!isJsonObject(payloadSchema))
    return { ...unknown, findings: [invalidSchema([finding('', 'type', 'must be an object')])] }
  const size = measureSchema(payloadSchema, limits)
  // Beyond the text limits, no other check may walk the schema.
  if (size.depth === 0) return { ...unknown, size, findings: limitFindings(size) }
  const dialect = dialectOf(payloadSchema)
  const older = olderDraftIn(payloadSchema)
  const overLimits = limitFindings(older.length > 0 ? withoutReferences(size) : size)
  if (older.length > 0) return { ...unknown, size, findings: [...overLimits, invalidSchema(older)] }
  const uncanonical = uncanonicalIn(payloadSchema)
  const hash = uncanonical.length > 0 ? null : schemaHash(payloadSchema)
  const refused = (findings: RegistrationFinding[]): CheckedSchema => ({ dialect, size, hash, findings, warnings: [] })
  if (uncanonical.length > 0) return refused([...overLimits, invalidSchema(uncanonical)])
  if (overLimits.length > 0) return refused(overLimits)
  if (!acceptsObjectsOnly(payloadSchema))
    return refused([
      invalidSchema([finding('/type', 'type', 'must be "object" at the root, or behind its $ref or allOf')]),
    ])
  const compiled = validators.compile(payloadSchema, dialect)
  if (!compiled.ok) return refused([invalidSchema(compiled.findings)])
  const formats = unknownFormatsIn(payloadSchema)
  if (strict && formats.length > 0) return refused([invalidSchema(formats)])
  const judged = { schemaHash: hash as string, payloadSchema, schemaFlavour: dialect }
  const mismatch = payloadExample === undefined ? [] : validators.validate(judged, payloadExample)
  const findings: RegistrationFinding[] = []
  if (mismatch.length > 0) {
    const message = 'The example does not satisfy the schema.'
    findings.push({
      code: 'payload_example_does_not_match_schema',
      message,
      details: below('/payloadExample', mismatch),
    })
  }
  return { dialect, size, hash, findings, valid: payloadSchema, warnings: below('/payloadSchema', formats) }
}

/** References of an older draft lead nowhere in this one, which follows from the draft. */
const withoutReferences = (size: SchemaSize): SchemaSize => ({
  ...size,
  problems: size.problems.filter(({ code }) => code !== 'invalid_json_schema'),
})

/** One finding per code, in the order of docs/specification/registry.md#order-of-registration-checks. */
function limitFindings({ problems }: SchemaSize): RegistrationFinding[] {
  const findings: RegistrationFinding[] = []
  for (const code of ['schema_too_deep', 'schema_too_wide'] as const) {
    const details = problems.filter(problem => problem.code === code).map(problem => problem.finding)
    if (details.length > 0)
      findings.push({ code, message: `The schema ${details[0]?.message}.`, details: below('/payloadSchema', details) })
  }
  const invalid = problems.filter(problem => problem.code === 'invalid_json_schema').map(problem => problem.finding)
  return invalid.length > 0 ? [...findings, invalidSchema(invalid)] : findings
}

function invalidSchema(details: Finding[]): RegistrationFinding {
  const { path = '', message = 'cannot be taken' } = details[0] ?? {}
  return {
    code: 'invalid_json_schema',
    message: path === '' ? `The schema ${message}.` : `The schema cannot be taken: '${path}' ${message}.`,
    details: below('/payloadSchema', details),
  }
}

/** Values without a canonical form, and so without a hash: numbers first, with their pointers. */
function uncanonicalIn(schema: SchemaObject): Finding[] {
  const inexact = inexactNumbers(schema)
  if (inexact.length > 0) return inexact
  try {
    canonicalJson(schema)
    return []
  } catch (error) {
    return [
      finding('', 'canonical', `has no canonical form: ${error instanceof Error ? error.message : String(error)}`),
    ]
  }
}

/** Findings about a part of the request body. */
export const below = (path: string, details: Finding[]): Finding[] =>
  details.slice(0, FINDINGS_MAX).map(detail => ({ ...detail, path: path + detail.path }))
