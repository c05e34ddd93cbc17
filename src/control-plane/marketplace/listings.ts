/** Listings: published ⇄ unpublished, and archived for good. See docs/specification/marketplace.md#listings. */
import { ClarionError, CODES } from '../../model/codes.ts'
import type { Listing } from '../../model/marketplace.ts'
import { GENERIC_FULL_NAME } from '../../model/names.ts'
import type { Registration } from '../../model/registrations.ts'
import type { Caller } from '../store/announce.ts'
import type { DecisionView } from '../store/overlay.ts'
import { checkRevision, revised } from '../store/revision.ts'
import type { Decision } from '../store/store.ts'
import { listingNotFound, ownListing, refuseArchived, requireRight } from './access.ts'
import { ofListing } from './announcements.ts'
import type { MarketplaceDeps } from './deps.ts'
import { checkedFields, isRedistributable, type ListingFields } from './listing-input.ts'
import { previousOf } from './previous-listing.ts'

export interface NewListing extends ListingFields {
  registrationId: string
  /** Absent: the newest published listing of a lower version of the name; null: none. */
  previousListingId?: string | null
  confirmNoPersonalData?: boolean
}

export interface Listings {
  /**
   * Errors, the first that fails: `marketplace_publish_not_available`, `invalid_title`, `invalid_tag`,
   * `event_not_registered`, `cannot_publish_generic_event`, `event_not_published`, `listing_already_exists`,
   * `fork_not_redistributable`, `listing_not_found` (the previous one), `example_not_confirmed`.
   */
  publish(caller: Caller, organizationId: string, input: NewListing): Promise<Listing>
  /** A new license concerns later forks only. */
  patch(
    caller: Caller,
    organizationId: string,
    id: string,
    patch: Partial<ListingFields>,
    revision?: number,
  ): Promise<Listing>
  /** Errors: `listing_not_published`. */
  unpublish(caller: Caller, organizationId: string, id: string, revision?: number): Promise<Listing>
  /** Errors: `listing_already_published`, `listing_taken_down`. */
  republish(caller: Caller, organizationId: string, id: string, revision?: number): Promise<Listing>
  /** By the operator, with a reason that the publisher sees; final. Again: nothing changes. */
  takeDown(caller: Caller, id: string, reason: string): Promise<Listing>
}

export function createListings({ store, ids, clock, announce }: MarketplaceDeps): Listings {
  function changing(
    caller: Caller,
    organizationId: string,
    id: string,
    revision: number | undefined,
    type: Parameters<typeof ofListing>[1],
    decide: (before: Listing, current: DecisionView, now: string) => Partial<Listing>,
  ): Promise<Listing> {
    return store.change(ids.next('chg'), (current): Decision<Listing> => {
      const before = ownListing(current, organizationId, id)
      refuseArchived(before)
      checkRevision(before, revision)
      const nowMs = clock.nowMs()
      const listing = revised(before, decide(before, current, new Date(nowMs).toISOString()), nowMs)
      return {
        records: [{ kind: 'listing', record: listing }],
        changes: [announce(caller, ofListing(listing, type, before))],
        result: listing,
      }
    })
  }

  return {
    publish(caller, organizationId, input) {
      const id = ids.next('mkl')
      return store.change(ids.next('chg'), (current): Decision<Listing> => {
        requireRight(current, organizationId, 'marketplacePublish')
        const fields = checkedFields(input)
        const registration = publishable(current, organizationId, input.registrationId)
        const previousListingId = previousOf(current, registration, input.previousListingId)
        if (registration.payloadExample !== null && input.confirmNoPersonalData !== true)
          throw new ClarionError('example_not_confirmed', CODES.example_not_confirmed.meaning)
        const now = new Date(clock.nowMs()).toISOString()
        const listing: Listing = {
          ...{ id, organizationId, revision: 1, createdAt: now, updatedAt: now },
          ...snapshotOf(registration),
          ...{ title: '', description: '', tags: [], license: null, changelog: null },
          ...fields,
          ...{ previousListingId, status: 'published', statusReason: null, takedownReason: null, forkCount: 0 },
          ...{ publishedBy: caller.actorId, publishedAt: now, unpublishedAt: null, archivedAt: null },
        }
        return {
          records: [{ kind: 'listing', record: listing }],
          changes: [announce(caller, ofListing(listing, 'PUBLISHED'))],
          result: listing,
        }
      })
    },
    patch: (caller, organizationId, id, patch, revision) =>
      changing(caller, organizationId, id, revision, 'UPDATED', () => checkedFields(patch)),
    unpublish: (caller, organizationId, id, revision) =>
      changing(caller, organizationId, id, revision, 'UNPUBLISHED', (before, _current, now) => {
        if (before.status !== 'published')
          throw new ClarionError('listing_not_published', CODES.listing_not_published.meaning)
        return { status: 'unpublished', statusReason: 'owner', unpublishedAt: now }
      }),
    republish: (caller, organizationId, id, revision) =>
      changing(caller, organizationId, id, revision, 'REPUBLISHED', (before, current) => {
        requireRight(current, organizationId, 'marketplacePublish')
        if (before.status === 'published')
          throw new ClarionError('listing_already_published', CODES.listing_already_published.meaning)
        return { status: 'published', statusReason: null, unpublishedAt: null }
      }),
    takeDown: (caller, id, reason) =>
      store.change(ids.next('chg'), (current): Decision<Listing> => {
        const before = current.marketplace.listing(id)
        if (before === undefined) throw listingNotFound()
        if (before.status === 'archived') return { records: [], changes: [], result: before }
        const listing = archivedListing(before, { statusReason: 'takedown', takedownReason: reason }, clock.nowMs())
        return {
          records: [{ kind: 'listing', record: listing }],
          changes: [announce(caller, ofListing(listing, 'TAKEN_DOWN', before))],
          result: listing,
        }
      }),
  }
}

