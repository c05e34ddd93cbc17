/** Lists in pages, newest first. */
import { type ListName, type Place, writeCursor } from '../../model/cursors.ts'

export interface Page<Item> {
  items: Item[]
  /** Start of the next page; null after the last one. */
  nextCursor: string | null
}

/** Cuts a list that was read with one extra item, the sign of a further page, down to a page. */
export function toPage<Item, L extends ListName>(
  list: L,
  found: Item[],
  limit: number,
  placeOf: (item: Item) => Place<L>,
): Page<Item> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const more = found.length > limit && last !== undefined
  return { items, nextCursor: more ? writeCursor(list, placeOf(last)) : null }
}

/** The same for a list that may have stopped early: the next page begins there. */
export function toFilledPage<Item, L extends ListName>(
  list: L,
  { items: found, stoppedAt }: Filled<Item, Place<L>>,
  limit: number,
  placeOf: (item: Item) => Place<L>,
): Page<Item> {
  const page = toPage(list, found, limit, placeOf)
  if (page.nextCursor !== null || stoppedAt === undefined) return page
  return { ...page, nextCursor: writeCursor(list, stoppedAt) }
}

/** A list of which only some entries are shown, read window by window from its newest end. */
export interface Windows<Item, Place> {
  /** The lower end of a window of `scan` entries before a position; undefined: there are no more entries than these. */
  reach(scan: number, before: Place | undefined): Promise<Place | undefined>
  /** The newest shown entries before a position and down to the end of a window (undefined: to the end of the list). */
  items(limit: number, before: Place | undefined, reached: Place | undefined): Promise<Item[]>
}

/** Items of a list, and where reading stopped before the list ended or the page was full. */
export interface Filled<Item, Place> {
  items: Item[]
  stoppedAt: Place | undefined
}

/**
 * Reads windows until there are `limit` items, or no more. `scans`: the size of each window; the last one is used for
 * all later ones.
 */
export async function fillFromWindows<Item, Place>(
  limit: number,
  scans: readonly number[],
  windows: Windows<Item, Place>,
): Promise<Item[]> {
  return (await fillAtMost(limit, scans, Number.POSITIVE_INFINITY, windows)).items
}

/** The same with at most so many windows: a page that few entries match is short, and goes on where this one stopped. */
export async function fillAtMost<Item, Place>(
  limit: number,
  scans: readonly number[],
  windowsMax: number,
  windows: Windows<Item, Place>,
): Promise<Filled<Item, Place>> {
  const items: Item[] = []
  let before: Place | undefined
  for (let at = 0; ; at++) {
    const reached = await windows.reach(scans[Math.min(at, scans.length - 1)]!, before)
    items.push(...(await windows.items(limit - items.length, before, reached)))
    if (items.length >= limit || reached === undefined) return { items, stoppedAt: undefined }
    if (at + 1 >= windowsMax) return { items, stoppedAt: reached }
    before = reached
  }
}
