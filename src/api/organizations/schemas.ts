import { SLUG_PATTERN } from '../../control-plane/organizations/slugs.ts'
import { SCOPES } from '../../model/scopes.ts'
import { SCHEMA_LIMITS } from '../../registry/schema-limits.ts'
import {
  boolean,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  plan,
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const email = { ...text(3, 254), format: 'email' }
const namespace = { ...text(2, 31), pattern: SLUG_PATTERN }

export const organization = object({
  ...stored,
  slug: string,
  name: string,
  plan,
  status: oneOf(['active', 'suspended', 'deleted']),
  ownerEmail: nullable(string),
  namespaceAllowlist: listOf(string),
  strictCompatibility: boolean,
  schemaLimits: object({ depth: integer, properties: integer }),
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

export const whoami = object({
  kind: oneOf(['operator', 'key']),
  organization: { anyOf: [organization, { type: 'null' }] },
  key: { anyOf: [key, { type: 'null' }] },
})
