/**
 * Whether a version may be registered: every rule of C.11.2, in its order. Register answers the first finding, a dry run all of them.
 * Caps come before anything compiles, and what stands on a broken schema or version is not asked at all.
 */
import type { Code, Finding } from '../codes.ts'
import type { Organization, SchemaFlavour } from '../control-plane/records.ts'
import type { RegisteredEvent } from '../control-plane/view.ts'
import { isJsonObject } from '../events/json-pointer.ts'
import { finding } from '../events/json-text.ts'
import { checkName, checkNamespace, checkVersion, GENERIC, isReservedNamespace } from '../events/names.ts'
import { canonicalJson, schemaHash } from './canonical-json.ts'
import { measureSchema, type SchemaSize } from './caps.ts'
import { checkMinor, checkPatch } from './compatibility.ts'
import { flavourOf } from './flavour.ts'
import { planOf } from './plans.ts'
import type { SchemaObject } from './schema-positions.ts'
import type { Validators } from './validators.ts'
import { checkBump, type SemverBump } from './versions.ts'

export interface RegistrationInput {
  namespace: string
  name: string
  version: string
  payloadSchema: unknown
  /** Absent: no example. */
  payloadExample?: unknown
}

export interface RegistrationContext {
  organization: Pick<Organization, 'plan' | 'namespaceAllowlist'>
  /** All versions of this name; undefined when it is new. */
  event: RegisteredEvent | undefined
  /** Distinct (namespace, name) of the organization that are not archived, generic not counted (D-6). */
  registrationsUsed: number
}

export interface RegistrationFinding {
  code: Code
  message: string
  /** Paths are pointers into the request body. */
  details?: Finding[]
}

export interface RegistrationCheck {
  /** In the order of C.11.2; empty: it may be registered. */
  findings: RegistrationFinding[]
  /** Null when the version may not be taken. */
  semverBump: SemverBump | null
  /** Null when the schema is not one that can be written in canonical form. */
  schemaHash: string | null
  schemaFlavour: SchemaFlavour
  depth: number
  propertyCount: number
}

const FINDINGS_MAX = 20

export function checkRegistration(input: RegistrationInput, context: RegistrationContext, validators: Validators): RegistrationCheck {
  const schema = checkSchema(input, validators)
  const version = checkVersionStep(input, context, schema)
  return {
    findings: [...checkNames(input, context), ...checkPlan(context), ...schema.findings, ...version.findings],
    semverBump: version.bump,
    schemaHash: schema.hash,
    schemaFlavour: schema.flavour,
    depth: schema.size?.depth ?? 0,
    propertyCount: schema.size?.propertyCount ?? 0,
  }
}

function checkNames({ namespace, name, version }: RegistrationInput, { organization }: RegistrationContext): RegistrationFinding[] {
  const findings: RegistrationFinding[] = []
  const add = (code: Code | undefined, path: string, message: string): void => {
    if (code) findings.push({ code, message, details: [finding(path, code, message)] })
  }
  const isGeneric = namespace === GENERIC.namespace && name === GENERIC.name
  const malformed = checkNamespace(namespace)
  const reserved = isReservedNamespace(namespace)
  const allowed = organization.namespaceAllowlist.includes(namespace)
  add(malformed, '/namespace', 'must be 2 to 31 characters: a lower-case letter, then letters, digits, _ or -')
  add(checkName(name), '/name', 'must be 2 to 61 characters: a lower-case letter, then letters, digits, _, . or -')
  add(checkVersion(version), '/version', 'must be MAJOR.MINOR.PATCH')
  if (isGeneric) add('cannot_register_generic_event', '/name', 'platformxe.generic belongs to the platform')
  if (reserved) add('reserved_namespace', '/namespace', `${namespace} belongs to the platform`)
  if (!malformed && !allowed) add('namespace_not_allowed', '/namespace', `${namespace} is not on the organization's allowlist`)
  return findings
}

/** Versions are free: only a name that is not counted yet needs room (D-6). */
function checkPlan({ organization, event, registrationsUsed }: RegistrationContext): RegistrationFinding[] {
  const limit = planOf(organization.plan).registrations
  if (limit === null) return []
  const isCounted = [...(event?.versions.values() ?? [])].some(registration => registration.status !== 'archived')
  if (limit > 0 && (isCounted || registrationsUsed < limit)) return []
  return [
    {
      code: 'registration_quota_exceeded',
      message: `The plan ${organization.plan} has ${limit} registrations, ${registrationsUsed} are used.`,
    },
  ]
}

