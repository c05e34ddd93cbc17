/**
 * A list of the history as its caller wants it: a page in the envelope, with its length on demand, or all of it as a
 * file of lines (NDJSON) or cells (CSV).
 */
import type { Clock } from '../../clock.ts'
import { countPages } from './counted.ts'
import { csvLine } from './csv.ts'
import { pagingOf } from './paging.ts'
import type { Answer, Call, Rows } from './route.ts'

export interface Page<Item> {
  items: readonly Item[]
  nextCursor: string | null
}

export interface List<Item> {
  read(paging: { limit: number; cursor: string | undefined }): Promise<Page<Item>>
  present(item: Item): object
  /** Columns of the file of cells; each is a member of what is shown. */
  columns: readonly string[]
}

export const ROWS_MAX = 100_000
const ROWS_MS_MAX = 60_000
const ROWS_AT_ONCE = 1_000

const NDJSON = 'application/x-ndjson'
const CSV = 'text/csv'

export const EXPORT_CONTENT = [NDJSON, CSV] as const

export async function listed<Item>(call: Call, clock: Clock, list: List<Item>): Promise<Answer> {
  const media = fileOf(call.headers.accept)
  if (media !== undefined) return { rows: await rowsOf(media, call, clock, list) }
  const paging = pagingOf(call.query)
  const [page, meta] = await Promise.all([
    list.read(paging),
    call.query.count === true ? countPages((limit, cursor) => list.read({ limit, cursor })) : undefined,
  ])
  return {
    data: page.items.map(list.present),
    nextCursor: page.nextCursor,
    ...(meta === undefined ? {} : { meta: { ...meta } }),
  }
}

/** Only a caller that names one of the two gets a file. */
function fileOf(accept: string | undefined): typeof NDJSON | typeof CSV | undefined {
  const named = (accept ?? '').split(',').map(part => part.split(';')[0]!.trim().toLowerCase())
  return EXPORT_CONTENT.find(media => named.includes(media))
}

/** The first page is read before the answer begins, so that what is wrong with the call is an ordinary error. */
async function rowsOf<Item>(media: string, call: Call, clock: Clock, list: List<Item>): Promise<Rows> {
  const isCsv = media === CSV
  const deadlineMs = clock.monotonicMs() + ROWS_MS_MAX
  const read = (cursor: string | undefined, left: number) => list.read({ limit: Math.min(ROWS_AT_ONCE, left), cursor })
  const first = await read(pagingOf(call.query).cursor, ROWS_MAX)
  const signal = call.signal()
  let nextCursor: string | null = null

  const lineOf = (item: Item): string => {
    const shown = list.present(item) as Record<string, unknown>
    return isCsv ? csvLine(list.columns.map(column => shown[column])) : `${JSON.stringify(shown)}\n`
  }

  async function* lines(): AsyncGenerator<string> {
    if (isCsv) yield csvLine(list.columns)
    let page = first
    for (let left = ROWS_MAX; ; ) {
      left -= page.items.length
      if (page.items.length > 0) yield page.items.map(lineOf).join('')
      nextCursor = page.nextCursor
      if (nextCursor === null || left <= 0 || clock.monotonicMs() >= deadlineMs || signal.aborted) break
      page = await read(nextCursor, left)
    }
    if (!isCsv && nextCursor !== null) yield `${JSON.stringify({ truncated: true, nextCursor })}\n`
  }

  return {
    contentType: `${media}; charset=utf-8`,
    lines: lines(),
    isTruncated: () => nextCursor !== null,
    hasTrailer: isCsv,
  }
}
