/** The order and the pages of listings: by a cursor, which keeps its place while others are published, or by an offset. */
import { ClarionError } from '../../model/codes.ts'
import { ORDERED_CHARACTERS_MAX, orderedValue, readCursor, writeCursor } from '../../model/cursors.ts'
import type { Listing } from '../../model/marketplace.ts'
import { LIMIT_DEFAULT } from '../http/paging.ts'
import type { SORTS } from './schemas.ts'

export type Sort = (typeof SORTS)[number]

export interface BrowseQuery {
  q?: string
  tag?: string
  license?: string
  sort?: Sort
  mine?: boolean
  limit?: number
  cursor?: string
  offset?: number
}

export const isWanted = (listing: Listing, { q, tag, license }: BrowseQuery): boolean =>
  (tag === undefined || listing.tags.includes(tag)) &&
  (license === undefined || licenseName(listing) === license) &&
  (q === undefined || textsOf(listing).some(text => text.toLowerCase().includes(q.toLowerCase())))

const licenseName = ({ license }: Listing): string => license?.spdx ?? (license === null ? 'none' : 'custom')

const textsOf = ({ title, description, tags, namespace, name }: Listing): string[] => [
  ...[title, description, `${namespace}.${name}`],
  ...tags,
]

/** A listing's place: greater ones come first, of equal ones the younger. */
function placeOf(listing: Listing, sort: Sort): string {
  if (sort === 'title') return titleKey(listing)
  return sort === 'forks' ? String(listing.forkCount).padStart(12, '0') : listing.publishedAt
}

const titleKey = ({ title }: Listing): string =>
  [...title.toWellFormed().toLowerCase().normalize('NFC')].slice(0, ORDERED_CHARACTERS_MAX).join('')

type Place = readonly [key: string, id: string]

/** Titles go up, the others down. */
function compare(sort: Sort, [keyA, idA]: Place, [keyB, idB]: Place): number {
  if (keyA === keyB) return idA === idB ? 0 : idA < idB ? 1 : -1
  return keyA < keyB === (sort === 'title') ? -1 : 1
}

export function browse(
  listings: readonly Listing[],
  { sort: given, limit = LIMIT_DEFAULT, cursor, offset }: BrowseQuery,
): { items: Listing[]; nextCursor: string | null } {
  if (cursor !== undefined && offset !== undefined) throw bothGiven()
  const after = readCursor('listings', cursor)
  const sort = given ?? (after?.[0] as Sort | undefined) ?? 'recent'
  if (after !== undefined && after[0] !== sort) throw otherSort()
  const placed = listings
    .map(listing => ({ listing, place: [placeOf(listing, sort), listing.id] as const }))
    .sort((a, b) => compare(sort, a.place, b.place))
  const rest =
    after === undefined
      ? placed.slice(offset ?? 0)
      : placed.filter(({ place }) => compare(sort, [plain(after[1]), after[2]], place) < 0)
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  const nextCursor =
    rest.length > limit && last ? writeCursor('listings', [sort, orderedValue(last.place[0]), last.place[1]]) : null
  return { items: items.map(({ listing }) => listing), nextCursor }
}

const plain = (value: string): string => Buffer.from(value.slice(1), 'base64url').toString()

const refused = (path: string, rule: string, message: string) =>
  new ClarionError('validation_failed', `${path} ${message}.`, { details: [{ path, rule, message }] })
const bothGiven = () => refused('/offset', 'cursor', 'cannot be given together with a cursor')
const otherSort = () => refused('/sort', 'cursor', 'must be that of the page before')
