/** Who may do what with a listing, in the order of docs/specification/marketplace.md#order-of-checks. */
import { ClarionError, CODES } from '../../model/codes.ts'
import type { Listing } from '../../model/marketplace.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import { getOrganization } from '../store/get-organization.ts'
import type { DecisionView } from '../store/overlay.ts'

type Reading = Pick<DecisionView, 'organization' | 'marketplace'>
type Right = 'marketplacePublish' | 'marketplaceFork'

const REFUSED = {
  marketplacePublish: 'marketplace_publish_not_available',
  marketplaceFork: 'marketplace_fork_not_available',
} as const

/** Throws the code of the right that the plan lacks, or `organization_suspended`. */
export function requireRight(view: Pick<Reading, 'organization'>, organizationId: string, right: Right): void {
  const organization = getOrganization(view, organizationId)
  requireRightOf(organization, right)
  if (organization.status === 'active') return
  throw new ClarionError('organization_suspended', CODES.organization_suspended.meaning)
}

/** Throws the code of the right. */
export function requireRightOf({ plan }: Pick<Organization, 'plan'>, right: Right): void {
  if (!planOf(plan)[right]) throw new ClarionError(REFUSED[right], CODES[REFUSED[right]].meaning)
}

/** Published ones for everybody, the others for their publisher alone. Throws `listing_not_found`. */
export function seeListing(view: Pick<Reading, 'marketplace'>, organizationId: string, id: string): Listing {
  const listing = view.marketplace.listing(id)
  if (listing === undefined || !isVisible(listing, organizationId)) throw listingNotFound()
  return listing
}

export const isVisible = ({ status, organizationId }: Listing, to: string): boolean =>
  status === 'published' || organizationId === to

/** Throws `listing_not_found`, or `not_listing_owner` for a listing that is there for others to see. */
export function ownListing(view: Pick<Reading, 'marketplace'>, organizationId: string, id: string): Listing {
  const listing = seeListing(view, organizationId, id)
  if (listing.organizationId === organizationId) return listing
  throw new ClarionError('not_listing_owner', CODES.not_listing_owner.meaning)
}

/** Throws `listing_taken_down`. */
export function refuseArchived({ status, takedownReason }: Listing): void {
  if (status !== 'archived') return
  const why = takedownReason === null ? 'its organization was deleted' : takedownReason
  throw new ClarionError('listing_taken_down', `The listing is archived, for good: ${why}`)
}

export const listingNotFound = () => new ClarionError('listing_not_found', CODES.listing_not_found.meaning)
