import {
  anyObject,
  anything,
  boolean,
  listOf,
  nullable,
  object,
  oneOf,
  stored,
  string,
  time,
} from '../http/schema-parts.ts'

export const REGISTRATION_STATUSES = ['draft', 'published', 'archived'] as const
export const semverBump = oneOf(['initial', 'patch', 'minor', 'major'])
export const schemaFlavour = oneOf(['json-schema-2020-12', 'openapi-3.1'])
export const license = object({ spdx: nullable(string), custom: nullable(string), requiresAcceptance: boolean })
export const nullableLicense = { anyOf: [license, { type: 'null' }] }
/** Of a name that began as a fork, for ever. */
const forkedFrom = object({
  ...{ forkId: string, listingId: string, sourceCanonicalName: string, sourceSchemaHash: string },
  ...{ publisherDisplayName: string, licenseSnapshot: nullableLicense, forkedAt: time, modified: boolean },
})

export const findings = listOf(object({ path: string, rule: string, message: string }))
export const receiver = object({ kind: oneOf(['webhook', 'queue', 'workflow']), id: string, name: nullable(string) })
/** Of a receiver's contract, with the receiver. */
export const warnings = listOf(object({ path: string, rule: string, message: string, 'receiver?': receiver }))
export const registrationFields = {
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
  warnings,
  'forkedFrom?': forkedFrom,
}
export const registration = object(registrationFields)
