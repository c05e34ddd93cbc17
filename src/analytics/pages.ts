/** Lists in pages, newest first. */
import { type ListName, type Place, writeCursor } from '../model/cursors.ts'

export interface Page<Item> {
  items: Item[]
  /** Where the next page begins; null after the last one. */
  nextCursor: string | null
}

/** Cuts one item more than was asked for (the sign that there is another page) down to a page. */
export function toPage<Item, L extends ListName>(list: L, found: Item[], limit: number, placeOf: (item: Item) => Place<L>): Page<Item> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const more = found.length > limit && last !== undefined
  return { items, nextCursor: more ? writeCursor(list, placeOf(last)) : null }
}
