import { COMPATIBILITY_MODES, CONTRACT_POLICIES } from '../../model/compatibility.ts'
import { NAMESPACE_PATTERN } from '../../model/names.ts'
import { LANGUAGES } from '../../registry/types/languages.ts'
import {
  anyObject,
  anything,
  boolean,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  optionalText,
  string,
  text,
  time,
} from '../http/schema-parts.ts'
import { searchQuery } from '../http/text-search.ts'
import {
  findings,
  REGISTRATION_STATUSES,
  receiver,
  registration,
  registrationFields,
  schemaFlavour,
  semverBump,
  warnings,
} from '../shared/registration-schemas.ts'

export { license, registration } from '../shared/registration-schemas.ts'

const description = optionalText(2_000)

/**
 * The rules for names and schemas are the registry's, with a code of its own for each
 * (docs/specification/registry.md#order-of-registration-checks).
 */
const versionFields = {
  namespace: string,
  name: string,
  version: string,
  'description?': description,
  payloadSchema: anything,
  'payloadExample?': anything,
  /** Of the OpenAPI document that the schema is from; what it refers to is stored with it. */
  'components?': { type: 'object', properties: { schemas: anyObject } },
}
const newVersion = { ...versionFields, 'status?': oneOf(['draft', 'published']) }
export const newRegistration = object(newVersion)
/** `history`: also try the schema on the payloads of the last 30 days. */
export const newDryRun = object({ ...newVersion, 'history?': boolean })
export const registrationPatch = object({ description })
/** A name, with or without its namespace. */
const FILTER_NAME = '^[a-z][a-z0-9_.-]{1,92}$'
export const registrationQuery = {
  'namespace?': text(1, 31, { pattern: NAMESPACE_PATTERN.source }),
  'name?': text(1, 93, { pattern: FILTER_NAME, description: '<name>, or <namespace>.<name>.' }),
  'status?': oneOf([...REGISTRATION_STATUSES, 'federated']),
  'includeInbound?': boolean,
  ...searchQuery,
  'latest?': { ...boolean, description: 'Only the highest version of each name.' },
}

const { warnings: _, 'forkedFrom?': __, ...inboundFields } = registrationFields
export const inboundRegistration = object({
  ...inboundFields,
  status: { const: 'federated' },
  semverBump: { type: 'null' },
  federation: object({ groupId: string, memberId: string, pushId: string }),
})
/** With `includeInbound`: also events that peers share. */
export const listedRegistration = { anyOf: [registration, inboundRegistration] }

export const dryRun = object({
  valid: boolean,
  canonicalName: nullable(string),
  semverBump: { anyOf: [semverBump, { type: 'null' }] },
  schemaHash: nullable(string),
  schemaFlavour,
  schemaDepth: integer,
  schemaPropertyCount: integer,
  depth: integer,
  propertyCount: integer,
  findings: listOf(object({ code: string, path: string, rule: string, message: string, details: findings })),
  errors: listOf(string),
  warnings,
  proof: nullable(boolean),
  modes: nullable(
    object(Object.fromEntries(COMPATIBILITY_MODES.map(mode => [mode, object({ valid: boolean, findings })]))),
  ),
  impact: object({
    webhooks: listOf(
      object({ id: string, name: nullable(string), url: string, active: boolean, selectors: listOf(string) }),
    ),
    contracts: listOf(object({ receiver, holds: { enum: [true, false, 'unknown'] }, path: string })),
    peers: listOf(object({ groupId: string, memberId: string, versions: listOf(string), receives: boolean })),
  }),
  'history?': nullable(
    object({
      ...{ from: time, to: time, judged: integer, refused: integer, truncated: boolean },
      examples: listOf(object({ emitId: string, findings })),
    }),
  ),
})

export const typesQuery = { lang: oneOf(LANGUAGES) }
export const types = object({ language: oneOf(LANGUAGES), schemaHash: string, code: string })

export const compatibilityOfPut = object({ mode: oneOf(COMPATIBILITY_MODES) })
export const compatibilityPut = {
  ...object({ 'mode?': oneOf(COMPATIBILITY_MODES), 'contractPolicy?': oneOf(CONTRACT_POLICIES) }),
  minProperties: 1,
}
/** `inherited`: nothing was set here. */
export const compatibility = object({
  mode: oneOf(COMPATIBILITY_MODES),
  inherited: boolean,
  contractPolicy: oneOf(CONTRACT_POLICIES),
})

const NAMED = { description: 'A registration id, or <namespace>.<name>@<version>.' }
export const compareQuery = object({ from: text(1, 255, NAMED), to: text(1, 255, NAMED) })
const compared = object({ id: string, name: string, version: string, status: oneOf(REGISTRATION_STATUSES) })
export const comparison = object({
  ...{ from: compared, to: compared, bump: oneOf(['none', 'patch', 'minor', 'major', 'downgrade']), legal: boolean },
  ...{ proof: { type: ['boolean', 'null'] }, findings: listOf(anyObject), warnings: findings },
})
