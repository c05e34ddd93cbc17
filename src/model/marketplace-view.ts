/**
 * An index of the marketplace across organizations: everybody reads listings that others publish, and a new listing is
 * about the forks of those before it.
 */
import type { Fork, Listing } from './marketplace.ts'
import { createGrouping, overlaid, type Pending, replace } from './record-index.ts'
import type { Kind, RecordsByKind } from './records.ts'

export interface MarketplaceReading {
  listing(id: string): Listing | undefined
  /** Every listing, whatever its status; oldest first. */
  listings(): readonly Listing[]
  /** Every fork of a listing; oldest first. */
  forksOf(listingId: string): readonly Fork[]
}

export interface MarketplaceIndex extends MarketplaceReading {
  /** Removes `before` from the index and adds `after`. Records of other kinds are ignored. */
  change(kind: Kind, before: RecordsByKind[Kind] | undefined, after: RecordsByKind[Kind] | undefined): void
}

export function createMarketplaceIndex(): MarketplaceIndex {
  const byId = new Map<string, Listing>()
  const all = createGrouping<Listing>()
  const forks = createGrouping<Fork>()
  return {
    listing: id => byId.get(id),
    listings: () => all.at(''),
    forksOf: forks.at,
    change(kind, before, after) {
      if (kind === 'listing') {
        const [old, young] = [before as Listing | undefined, after as Listing | undefined]
        replace(byId, old, young)
        all.change(old, young, () => '')
      } else if (kind === 'fork')
        forks.change(before as Fork | undefined, after as Fork | undefined, ({ listingId }) => listingId)
    },
  }
}

/** The same index with a batch's pending changes applied on top. */
export function marketplaceOver(base: MarketplaceReading, pendingOf: Pending): MarketplaceReading {
  const { find, list } = overlaid(pendingOf)
  return {
    listing: id => find('listing', id, base.listing(id)),
    listings: () => list('listing', base.listings(), () => true),
    forksOf: listingId => list('fork', base.forksOf(listingId), each => each.listingId === listingId),
  }
}
