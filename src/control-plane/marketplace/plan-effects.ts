/**
 * What a change of an organization does to its listings, in the same transaction: without the plan they are not shown,
 * and those of a deleted organization end. Forks stay as they are.
 */
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { Listing } from '../../model/marketplace.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import type { Announce, Caller } from '../store/announce.ts'
import type { DecisionView } from '../store/overlay.ts'
import { revised } from '../store/revision.ts'
import type { Change } from '../store/store.ts'
import { ofListing } from './announcements.ts'
import { archivedListing } from './listings.ts'

export function effectsOnListings(
  announce: Announce,
  caller: Caller,
  current: Pick<DecisionView, 'list'>,
  after: Organization,
  nowMs: number,
): { records: Change[]; changes: ChangeRow[] } {
  const listings = current.list('listing', after.id)
  if (after.status === 'deleted') {
    const why = { statusReason: 'organization_deleted', takedownReason: null } as const
    const ended = listings.filter(({ status }) => status !== 'archived')
    return written(announce, caller, 'ARCHIVED', ended, each => archivedListing(each, why, nowMs))
  }
  if (planOf(after.plan).marketplacePublish) return { records: [], changes: [] }
  const shown = listings.filter(({ status }) => status === 'published')
  const unpublishedAt = new Date(nowMs).toISOString()
  return written(announce, caller, 'UNPUBLISHED', shown, each =>
    revised<Listing>(each, { status: 'unpublished', statusReason: 'plan', unpublishedAt }, nowMs),
  )
}

function written(
  announce: Announce,
  caller: Caller,
  type: 'ARCHIVED' | 'UNPUBLISHED',
  before: readonly Listing[],
  change: (listing: Listing) => Listing,
) {
  const both = before.map(each => ({ each, after: change(each) }))
  return {
    records: both.map(({ after }): Change => ({ kind: 'listing', record: after })),
    changes: both.map(({ each, after }) => announce(caller, ofListing(after, type, each))),
  }
}
