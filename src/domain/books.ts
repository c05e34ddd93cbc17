/**
 * The records of one environment of an organization, in memory. Of those that have ended the newest of each kind stay.
 */
import type { Books, Change } from './change.ts'
import { DOMAIN_KINDS, type DomainKind, type Entry } from './kinds.ts'

export const ENDED_MAX = 1_000
/** Of all records, as JSON; beyond half of it ended ones go sooner. */
export const CHARACTERS_MAX = 64 * 1024 * 1024

export interface OwnBooks extends Books {
  /** As it was written, in any order; `settle` follows. */
  restore(entry: Entry): void
  restoreLastInvoice(number: number): void
  settle(): void
  /** The records that have changed; those that went are in `gone`, pushed out ones included. */
  apply(change: Pick<Change, 'put' | 'removed'>): { put: Entry[]; gone: Entry[] }
  /** Newest first, behind `before`. */
  page(kind: DomainKind, query: PageQuery): { items: Entry[]; hasMore: boolean }
  everything(): Entry[]
}

export interface PageQuery {
  /** Id of the last one shown. */
  before: string | undefined
  limit: number
  matches(entry: Entry): boolean
  /** Of an entry on the page; a page ends before it is too large. */
  bytesOf(entry: Entry): number
  bytesMax: number
}

interface Shelf {
  byId: Map<string, Entry>
  /** Oldest first: ids begin with the time. */
  ids: string[]
  /** Ids of ended ones, the oldest end first. */
  ended: string[]
}

export function createBooks({
  endedMax = ENDED_MAX,
  charactersMax = CHARACTERS_MAX,
}: {
  endedMax?: number
  charactersMax?: number
} = {}): OwnBooks {
  const shelves = new Map<DomainKind, Shelf>(
    DOMAIN_KINDS.map(kind => [kind, { byId: new Map(), ids: [], ended: [] }] as const),
  )
  /** By id, and in all. */
  const sizes = new Map<string, number>()
  let characters = 0
  let lastInvoice = 0
  const shelfOf = (kind: DomainKind): Shelf => shelves.get(kind)!

  function weigh(id: string, size: number): void {
    characters += size - (sizes.get(id) ?? 0)
    if (size === 0) sizes.delete(id)
    else sizes.set(id, size)
  }

  function put(entry: Entry): void {
    weigh(entry.id, JSON.stringify(entry.fields).length)
    const { byId, ids, ended } = shelfOf(entry.kind)
    const before = byId.get(entry.id)
    byId.set(entry.id, entry)
    if (before === undefined) ids.splice(placeOf(ids, entry.id), 0, entry.id)
    if (before !== undefined && before.endedAtMs !== null) ended.splice(ended.indexOf(entry.id), 1)
    if (entry.endedAtMs !== null) ended.push(entry.id)
    if (entry.kind === 'invoice') lastInvoice = Math.max(lastInvoice, (entry as Entry<'invoice'>).fields.number)
  }

  function remove({ kind, id }: Entry): void {
    const { byId, ids, ended } = shelfOf(kind)
    if (!byId.delete(id)) return
    weigh(id, 0)
    ids.splice(placeOf(ids, id), 1)
    const at = ended.indexOf(id)
    if (at >= 0) ended.splice(at, 1)
  }

  function pushedOut(kind: DomainKind): Entry[] {
    const { byId, ended } = shelfOf(kind)
    const gone: Entry[] = []
    while (ended.length > endedMax || (ended.length > 0 && characters > charactersMax / 2)) {
      const oldest = byId.get(ended[0]!)!
      remove(oldest)
      gone.push(oldest)
    }
    return gone
  }

  return {
    find: <K extends DomainKind>(kind: K, id: string) => shelfOf(kind).byId.get(id) as Entry<K> | undefined,
    *all<K extends DomainKind>(kind: K) {
      const { byId, ids } = shelfOf(kind)
      for (const id of [...ids]) yield byId.get(id) as Entry<K>
    },
    live: kind => shelfOf(kind).byId.size - shelfOf(kind).ended.length,
    lastInvoice: () => lastInvoice,
    isFull: () => characters >= charactersMax,
    restore(entry) {
      weigh(entry.id, JSON.stringify(entry.fields).length)
      shelfOf(entry.kind).byId.set(entry.id, entry)
    },
    restoreLastInvoice(number) {
      lastInvoice = Math.max(lastInvoice, number)
    },
    settle() {
      for (const shelf of shelves.values()) {
        const entries = [...shelf.byId.values()]
        shelf.ids = entries.map(({ id }) => id).sort()
        shelf.ended = entries
          .filter(({ endedAtMs }) => endedAtMs !== null)
          .sort((a, b) => a.endedAtMs! - b.endedAtMs! || (a.id < b.id ? -1 : 1))
          .map(({ id }) => id)
      }
    },
    apply(change) {
      for (const entry of change.removed) remove(entry)
      for (const entry of change.put) put(entry)
      const kinds = new Set(change.put.map(({ kind }) => kind))
      const gone = [...kinds].flatMap(pushedOut)
      return { put: change.put.filter(entry => !gone.includes(entry)), gone: [...change.removed, ...gone] }
    },
    page(kind, { before, limit, matches, bytesOf, bytesMax }) {
      const { byId, ids } = shelfOf(kind)
      const items: Entry[] = []
      let bytes = 0
      for (let at = (before === undefined ? ids.length : placeOf(ids, before)) - 1; at >= 0; at--) {
        const entry = byId.get(ids[at]!)!
        if (!matches(entry)) continue
        bytes += items.length < limit ? bytesOf(entry) : 0
        if (items.length === limit || (items.length > 0 && bytes > bytesMax)) return { items, hasMore: true }
        items.push(entry)
      }
      return { items, hasMore: false }
    },
    everything: () => [...shelves.values()].flatMap(({ byId }) => [...byId.values()]),
  }
}

/** Of the first id that is not below. */
function placeOf(ids: readonly string[], id: string): number {
  let [low, high] = [0, ids.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ids[middle]! < id) low = middle + 1
    else high = middle
  }
  return low
}
