/** The lifecycle events of the marketplace. The publisher learns nothing of who forks. */
import type { Fork, Listing } from '../../model/marketplace.ts'
import type { Announcement } from '../store/announce.ts'

type ListingEvent = 'PUBLISHED' | 'UPDATED' | 'UNPUBLISHED' | 'REPUBLISHED' | 'TAKEN_DOWN' | 'ARCHIVED'

export function ofListing(listing: Listing, type: ListingEvent, before?: Listing): Announcement {
  const { id, organizationId, sourceCanonicalName, status, statusReason, takedownReason, title, schemaHash } = listing
  const reason = takedownReason ?? statusReason
  return {
    ...{ organizationId, type: `CUSTOM_EVENT_MARKETPLACE_${type}`, entityType: 'listing', entityId: id },
    ...{ canonicalName: sourceCanonicalName, status },
    ...(before === undefined ? {} : { previousStatus: before.status }),
    ...(reason === null ? {} : { reason }),
    data: { listingId: id, title, schemaHash },
  }
}

export function ofFork({ id, organizationId, listingId, forkRegistrationId, ...fork }: Fork): Announcement {
  const { forkCanonicalName, sourceCanonicalName, sourceSchemaHash } = fork
  return {
    ...{ organizationId, type: 'CUSTOM_EVENT_MARKETPLACE_FORKED', entityType: 'fork', entityId: id },
    canonicalName: forkCanonicalName,
    data: { listingId, registrationId: forkRegistrationId, sourceCanonicalName, sourceSchemaHash },
  }
}
