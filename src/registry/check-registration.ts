/**
 * Whether a version may be registered: every rule, in the order of
 * docs/specification/registry.md#order-of-registration-checks. Register returns the first finding, a dry run all of
 * them. Size limits are checked before anything compiles, and checks that depend on a broken schema or version are
 * skipped.
 */

import { compare, major } from 'semver'
import { finding } from '../json/json-text.ts'
import type { Code, Finding } from '../model/codes.ts'
import { modeInForce } from '../model/compatibility.ts'
import type { RegisteredEvent } from '../model/control-view.ts'
import {
  checkName,
  checkNamespace,
  checkVersion,
  GENERIC,
  GENERIC_FULL_NAME,
  isReservedNamespace,
  misplacedVersion,
  versionProblem,
} from '../model/names.ts'
import type { Organization } from '../model/organizations.ts'
import { planOf } from '../model/plans.ts'
import type { Registration, SchemaDialect } from '../model/registrations.ts'
import { below, type CheckedSchema, checkSchema, type SchemaRules } from './check-schema.ts'
import { judgeModes, type ModeVerdicts } from './compatibility/modes.ts'
import { checkPatch } from './compatibility/patch.ts'
import { SCHEMA_LIMITS } from './schema-limits.ts'
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
  organization: Pick<
    Organization,
    'plan' | 'namespaceAllowlist' | 'strictCompatibility' | 'compatibility' | 'schemaLimits'
  >
  /** All versions of this name; undefined when it is new. */
  event: RegisteredEvent | undefined
  /** Distinct (namespace, name) of the organization that are not archived; the generic event does not count. */
  registrationsUsed: number
  /** The name is one of those that a downgrade left beyond the plan's limit. */
  isReadOnly?: boolean
}

export interface RegistrationFinding {
  code: Code
  message: string
  /** Paths are pointers into the request body. */
  details?: Finding[]
}

export interface RegistrationCheck {
  /** In the order of the checks; empty: the version may be registered. */
  findings: RegistrationFinding[]
  /** Permitted changes that consumers should know of; paths are pointers into the request body. */
  warnings: Finding[]
  /**
   * Whether every payload of the version before is proved to be valid in this one; null where there is nothing to
   * compare.
   */
  proof: boolean | null
  /** Of a minor: the verdict under each mode; paths are pointers into the schema. Null otherwise. */
  modes: ModeVerdicts | null
  /** Null when the version is refused. */
  semverBump: SemverBump | null
  /** Null when the schema has no canonical form. */
  schemaHash: string | null
  schemaFlavour: SchemaDialect
  depth: number
  propertyCount: number
}

export function checkRegistration(
  input: RegistrationInput,
  context: RegistrationContext,
  validators: Validators,
): RegistrationCheck {
  const schema = checkSchema(input, validators, schemaRulesOf(context.organization))
  const version = checkVersionStep(input, context, schema)
  return {
    findings: [...checkNames(input, context), ...checkPlanLimit(context), ...schema.findings, ...version.findings],
    warnings: [...schema.warnings, ...version.warnings],
    proof: version.proof,
    modes: version.modes,
    semverBump: version.bump,
    schemaHash: schema.hash,
    schemaFlavour: schema.dialect,
    depth: schema.size?.depth ?? 0,
    propertyCount: schema.size?.propertyCount ?? 0,
  }
}

/** The rules that an organization's schemas are held to. */
export function schemaRulesOf({
  plan,
  strictCompatibility,
  schemaLimits,
}: Pick<Organization, 'plan' | 'strictCompatibility' | 'schemaLimits'>): SchemaRules {
  const limits = plan === 'ENTERPRISE' && schemaLimits ? schemaLimits : SCHEMA_LIMITS
  return { strict: strictCompatibility === true, limits }
}

function checkNames(
  { namespace, name, version }: RegistrationInput,
  { organization }: RegistrationContext,
): RegistrationFinding[] {
  const findings: RegistrationFinding[] = []
  const add = (code: Code | undefined, path: string, subject: string, message: string): void => {
    if (code) findings.push({ code, message: `${subject} ${message}.`, details: [finding(path, code, message)] })
  }
  const isGeneric = namespace === GENERIC.namespace && name === GENERIC.name
  const malformed = checkNamespace(namespace)
  const reserved = isReservedNamespace(namespace)
  const allowed = organization.namespaceAllowlist.includes(namespace)
  add(
    malformed,
    '/namespace',
    'The namespace',
    'must be 2 to 31 characters: a lower-case letter, then letters, digits, _ or -',
  )
  add(checkName(name), '/name', 'The name', misplacedVersion(name) ?? NAME_FORM)
  add(checkVersion(version), '/version', 'The version', versionProblem(version) ?? '')
  if (isGeneric)
    add(
      'cannot_register_generic_event',
      '/name',
      GENERIC_FULL_NAME,
      'belongs to the platform: it is there without registering',
    )
  if (reserved) add('reserved_namespace', '/namespace', `The namespace ${namespace}`, 'belongs to the platform')
  if (!malformed && !allowed) {
    const message = `is not on the organization's allowlist (${listOf(organization.namespaceAllowlist)}): the operator can add it`
    add('namespace_not_allowed', '/namespace', `The namespace ${namespace}`, message)
  }
  return findings
}

