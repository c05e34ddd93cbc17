import { EMIT_STATES } from '../../analytics/read/emit-reads.ts'
import { METERS } from '../../analytics/read/usage-reads.ts'
import { LIFECYCLE_EVENTS } from '../../events/lifecycle-events.ts'
import { NAMESPACE_PATTERN } from '../../model/names.ts'
import { LANGUAGES } from '../../registry/types/languages.ts'
import {
  anyObject,
  anything,
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  optionalText,
  plan,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'
import { emitFields } from '../shared/emit-result.ts'

const REGISTRATION_STATUSES = ['draft', 'published', 'archived'] as const
const semverBump = oneOf(['initial', 'patch', 'minor', 'major'])
const schemaFlavour = oneOf(['json-schema-2020-12', 'openapi-3.1'])
const description = optionalText(2_000)

/** What the names and the schema must be is told by the registry's own codes, one for each rule (C.11.2). */
const template = {
  namespace: string,
  name: string,
  version: string,
  'description?': description,
  payloadSchema: anything,
  'payloadExample?': anything,
}
const newVersion = { ...template, 'status?': oneOf(['draft', 'published']) }
export const newRegistration = object(newVersion)
/** `history`: also try the schema on the payloads of the last 30 days. */
export const newDryRun = object({ ...newVersion, 'history?': boolean })
export const registrationPatch = object({ description })
/** A name, with its namespace before it or without. */
const FILTER_NAME = '^[a-z][a-z0-9_.-]{1,92}$'
export const registrationQuery = {
  'namespace?': text(1, 31, { pattern: NAMESPACE_PATTERN.source }),
  'name?': text(1, 93, { pattern: FILTER_NAME, description: '<name>, or <namespace>.<name>.' }),
  'status?': oneOf([...REGISTRATION_STATUSES, 'federated']),
  'includeInbound?': boolean,
}

const findings = listOf(object({ path: string, rule: string, message: string }))
const registrationFields = {
  ...stored,
  organizationId: string,
  namespace: string,
  name: string,
  version: string,
  canonicalName: string,
  status: oneOf(REGISTRATION_STATUSES),
  description: nullable(string),
  payloadSchema: anyObject,
  payloadExample: anything,
  schemaHash: string,
  schemaFlavour,
  semverBump,
  registeredBy: string,
  publishedAt: nullable(time),
  archivedAt: nullable(time),
  warnings: findings,
}
export const registration = object(registrationFields)
const inbound = object({
  ...registrationFields,
  status: { const: 'federated' },
  semverBump: { type: 'null' },
  federation: object({ groupId: string, memberId: string, pushId: string }),
})
/** With `includeInbound`: what peers share, too. */
export const listedRegistration = { anyOf: [registration, inbound] }

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
  warnings: findings,
  proof: nullable(boolean),
  impact: object({
    webhooks: listOf(object({ id: string, name: nullable(string), url: string, active: boolean, selectors: listOf(string) })),
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

/** What an emit's body is; the hot path reads it by hand (`emit-request.ts`), a test holds both to the same examples. */
export const newEmit = object({
  name: text(1, 200),
  payload: anyObject,
  'version?': text(1, 255),
  'idempotencyKey?': text(1, 255),
  'subject?': text(1, 255),
  'time?': time,
  'correlationId?': text(1, 255),
  'chainToken?': text(1, 2_048),
})
export const newEmits = object({ items: { type: 'array', items: newEmit, minItems: 1, maxItems: 1_000 } })
export const emitResults = object({
  results: listOf({ anyOf: [object({ ...emitFields, status: { const: 202 } }), object({ status: integer, error: anyObject })] }),
})

export const EMIT_STATUSES = ['REQUESTED', ...EMIT_STATES] as const
const NAME_FILTER = { description: 'A selector, or the name as it was emitted.' }
export const emitQuery = { 'status?': oneOf(EMIT_STATUSES), 'name?': text(1, 255, NAME_FILTER), 'from?': time, 'to?': time }
/** Other fields depend on how far the emit is. */
export const emit = {
  type: 'object',
  properties: { id: string, emitId: string, status: oneOf(EMIT_STATUSES), organizationId: string, environment, recordedAt: time },
  required: ['id', 'emitId', 'status', 'organizationId', 'environment', 'recordedAt'],
}
export const history = object({
  ...{ id: string, emit, payload: anything, federation: { type: ['object', 'null'] }, deliveries: listOf(anyObject) },
  attempts: listOf(anyObject),
})

const warnings = listOf(object({ meter: string, level: integer, used: integer, limit: integer }))

export const health = object({
  plan,
  registrations: object({ used: integer, limit: nullable(integer) }),
  emits: object({ thisMonth: integer, monthlyLimit: nullable(integer) }),
  capabilities: object({
    canRegister: boolean,
    schemaVersioning: boolean,
    marketplacePublish: boolean,
    marketplaceFork: boolean,
    federationPush: boolean,
  }),
  warnings,
  recentFailures: listOf(object({ id: string, canonicalName: string, errorMessage: nullable(string), createdAt: time })),
})

const month = { type: 'string', pattern: '^\\d{4}-(0[1-9]|1[0-2])$' }
export const usageQuery = { 'month?': month }
/** `final`: the month is over. */
export const usage = object({ month, environment, final: boolean, meters: anyObject, limits: anyObject, warnings })
export const timeseriesQuery = { 'meter?': oneOf(METERS), 'interval?': oneOf(['hour', 'day']), 'from?': time, 'to?': time }
export const timeseries = listOf(object({ start: time, meter: string, count: integer }))

/** What entries of the audit trail are about. */
export const AUDIT_ENTITY_TYPES = [
  ...['organization', 'key', 'kafka-credential', 'registration', 'emit', 'webhook', 'delivery', 'notification', 'replay'],
  ...['federation-group', 'federation-member', 'federation-push', 'federation-relay'],
] as const
export const auditQuery = {
  'type?': oneOf([...LIFECYCLE_EVENTS.keys()]),
  'entity?': text(1, 200),
  'entityType?': oneOf(AUDIT_ENTITY_TYPES),
  'entityId?': text(1, 200),
  ...{ 'actor?': text(1, 100), 'from?': time, 'to?': time },
}
export const change = anyObject
