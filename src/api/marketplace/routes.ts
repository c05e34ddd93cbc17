/** Routes of the marketplace. Reading is for every plan. */

import type { Route } from '../http/route.ts'
import { counted, list, route } from '../http/route-table.ts'
import type { createMarketplaceHandlers } from './handlers.ts'
import * as marketplace from './schemas.ts'

export type MarketplaceHandlers = ReturnType<typeof createMarketplaceHandlers>

// biome-ignore format: a table
export function createMarketplaceRoutes(on: MarketplaceHandlers): Route[] {
  const { listing, listingInFull, fork, madeFork } = marketplace
  const base = '/api/v1/events/custom/marketplace'
  const manage = 'marketplace:manage'
  const publishes = { refusedWhenSuspended: true, needsRight: 'marketplacePublish' } as const
  const forks = { refusedWhenSuspended: true, needsRight: 'marketplaceFork', takesIdempotencyKey: true } as const
  return [
    route('POST', `${base}/publish`, manage, 'Offer a published version, with its schema and example as they are.', { ...publishes, body: marketplace.newListing, answer: listingInFull, status: 201 }, on.publish),
    route('GET', base, 'events:read', 'Browse listings.', counted(listing, marketplace.listingQuery), on.list),
    route('GET', `${base}/forks`, 'events:read', 'The forks that your organization made.', list(fork), on.listForks),
    route('GET', `${base}/:id`, 'events:read', 'One listing, with its schema and the other versions of its name.', { answer: listingInFull }, on.get),
    route('PATCH', `${base}/:id`, manage, 'Change title, description, tags, license or changelog.', { refusedWhenSuspended: true, body: marketplace.listingPatch, answer: listingInFull }, on.patch),
    route('DELETE', `${base}/:id`, manage, 'Show a listing no longer; forks stay.', { answer: listingInFull }, on.unpublish),
    route('POST', `${base}/:id/republish`, manage, 'Show a listing again.', { ...publishes, answer: listingInFull }, on.republish),
    route('POST', `${base}/:id/fork`, 'marketplace:manage and events:manage', 'Register a copy of a listing as a version of your own.', { ...forks, body: marketplace.newFork, answer: madeFork, status: 201 }, on.fork),
    route('POST', `${base}/:id/takedown`, 'operator', 'Archive a listing for good, with a reason that its publisher sees.', { body: marketplace.takedown, answer: listingInFull }, on.takeDown),
  ]
}