const NAME_FORM = 'must be 2 to 61 characters: a lower-case letter, then letters, digits, _, . or -'
const LISTED_MAX = 10
const listOf = (namespaces: string[]): string =>
  namespaces.length > LISTED_MAX ? `${namespaces.slice(0, LISTED_MAX).join(', ')}, …` : namespaces.join(', ') || 'empty'

/** Versions are free: only a name that does not count yet needs quota. */
function checkPlanLimit({
  organization,
  event,
  registrationsUsed,
  isReadOnly = false,
}: RegistrationContext): RegistrationFinding[] {
  const limit = planOf(organization.plan).registrations
  if (limit === null) return []
  const isCounted = [...(event?.versions.values() ?? [])].some(registration => registration.status !== 'archived')
  if (limit > 0 && (isCounted ? !isReadOnly : registrationsUsed < limit)) return []
  return [
    {
      code: 'registration_quota_exceeded',
      message: `The plan ${organization.plan} has ${limit} registrations, ${registrationsUsed} are used.`,
    },
  ]
}

interface CheckedVersion extends Pick<RegistrationCheck, 'findings' | 'warnings' | 'proof' | 'modes'> {
  bump: SemverBump | null
}

const NOTHING_COMPARED = { findings: [], warnings: [], proof: null, modes: null }

function checkVersionStep(
  { version }: RegistrationInput,
  context: RegistrationContext,
  schema: CheckedSchema,
): CheckedVersion {
  if (checkVersion(version)) return { ...NOTHING_COMPARED, bump: null }
  const step = checkBump(context.event, version)
  if ('code' in step) {
    const details = step.existing
      ? [finding('/version', 'existing_registration', step.existing.id)]
      : [finding('/version', step.code, step.message)]
    return { ...NOTHING_COMPARED, bump: null, findings: [{ code: step.code, message: step.message, details }] }
  }
  const { bump, base } = step
  if (!base || !schema.valid) return { ...NOTHING_COMPARED, bump }
  if (bump === 'patch') return { bump, ...checkPatchOf(base, schema.valid) }
  return bump === 'minor' ? { bump, ...checkMinorOf(base, schema.valid, context) } : { ...NOTHING_COMPARED, bump }
}

function checkPatchOf({ payloadSchema, version }: Registration, next: SchemaObject): Omit<CheckedVersion, 'bump'> {
  const difference = checkPatch(payloadSchema, next)
  if (!difference) return { ...NOTHING_COMPARED, proof: true }
  const message = `The schema differs from that of ${version} in more than descriptions.`
  const details = below('/payloadSchema', [difference])
  return { ...NOTHING_COMPARED, proof: false, findings: [{ code: 'patch_must_be_byte_equal', message, details }] }
}

function checkMinorOf(
  base: Registration,
  next: SchemaObject,
  { organization, event }: RegistrationContext,
): Omit<CheckedVersion, 'bump'> {
  const { mode } = modeInForce(organization, `${base.namespace}.${base.name}`)
  const modes = judgeModes(base, earlierOf(event, base), next, { strict: organization.strictCompatibility === true })
  const { findings, warnings, proof, version } = modes.of(mode)
  const judgement = { warnings: below('/payloadSchema', warnings), proof, modes }
  if (findings.length === 0) return { ...judgement, findings: [] }
  const message = `The schema is not proved to be compatible with that of ${version}${mode === 'full' ? '' : ` (mode ${mode})`}.`
  return {
    ...judgement,
    findings: [{ code: 'minor_must_be_backwards_compatible', message, details: below('/payloadSchema', findings) }],
  }
}

/** The other versions of the major, newest first; equal schemas once. */
function earlierOf(event: RegisteredEvent | undefined, base: Registration): Registration[] {
  const seen = new Set([base.schemaHash])
  return [...(event?.versions.values() ?? [])]
    .filter(each => each !== base && major(each.version) === major(base.version))
    .sort((a, b) => compare(b.version, a.version))
    .filter(({ schemaHash }) => !seen.has(schemaHash) && seen.add(schemaHash))
}
