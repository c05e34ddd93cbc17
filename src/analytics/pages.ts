/** Lists in pages, newest first. A cursor is the place of the last item shown; it names no organization and grants nothing. */
import { ClarionError } from '../codes.ts'

export interface Page<Item> {
  items: Item[]
  /** Where the next page begins; null after the last one. */
  nextCursor: string | null
}

/** Cuts one item more than was asked for (the sign that there is another page) down to a page. */
export function toPage<Item>(found: Item[], limit: number, placeOf: (item: Item) => string[]): Page<Item> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const more = found.length > limit && last !== undefined
  return { items, nextCursor: more ? encodeCursor(placeOf(last)) : null }
}

const encodeCursor = (place: string[]): string => Buffer.from(JSON.stringify(place)).toString('base64url')

/**
 * The place's parts, or undefined without a cursor. `kinds` says what each part must be. Throws `validation_failed` when it is not a cursor
 * that a list of this kind gave out.
 */
export function readCursor(cursor: string | null | undefined, kinds: Array<'time' | 'text'>): string[] | undefined {
  if (cursor === undefined || cursor === null) return undefined
  const place = parsePlace(cursor)
  if (place?.length === kinds.length && place.every((part, at) => kinds[at] === 'text' || isTime(part))) return place
  throw new ClarionError('validation_failed', 'The cursor is not one of this list.', {
    details: [{ path: '/cursor', rule: 'cursor', message: 'use meta.nextCursor as it was given' }],
  })
}

function parsePlace(cursor: string): string[] | undefined {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(place) && place.every(part => typeof part === 'string' && part.length <= 255) ? place : undefined
  } catch {
    return undefined
  }
}

const isTime = (part: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(part) && !Number.isNaN(Date.parse(part))
