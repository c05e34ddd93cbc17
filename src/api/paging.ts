/** Lists of the control plane: newest first, `limit` 1–100, an opaque cursor that stands for the last record shown (C.0.1). */
import { ClarionError } from '../codes.ts'
import { byCreation } from '../control-plane/view-store.ts'
import type { Schema } from './route.ts'

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

/** One page of records that are given oldest first. */
export function pageOf<T extends { createdAt: string; id: string }>(
  oldestFirst: readonly T[],
  { limit, cursor }: Paging,
): { items: T[]; nextCursor: string | null } {
  const last = cursor === undefined ? undefined : decodeCursor(cursor)
  const rest = oldestFirst.toReversed().filter(record => last === undefined || byCreation(record, last) < 0)
  const items = rest.slice(0, limit)
  return { items, nextCursor: rest.length > limit ? encodeCursor(items.at(-1)!) : null }
}

const encodeCursor = ({ createdAt, id }: { createdAt: string; id: string }) => Buffer.from(`${createdAt}/${id}`).toString('base64url')

function decodeCursor(cursor: string): { createdAt: string; id: string } {
  const [createdAt, id, ...more] = Buffer.from(cursor, 'base64url').toString().split('/')
  if (createdAt !== undefined && id !== undefined && more.length === 0 && !Number.isNaN(Date.parse(createdAt))) return { createdAt, id }
  throw badCursor()
}

export function badCursor(): ClarionError {
  const details = [{ path: '/cursor', rule: 'cursor', message: 'is not a cursor of this list' }]
  return new ClarionError('validation_failed', 'The cursor is not one that this list gave out.', { details })
}