interface CheckedSchema {
  findings: RegistrationFinding[]
  flavour: SchemaFlavour
  /** Set when the schema is an object. */
  size?: SchemaSize
  hash: string | null
  /** Set when the schema can judge payloads. */
  valid?: SchemaObject
}

function checkSchema({ payloadSchema, payloadExample }: RegistrationInput, validators: Validators): CheckedSchema {
  const unknown = { flavour: 'json-schema-2020-12' as const, hash: null }
  if (!isJsonObject(payloadSchema)) return { ...unknown, findings: [invalidSchema([finding('', 'type', 'must be object')])] }
  const size = measureSchema(payloadSchema)
  // Over the caps of its text nothing may walk through it.
  if (size.depth === 0) return { ...unknown, size, findings: capFindings(size) }
  const flavour = flavourOf(payloadSchema)
  const caps = capFindings(size)
  const canonical = canonicalProblem(payloadSchema)
  const hash = canonical ? null : schemaHash(payloadSchema)
  if (caps.length > 0 || canonical) {
    return { flavour, size, hash, findings: canonical ? [...caps, invalidSchema([canonical])] : caps }
  }
  if (payloadSchema.type !== 'object') {
    return { flavour, size, hash, findings: [invalidSchema([finding('/type', 'type', 'the root must say "type": "object"')])] }
  }
  const compiled = validators.compile(payloadSchema, flavour)
  if (!compiled.ok) return { flavour, size, hash, findings: [invalidSchema(compiled.findings)] }
  const judged = { schemaHash: hash as string, payloadSchema, schemaFlavour: flavour }
  const mismatch = payloadExample === undefined ? [] : validators.validate(judged, payloadExample)
  const findings: RegistrationFinding[] = []
  if (mismatch.length > 0) {
    const message = 'The example does not satisfy the schema.'
    findings.push({ code: 'payload_example_does_not_match_schema', message, details: below('/payloadExample', mismatch) })
  }
  return { flavour, size, hash, findings, valid: payloadSchema }
}

/** One finding for each code, in the order of C.11.2. */
function capFindings({ problems }: SchemaSize): RegistrationFinding[] {
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
  const [first] = details
  return {
    code: 'invalid_json_schema',
    message: `The schema cannot be taken: ${first?.rule} ${first?.message}.`,
    details: below('/payloadSchema', details),
  }
}

function canonicalProblem(schema: SchemaObject): Finding | undefined {
  try {
    canonicalJson(schema)
    return undefined
  } catch (error) {
    return finding('', 'canonical', error instanceof Error ? error.message : String(error))
  }
}

interface CheckedVersion {
  findings: RegistrationFinding[]
  bump: SemverBump | null
}

function checkVersionStep({ version }: RegistrationInput, { event }: RegistrationContext, schema: CheckedSchema): CheckedVersion {
  if (checkVersion(version)) return { bump: null, findings: [] }
  const step = checkBump(event, version)
  if ('code' in step) {
    const details = step.existing
      ? [finding('/version', 'existing_registration', step.existing.id)]
      : [finding('/version', step.code, step.message)]
    return { bump: null, findings: [{ code: step.code, message: step.message, details }] }
  }
  if (!step.base || !schema.valid) return { bump: step.bump, findings: [] }
  return { bump: step.bump, findings: checkChange(step.bump, step.base.payloadSchema, schema.valid, step.base.version) }
}

function checkChange(bump: SemverBump, old: SchemaObject, next: SchemaObject, base: string): RegistrationFinding[] {
  if (bump === 'patch') {
    const difference = checkPatch(old, next)
    if (!difference) return []
    const message = `The schema differs from that of ${base} in more than descriptions.`
    return [{ code: 'patch_must_be_byte_equal', message, details: below('/payloadSchema', [difference]) }]
  }
  const breaking = bump === 'minor' ? checkMinor(old, next) : []
  if (breaking.length === 0) return []
  const message = `The schema is not proved to be compatible with that of ${base}.`
  return [{ code: 'minor_must_be_backwards_compatible', message, details: below('/payloadSchema', breaking) }]
}

const below = (path: string, details: Finding[]): Finding[] =>
  details.slice(0, FINDINGS_MAX).map(detail => ({ ...detail, path: path + detail.path }))
