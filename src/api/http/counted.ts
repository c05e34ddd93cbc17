/** How long a list is: exact to ten thousand entries, and at least as many beyond. */
import type { Schema } from './route.ts'

export const COUNTED_MAX = 10_000
/** Pages of a list of which few entries match; more are not read for a number. */
const PAGES_MAX = 10

export const countQuery = {
  'count?': {
    type: 'boolean',
    description: 'Whether `meta` has `total`, or `totalAtLeast` where there are more than 10,000 entries.',
  },
} satisfies Record<string, Schema>

export const countMeta: Record<string, Schema> = {
  total: { type: 'integer', description: 'With count=true: the entries of the whole list.' },
  totalAtLeast: { type: 'integer', description: 'In its place where they are more than were counted.' },
}

export type Total = { total: number } | { totalAtLeast: number }

export const totalOf = (length: number): Total =>
  length > COUNTED_MAX ? { totalAtLeast: COUNTED_MAX } : { total: length }

/** The list itself is counted, so that the number is that of its entries. */
export async function countPages(
  page: (
    limit: number,
    cursor: string | undefined,
  ) => Promise<{ items: readonly unknown[]; nextCursor: string | null }>,
): Promise<Total> {
  let counted = 0
  let cursor: string | undefined
  for (let pages = 0; pages < PAGES_MAX && counted < COUNTED_MAX; pages++) {
    const { items, nextCursor } = await page(COUNTED_MAX - counted, cursor)
    counted += items.length
    if (nextCursor === null) return { total: counted }
    cursor = nextCursor
  }
  return { totalAtLeast: counted }
}
