/** Lists of the control plane: newest first, `limit` 1–100, and an opaque cursor for the last record shown. */
import { byCreation } from '../../control-plane/store/view-store.ts'
import { type ListName, type Place, readCursor, writeCursor } from '../../model/cursors.ts'
import { totalOf } from './counted.ts'
import type { Answer, Schema } from './route.ts'

export const LIMIT_DEFAULT = 20

export interface Paging {
  limit: number
  cursor: string | undefined
}

/** Query parameters of every list. */
export const pagingQuery = {
  limit: { type: 'integer', minimum: 1, maximum: 100, default: LIMIT_DEFAULT, description: 'Entries on a page.' },
  cursor: { type: 'string', minLength: 1, maxLength: 500, description: '`meta.nextCursor` of the page before.' },
} satisfies Record<string, Schema>

export const pagingOf = (query: Record<string, unknown>): Paging => ({
  limit: (query.limit as number | undefined) ?? LIMIT_DEFAULT,
  cursor: query.cursor as string | undefined,
})

/** Lists whose cursor holds a record's time of creation and id. */
export type RecordList = { [L in ListName]: Place<L> extends [string, string] ? L : never }[ListName]

/** The answer to a list of records that are given oldest first; `count=true` adds their number. */
export function pageAnswer<T extends { createdAt: string; id: string }>(
  list: RecordList,
  oldestFirst: readonly T[],
  query: Record<string, unknown>,
  present: (item: T) => unknown,
): Answer {
  const { items, nextCursor } = pageOf(list, oldestFirst, pagingOf(query))
  const meta = query.count === true ? { meta: { ...totalOf(oldestFirst.length) } } : {}
  return { data: items.map(present), nextCursor, ...meta }
}

/** One page of records that are given oldest first. */
export function pageOf<T extends { createdAt: string; id: string }>(
  list: RecordList,
  oldestFirst: readonly T[],
  { limit, cursor }: Paging,
): { items: T[]; nextCursor: string | null } {
  const cursorAt = readCursor(list, cursor)
  const before = cursorAt && { createdAt: cursorAt[0], id: cursorAt[1] }
  const rest = oldestFirst.toReversed().filter(record => before === undefined || byCreation(record, before) < 0)
  const items = rest.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rest.length > limit && last ? writeCursor(list, [last.createdAt, last.id]) : null }
}
