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
  stored,
  string,
  text,
  time,
} from '../http/schema-parts.ts'
import { nullableLicense, registration } from '../shared/registration-schemas.ts'

const LISTING_STATUSES = ['published', 'unpublished', 'archived'] as const
export const SORTS = ['recent', 'forks', 'title'] as const

const licenseInput = object({
  'spdx?': text(1, 64, { pattern: '^[A-Za-z0-9][A-Za-z0-9.+-]*$' }),
  'custom?': text(1, 10_000),
  'requiresAcceptance?': boolean,
})
/** The rules for title and tags have codes of their own. */
const written = {
  'description?': { type: 'string', maxLength: 4_000 },
  'tags?': { type: 'array', items: { type: 'string', maxLength: 100 }, maxItems: 50 },
  'license?': { anyOf: [licenseInput, { type: 'null' }] },
  'changelog?': optionalText(2_000),
}
const title = { type: 'string', maxLength: 500 }

export const newListing = object({
  ...{ registrationId: text(1, 100), title, ...written },
  'previousListingId?': { type: ['string', 'null'], minLength: 1, maxLength: 100 },
  'confirmNoPersonalData?': boolean,
})
export const listingPatch = { ...object({ 'title?': title, ...written }), minProperties: 1 }
export const takedown = object({ reason: text(1, 1_000) })

export const listingQuery = {
  'q?': text(1, 100, { description: 'A part of title, description, tag or name, in any case.' }),
  'tag?': text(1, 30),
  'license?': text(1, 64, { description: 'An SPDX identifier, `custom`, or `none`.' }),
  'sort?': oneOf(SORTS),
  'mine?': { ...boolean, description: 'Only your own, whatever their status.' },
  'offset?': { type: 'integer', minimum: 0, maximum: 10_000, description: 'In place of a cursor.' },
}

const listingFields = {
  ...stored,
  publisherDisplayName: string,
  namespace: string,
  name: string,
  version: string,
  sourceCanonicalName: string,
  schemaHash: string,
  schemaFlavour: oneOf(['json-schema-2020-12', 'openapi-3.1']),
  title: string,
  description: string,
  tags: listOf(string),
  license: nullableLicense,
  changelog: nullable(string),
  previousListingId: nullable(string),
  status: oneOf(LISTING_STATUSES),
  forkCount: integer,
  publishedAt: time,
  unpublishedAt: nullable(time),
  isOwn: boolean,
  /** The rest is null for others than the publisher. */
  registrationId: nullable(string),
  publishedBy: nullable(string),
  statusReason: { type: ['string', 'null'], enum: ['owner', 'plan', 'takedown', 'organization_deleted', null] },
  takedownReason: nullable(string),
}
export const listing = object(listingFields)
const listedVersion = object({
  ...{ id: string, version: string, status: oneOf(LISTING_STATUSES), schemaHash: string },
  ...{ changelog: nullable(string), publishedAt: time },
})
export const listingInFull = object({
  ...listingFields,
  publisherOrganizationId: string,
  payloadSchema: anyObject,
  payloadExample: anything,
  versions: listOf(listedVersion),
})

export const newFork = object({
  namespace: string,
  name: string,
  'version?': string,
  'status?': oneOf(['draft', 'published']),
  'description?': optionalText(2_000),
  'acceptLicense?': boolean,
})
export const fork = object({
  ...{ id: string, listingId: string, forkRegistrationId: string, forkOrganizationId: string },
  ...{ forkCanonicalName: string, namespace: string, name: string, version: string },
  ...{ sourceCanonicalName: string, sourceSchemaHash: string, publisherDisplayName: string },
  licenseSnapshot: nullableLicense,
  ...{ licenseAcceptedBy: nullable(string), licenseAcceptedAt: nullable(time), forkedBy: string, forkedAt: time },
})
export const madeFork = object({ fork, registration })
