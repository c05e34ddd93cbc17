/** Composes the writing side of the marketplace. */
import type { Registering } from '../registrations/registering.ts'
import type { MarketplaceDeps } from './deps.ts'
import { createForks, type Forks } from './forks.ts'
import { createListings, type Listings } from './listings.ts'

export interface Marketplace {
  listings: Listings
  forks: Forks
}

export function createMarketplace(deps: MarketplaceDeps & { registering: Registering }): Marketplace {
  return { listings: createListings(deps), forks: createForks(deps) }
}
