/** The marketplace, as the caller's organization sees it. */
import { isVisible, seeListing } from '../../control-plane/marketplace/access.ts'
import type { NewFork } from '../../control-plane/marketplace/forks.ts'
import type { ListingFields } from '../../control-plane/marketplace/listing-input.ts'
import type { NewListing } from '../../control-plane/marketplace/listings.ts'
import type { Marketplace } from '../../control-plane/marketplace/marketplace.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Listing } from '../../model/marketplace.ts'
import { organizationOf } from '../http/caller.ts'
import { totalOf } from '../http/counted.ts'
import { pageAnswer } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { presentRegistration } from '../shared/registration.ts'
import { type BrowseQuery, browse, isWanted } from './browse.ts'
import { createMarketplacePresenter } from './presenter.ts'

export function createMarketplaceHandlers({ marketplace, view }: { marketplace: Marketplace; view: ControlView }) {
  const { listings, forks } = marketplace
  const present = createMarketplacePresenter(view)
  const own = (call: Call) => organizationOf(call).id
  const target = (call: Call) => [call.caller, own(call), call.params.id!] as const
  const answer = (call: Call, found: Listing): Answer => ({ data: present.inFull(found, own(call)) })

  return {
    publish: async (call: Call) =>
      answer(call, await listings.publish(call.caller, own(call), call.body as NewListing)),
    list(call: Call): Answer {
      const query = call.query as BrowseQuery & { count?: boolean }
      const to = own(call)
      const seen = query.mine === true ? view.list('listing', to) : view.marketplace.listings().filter(isShown)
      const found = seen.filter(each => isVisible(each, to) && isWanted(each, query))
      const { items, nextCursor } = browse(found, query)
      const meta = query.count === true ? { meta: { ...totalOf(found.length) } } : {}
      return { data: items.map(each => present.listing(each, to)), nextCursor, ...meta }
    },
    get: (call: Call) => answer(call, seeListing(view, own(call), call.params.id!)),
    patch: async (call: Call) =>
      answer(call, await listings.patch(...target(call), call.body as Partial<ListingFields>, call.expectedRevision)),
    unpublish: async (call: Call) => answer(call, await listings.unpublish(...target(call), call.expectedRevision)),
    republish: async (call: Call) => answer(call, await listings.republish(...target(call), call.expectedRevision)),
    async takeDown(call: Call): Promise<Answer> {
      const { reason } = call.body as { reason: string }
      return { data: present.inFull(await listings.takeDown(call.caller, call.params.id!, reason), undefined) }
    },
    async fork(call: Call): Promise<Answer> {
      const made = await forks.fork(...target(call), call.body as NewFork, call.idempotencyKey)
      return { data: { fork: present.fork(made.fork), registration: presentRegistration(view, made.registration) } }
    },
    listForks: (call: Call): Answer =>
      pageAnswer('forks', view.list('fork', own(call)), call.query, each => present.fork(each)),
  }
}

const isShown = ({ status }: Listing): boolean => status === 'published'
