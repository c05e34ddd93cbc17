/** Input and output types of the marketplace. */
import type { Json, Paging, Registration, RegistrationStatus, SchemaFlavour } from './types.ts'

export interface License {
  /** An identifier of the SPDX list; null: `custom` is the text. */
  spdx: string | null
  custom: string | null
  requiresAcceptance: boolean
}
export type NewLicense = ({ spdx: string; custom?: never } | { custom: string; spdx?: never }) & {
  requiresAcceptance?: boolean
}

export interface ListingPatch {
  title?: string
  description?: string
  tags?: string[]
  license?: NewLicense | null
  changelog?: string | null
}
export interface NewListing extends ListingPatch {
  registrationId: string
  title: string
  /** Absent: the newest published listing of a lower version of the name; null: none. */
  previousListingId?: string | null
  /** Needed for a version with an example, which everybody will see. */
  confirmNoPersonalData?: boolean
}

export type ListingStatus = 'published' | 'unpublished' | 'archived'
export interface Listing {
  id: string
  revision: number
  createdAt: string
  updatedAt: string
  publisherDisplayName: string
  namespace: string
  name: string
  version: string
  sourceCanonicalName: string
  schemaHash: string
  schemaFlavour: SchemaFlavour
  title: string
  description: string
  tags: string[]
  /** Null: all rights are reserved. */
  license: License | null
  changelog: string | null
  previousListingId: string | null
  status: ListingStatus
  forkCount: number
  publishedAt: string
  unpublishedAt: string | null
  isOwn: boolean
  /** This and the rest: null for others than the publisher. */
  registrationId: string | null
  publishedBy: string | null
  statusReason: 'owner' | 'plan' | 'takedown' | 'organization_deleted' | null
  takedownReason: string | null
}
export interface ListingInFull extends Listing {
  publisherOrganizationId: string
  payloadSchema: Json
  payloadExample: unknown
  versions: Array<Pick<Listing, 'id' | 'version' | 'status' | 'schemaHash' | 'changelog' | 'publishedAt'>>
}
export interface ListingQuery extends Paging {
  q?: string
  tag?: string
  /** An SPDX identifier, `custom`, or `none`. */
  license?: string
  sort?: 'recent' | 'forks' | 'title'
  mine?: boolean
  /** In place of a cursor. */
  offset?: number
  count?: boolean
}

export interface NewFork {
  namespace: string
  name: string
  /** `1.0.0` by default. */
  version?: string
  status?: Exclude<RegistrationStatus, 'archived'>
  description?: string | null
  acceptLicense?: boolean
}
export interface Fork {
  id: string
  listingId: string
  forkRegistrationId: string
  forkOrganizationId: string
  forkCanonicalName: string
  namespace: string
  name: string
  version: string
  sourceCanonicalName: string
  sourceSchemaHash: string
  publisherDisplayName: string
  licenseSnapshot: License | null
  licenseAcceptedBy: string | null
  licenseAcceptedAt: string | null
  forkedBy: string
  forkedAt: string
}
export interface MadeFork {
  fork: Fork
  registration: Registration
}

/** Where a version of a name that began as a fork is from. */
export interface ForkedFrom
  extends Pick<
    Fork,
    'listingId' | 'sourceCanonicalName' | 'sourceSchemaHash' | 'publisherDisplayName' | 'licenseSnapshot' | 'forkedAt'
  > {
  forkId: string
  /** Whether its schema is another than that of the source. */
  modified: boolean
}
