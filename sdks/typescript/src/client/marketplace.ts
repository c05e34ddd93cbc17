/** `client.events.custom.marketplace`: versions that organizations offer each other, and copies of them. */
import type { Random } from '../clock.ts'
import { at, createCalls } from './call.ts'
import type { Send } from './transport.ts'
import type { CallOptions, Paging } from './types.ts'
import type {
  Fork,
  Listing,
  ListingInFull,
  ListingPatch,
  ListingQuery,
  MadeFork,
  NewFork,
  NewListing,
} from './types-marketplace.ts'

export function createMarketplace(send: Send, random: Random) {
  const calls = createCalls(send, '/events/custom/marketplace')
  return {
    list: (query: ListingQuery = {}, options: CallOptions = {}) => calls.list<Listing>('', query, options),
    each: (query: ListingQuery = {}, options: CallOptions = {}) => calls.each<Listing>('', query, options),
    get: (id: string, options?: CallOptions) => calls.get<ListingInFull>(at(id), options),
    publish: (input: NewListing, options?: CallOptions) => calls.postOnce<ListingInFull>('/publish', input, options),
    update: (id: string, patch: ListingPatch, options?: CallOptions) =>
      calls.patch<ListingInFull>(at(id), patch, options),
    /** Forks of it stay as they are. */
    unpublish: (id: string, options?: CallOptions) => calls.delete<ListingInFull>(at(id), options),
    republish: (id: string, options?: CallOptions) =>
      calls.postOnce<ListingInFull>(`${at(id)}/republish`, undefined, options),
    /** A retry after a lost answer creates nothing twice: the client sends an `Idempotency-Key`. */
    fork: (id: string, input: NewFork, options?: CallOptions) =>
      calls.post<MadeFork>(`${at(id)}/fork`, input, {
        ...options,
        headers: { 'idempotency-key': `sdk-${random.id()}` },
      }),
    /** Those that your organization made. */
    forks: (query: Paging = {}, options: CallOptions = {}) => calls.list<Fork>('/forks', query, options),
    /** By the operator: archives a listing for good, with a reason that its publisher sees. */
    takeDown: (id: string, input: { reason: string }, options?: CallOptions) =>
      calls.post<ListingInFull>(`${at(id)}/takedown`, input, options),
  }
}
