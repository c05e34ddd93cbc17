/**
 * Pages of logs that several readers want: each is fetched once, and kept for a minute while there is memory for it. A
 * thousand readers that resume at once read the log about once. A reader may ask for any offset: the page that covers
 * it is cut, so that readers of neighbouring offsets come to share pages.
 *
 * The page at the end of a log grows. A small one is shared only while its fetch is under way; a large one is kept as a
 * page with more behind it, since a reader that its rate holds back would fetch it again for each event.
 */
import { logParts } from '../../topics/events.ts'
import type { Clock, Timer } from '../clock.ts'
import type { LogRecord } from '../kafka/ports.ts'
import type { Page, StrictPages } from './strict-pages.ts'
import type { Turns } from './turns.ts'

export const PAGE_BYTES = 1024 * 1024

export type PageSource = 'cache' | 'shared' | 'kafka'

export interface PageCache {
  /** As `StrictPages.read`; `bytesMax` bounds the fetch where there is no page. */
  read(topic: string, partition: number, offset: bigint, bytesMax?: number): Promise<Page>
  /** The bytes that it holds now, as they are charged. */
  readonly bytes: number
  close(): void
}

export interface PageCacheSettings {
  bytesMax: number
  keptMs: number
}

const DEFAULTS: PageCacheSettings = { bytesMax: 64 * 1024 * 1024, keptMs: 60_000 }
/** Memory of a record beside its bytes: its object, and a buffer per header. */
const RECORD_OVERHEAD_BYTES = 2_000
/** A page at the end of the log is kept from this size on. */
const LAST_BYTES_MIN = 64 * 1024
/** A fetch under way this many offsets before may bring the wanted one: waiting for it is cheaper than another. */
const NEAR_OFFSETS = 2_000n

interface Kept {
  topic: string
  partition: number
  offset: bigint
  page: Page
  bytes: number
  atMs: number
}

/** Of one partition, by offset. */
interface Shelf {
  kept: Kept[]
  fetching: Map<bigint, Promise<Page>>
}

export function createPageCache(deps: {
  pages: Pick<StrictPages, 'read'>
  /** Bounds the fetches under way. */
  turns: Turns
  clock: Clock
  onPage?: (from: PageSource) => void
  settings?: Partial<PageCacheSettings>
}): PageCache {
  const { pages, turns, clock } = deps
  const settings = { ...DEFAULTS, ...deps.settings }
  const shelves = new Map<string, Shelf>()
  /** Oldest first. */
  const all = new Set<Kept>()
  let bytes = 0
  let timer: Timer | undefined

  function shelfOf(topic: string, partition: number): Shelf {
    const key = `${topic}/${partition}`
    const shelf: Shelf = shelves.get(key) ?? { kept: [], fetching: new Map() }
    shelves.set(key, shelf)
    return shelf
  }

  async function fetchPage(topic: string, partition: number, offset: bigint, bytesMax: number): Promise<Page> {
    const shelf = shelfOf(topic, partition)
    const fetching = turns.run(logParts(topic).organizationId, () => pages.read(topic, partition, offset, bytesMax))
    shelf.fetching.set(offset, fetching)
    try {
      const page = await fetching
      if (page.nextOffset > offset) keep(topic, partition, offset, page)
      return page
    } finally {
      shelf.fetching.delete(offset)
      dropEmpty(topic, partition)
    }
  }

  function keep(topic: string, partition: number, offset: bigint, page: Page): void {
    const recordBytes = page.records.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
    const size = recordBytes + page.records.length * RECORD_OVERHEAD_BYTES
    const isLast = page.nextOffset >= page.stableEnd
    if (size > settings.bytesMax || (isLast && recordBytes < LAST_BYTES_MIN)) return
    // More may follow by the time that it is read again.
    const kept: Page = isLast ? { ...page, stableEnd: page.nextOffset + 1n } : page
    const entry: Kept = { topic, partition, offset, page: kept, bytes: size, atMs: clock.monotonicMs() }
    const shelf = shelfOf(topic, partition)
    shelf.kept.splice(positionOf(shelf.kept, offset) + 1, 0, entry)
    all.add(entry)
    bytes += size
    sweep()
  }

  /** Removes what is too old, and the oldest of what is too much. */
  function sweep(): void {
    const oldMs = clock.monotonicMs() - settings.keptMs
    for (const entry of all) {
      if (bytes <= settings.bytesMax && entry.atMs > oldMs) break
      remove(entry)
    }
    timer?.cancel()
    timer = all.size === 0 ? undefined : clock.after(settings.keptMs, sweep)
  }

  function remove(entry: Kept): void {
    all.delete(entry)
    bytes -= entry.bytes
    const { kept } = shelfOf(entry.topic, entry.partition)
    kept.splice(kept.indexOf(entry), 1)
    dropEmpty(entry.topic, entry.partition)
  }

  function dropEmpty(topic: string, partition: number): void {
    const key = `${topic}/${partition}`
    const shelf = shelves.get(key)
    if (shelf?.kept.length === 0 && shelf.fetching.size === 0) shelves.delete(key)
  }

  function keptAt({ kept }: Shelf, offset: bigint): Page | undefined {
    const entry = kept[positionOf(kept, offset)]
    return entry !== undefined && entry.page.nextOffset > offset ? cutTo(entry.page, offset) : undefined
  }

  /** The fetch that began closest before the offset. */
  function nearFetch({ fetching }: Shelf, offset: bigint): Promise<Page> | undefined {
    let nearest: bigint | undefined
    for (const from of fetching.keys())
      if (from < offset && offset - from <= NEAR_OFFSETS && from > (nearest ?? -1n)) nearest = from
    return nearest === undefined ? undefined : fetching.get(nearest)
  }

  function count(from: PageSource, page: Page | Promise<Page>): Page | Promise<Page> {
    deps.onPage?.(from)
    return page
  }

  return {
    async read(topic, partition, offset, bytesMax = PAGE_BYTES) {
      for (let mayWait = true; ; mayWait = false) {
        const shelf = shelfOf(topic, partition)
        const kept = keptAt(shelf, offset)
        if (kept !== undefined) return count('cache', kept)
        const same = shelf.fetching.get(offset)
        if (same !== undefined) return count('shared', same)
        const near = mayWait ? nearFetch(shelf, offset) : undefined
        if (near === undefined) return count('kafka', fetchPage(topic, partition, offset, bytesMax))
        // The failure of a page before this one says nothing about this one.
        const page = await near.catch(() => undefined)
        if (page !== undefined && page.nextOffset > offset) return count('shared', cutTo(page, offset))
      }
    },
    get bytes() {
      return bytes
    },
    close() {
      timer?.cancel()
      for (const entry of [...all]) remove(entry)
    },
  }
}

/** The index of the last entry at or before `offset`; -1: none. */
function positionOf(kept: readonly Kept[], offset: bigint): number {
  let low = 0
  let high = kept.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (kept[middle]!.offset <= offset) low = middle + 1
    else high = middle
  }
  return low - 1
}

function cutTo({ records, nextOffset, stableEnd }: Page, offset: bigint): Page {
  const from = Number(offset)
  const first = firstFrom(records, from)
  return { records: first === 0 ? records : records.slice(first), nextOffset, stableEnd }
}

/** The index of the first record at `offset` or behind it. */
function firstFrom(records: readonly LogRecord[], offset: number): number {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (records[middle]!.offset < offset) low = middle + 1
    else high = middle
  }
  return low
}
