/** Versions that organizations offer each other, and the copies made of them (docs/specification/marketplace.md). */
import type { SchemaDialect } from './registrations.ts'
import type { Stored } from './stored.ts'

/** Exactly one of `spdx` and `custom` is set. */
export interface License {
  /** An identifier of the SPDX list, such as `MIT`. */
  spdx: string | null
  /** Its text. */
  custom: string | null
  /** A fork must accept it explicitly. */
  requiresAcceptance: boolean
}

/** `organizationId` is the publisher's. Schema and example are those of the moment of publishing. */
export interface Listing extends Stored {
  registrationId: string
  namespace: string
  name: string
  version: string
  sourceCanonicalName: string
  schemaHash: string
  schemaFlavour: SchemaDialect
  payloadSchema: Record<string, unknown>
  payloadExample: unknown
  title: string
  description: string
  tags: string[]
  /** Null: all rights are reserved. */
  license: License | null
  changelog: string | null
  /** The listing that this one is a new version of. */
  previousListingId: string | null
  status: 'published' | 'unpublished' | 'archived'
  /** Why it is not published. */
  statusReason: 'owner' | 'plan' | 'takedown' | 'organization_deleted' | null
  takedownReason: string | null
  /** Every fork ever made of it. */
  forkCount: number
  publishedBy: string
  /** Of the first time. */
  publishedAt: string
  unpublishedAt: string | null
  archivedAt: string | null
}

/** `organizationId` is the forker's. Never changed and never removed while its organization lives. */
export interface Fork extends Stored {
  listingId: string
  forkRegistrationId: string
  forkCanonicalName: string
  /** Of the registration. */
  namespace: string
  name: string
  version: string
  sourceCanonicalName: string
  sourceSchemaHash: string
  licenseSnapshot: License | null
  licenseAcceptedBy: string | null
  licenseAcceptedAt: string | null
  forkedBy: string
  forkedAt: string
}
