import type { Page, Paging } from './types.ts'

/** Iterates over a list, newest first, and reads the next page when it is needed. */
export async function* each<Query extends Paging, T>(
  query: Query,
  list: (query: Query) => Promise<Page<T>>,
): AsyncGenerator<T, void, void> {
  let cursor: string | null | undefined = query.cursor
  do {
    const page: Page<T> = await list({ limit: 100, ...query, ...(cursor ? { cursor } : {}) })
    yield* page.data
    cursor = page.nextCursor
  } while (cursor)
}