export function archivedListing(
  before: Listing,
  why: Pick<Listing, 'statusReason' | 'takedownReason'>,
  nowMs: number,
): Listing {
  const now = new Date(nowMs).toISOString()
  return revised<Listing>(before, { ...why, status: 'archived', archivedAt: now }, nowMs)
}

const snapshotOf = (registration: Registration) => ({
  registrationId: registration.id,
  namespace: registration.namespace,
  name: registration.name,
  version: registration.version,
  sourceCanonicalName: registration.canonicalName,
  schemaHash: registration.schemaHash,
  schemaFlavour: registration.schemaFlavour,
  payloadSchema: registration.payloadSchema,
  payloadExample: registration.payloadExample,
})

function publishable(current: DecisionView, organizationId: string, registrationId: string): Registration {
  const registration = current.find('registration', organizationId, registrationId)
  if (registration === undefined)
    throw new ClarionError('event_not_registered', 'There is no such registration in your organization.')
  if (`${registration.namespace}.${registration.name}` === GENERIC_FULL_NAME)
    throw new ClarionError('cannot_publish_generic_event', CODES.cannot_publish_generic_event.meaning)
  if (registration.status !== 'published')
    throw new ClarionError(
      'event_not_published',
      `${registration.canonicalName} is ${registration.status}: publish the version itself first.`,
    )
  refuseListed(current, registration)
  refuseCopied(current, registration)
  return registration
}

/** One listing per version, whatever became of it. */
function refuseListed(current: DecisionView, { id, organizationId }: Registration): void {
  const existing = current.list('listing', organizationId).find(each => each.registrationId === id)
  if (existing === undefined) return
  const next = existing.status === 'unpublished' ? `: POST …/marketplace/${existing.id}/republish shows it again` : ''
  throw new ClarionError('listing_already_exists', `The version is listed as ${existing.id}${next}.`, {
    details: [{ path: '/registrationId', rule: 'existing_listing', message: existing.id }],
    facts: { listingId: existing.id },
  })
}

/** An unmodified copy may be passed on only where the license under which it was forked says so. */
function refuseCopied(current: DecisionView, { organizationId, namespace, name, schemaHash }: Registration): void {
  const source = current
    .list('fork', organizationId)
    .find(each => each.namespace === namespace && each.name === name && each.sourceSchemaHash === schemaHash)
  if (source === undefined || isRedistributable(source.licenseSnapshot)) return
  const message = `The schema is that of ${source.sourceCanonicalName}, unchanged, and its license does not let it be passed on. Publish a version of your own.`
  throw new ClarionError('fork_not_redistributable', message)
}
