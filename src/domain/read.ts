/** Reads: one record, or a page of a kind, newest first. */
import type { OwnBooks, PageQuery } from './books.ts'
import { findEntry, type Situation } from './change.ts'
import { DOMAIN_KINDS, type DomainKind, type Entry } from './kinds.ts'
import { shown } from './shown.ts'

/** Of one page. */
const PAGE_BYTES_MAX = 400 * 1024

interface Filter {
  limit: number
  before?: string
  /** By field, such as `status`. */
  where: Record<string, string>
  /** The kind of the record whose parts are listed: it must be there. */
  parent?: DomainKind
}

/** Undefined: the name is that of no read. Throws `not_found`. */
export function read(
  { name, id, body }: { name: string; id: string; body: unknown },
  books: OwnBooks,
  situation: Situation,
): unknown {
  const at = name.indexOf('.')
  const kind = name.slice(0, at) as DomainKind
  const verb = name.slice(at + 1)
  if (!(DOMAIN_KINDS as readonly string[]).includes(kind)) return undefined
  if (verb === 'get') return shown(findEntry(situation, kind, { id, expectedRevision: undefined }))
  if (verb !== 'list') return undefined
  const { limit, before, where, parent } = body as Filter
  if (parent !== undefined) findEntry(situation, parent, { id, expectedRevision: undefined })
  const { items, hasMore } = books.page(kind, { limit, before, ...queryOf(where) })
  return { items: items.map(entry => shown(entry, true)), hasMore }
}

function queryOf(where: Filter['where']): Omit<PageQuery, 'limit' | 'before'> {
  const wanted = Object.entries(where)
  const fieldsOf = (entry: Entry) => entry.fields as unknown as Record<string, unknown>
  return {
    matches: entry => wanted.every(([name, value]) => fieldsOf(entry)[name] === value),
    bytesOf: entry => Buffer.byteLength(JSON.stringify(shown(entry, true))),
    bytesMax: PAGE_BYTES_MAX,
  }
}
