/** Lists and the log, page by page, under kills too. */
import type { Calls } from './calls.ts'

export type Counts = Record<string, number>

const PAGE = 100
const LOG_PAGE = 500

/** `data` of every page, by the cursor of the one before. */
export async function pages<T>(calls: Calls, path: string): Promise<T[]> {
  const found: T[] = []
  const base = `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE}`
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: { items: T[]; nextCursor: string | null } = await calls.page<T>(base + query)
    found.push(...page.items)
    cursor = page.nextCursor
  }
  return found
}

/** Types of all events of the log. */
export async function logOf(calls: Calls): Promise<string[]> {
  const types: string[] = []
  for (let from = 'from=earliest'; ; ) {
    const page = await calls.page<{ type: string }>(`/api/v1/events?types=*&limit=${LOG_PAGE}&${from}`)
    types.push(...page.items.map(({ type }) => type))
    if (page.items.length === 0 || page.nextCursor === null) return types
    from = `cursor=${encodeURIComponent(page.nextCursor)}`
  }
}

export function counted(types: readonly string[]): Counts {
  const counts: Counts = {}
  for (const type of types) counts[type] = (counts[type] ?? 0) + 1
  return counts
}
