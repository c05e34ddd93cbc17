import { LOAD_FIGURES } from '../../analytics/read/figure-reads.ts'
import { SLUG_PATTERN } from '../../control-plane/organizations/slugs.ts'
import { SCOPES } from '../../model/scopes.ts'
import { SCHEMA_LIMITS } from '../../registry/schema-limits.ts'
import {
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  number,
  object,
  oneOf,
  plan,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'
import { searchQuery } from '../http/text-search.ts'

const email = { ...text(3, 254), format: 'email' }
const namespace = { ...text(2, 31), pattern: SLUG_PATTERN }

const ORGANIZATION_STATUSES = ['active', 'suspended', 'deleted'] as const
export const organizationQuery = { ...searchQuery, 'plan?': plan, 'status?': oneOf(ORGANIZATION_STATUSES) }
export const organization = object({
  ...stored,
  slug: string,
  name: string,
  plan,
  status: oneOf(ORGANIZATION_STATUSES),
  ownerEmail: nullable(string),
  namespaceAllowlist: listOf(string),
  strictCompatibility: boolean,
  schemaLimits: object({ depth: integer, properties: integer }),
  limits: object({ emitsPerSecond: nullable(integer) }),
})

export const newOrganization = object({
  name: text(1, 120),
  'slug?': namespace,
  'plan?': plan,
  'ownerEmail?': nullable(email),
})
export const madeOrganization = object({ organization, apiKey: string })
const organizationChanges = {
  'name?': text(1, 120),
  'plan?': plan,
  'ownerEmail?': nullable(email),
  'strictCompatibility?': boolean,
  'schemaLimits?': object({
    depth: { type: 'integer', minimum: SCHEMA_LIMITS.depth, maximum: 10 },
    properties: { type: 'integer', minimum: SCHEMA_LIMITS.properties, maximum: 500 },
  }),
  'limits?': object({
    emitsPerSecond: {
      ...{ type: ['integer', 'null'], minimum: 1, maximum: 1_000_000 },
      description: 'Emits over HTTP beyond it are refused, its own Kafka records are read more slowly; null: no limit.',
    },
  }),
}
export const organizationPatch = { ...object(organizationChanges), minProperties: 1 }
export const namespaceGrant = object({ namespace })

const scopes = { type: 'array', items: oneOf(SCOPES), minItems: 1, maxItems: SCOPES.length }
export const key = object({
  ...{ ...stored, name: string, environment, scopes, hint: string, expiresAt: nullable(time) },
  'sessionsAfter?': { ...time, description: 'Sessions of the key that began until then have ended.' },
  lastUsedAt: { ...nullable(time), description: 'The day of the last use, in UTC.' },
})
export const newKey = object({ name: text(1, 120), environment, scopes, 'expiresAt?': nullable(time) })
/** `apiKey` is the key itself; this answer is the only one with it. */
export const madeKey = object({ key, apiKey: string })

export const awsCredentials = object({
  accessKeyId: string,
  secretAccessKey: string,
  region: string,
  endpoint: { ...string, description: 'Of clients of SQS.' },
})

export const whoami = object({
  kind: oneOf(['operator', 'key']),
  organization: { anyOf: [organization, { type: 'null' }] },
  key: { anyOf: [key, { type: 'null' }] },
})

const loadFigures = {
  ...{ emits: integer, emitsPerSecond: number, rejected: integer, attempts: integer, failedAttempts: integer },
  deliveriesWaiting: {
    ...integer,
    description: 'Deliveries of events of the last day whose event has one that has not ended.',
  },
  storedBytes: { ...integer, description: 'Payloads of the last 30 days.' },
}
export const loadQuery = {
  ...{ 'from?': time, 'to?': time, 'sort?': oneOf(LOAD_FIGURES) },
  'top?': { type: 'integer', minimum: 1, maximum: 100, default: 20 },
}
export const load = listOf(
  object({
    organization: object({
      ...{ id: string, slug: string, name: string, plan, status: oneOf(ORGANIZATION_STATUSES) },
      limits: object({ emitsPerSecond: nullable(integer) }),
    }),
    ...loadFigures,
  }),
)
export const loadGroupQuery = { 'from?': time, 'to?': time, 'groupBy?': oneOf(['type', 'key', 'source', 'code']) }
export const loadGroups = listOf(object({ group: string, emits: integer, rejected: integer, bytes: integer }))
