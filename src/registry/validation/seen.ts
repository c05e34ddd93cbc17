/**
 * Members and items of one value that keywords have evaluated: the annotations of draft 2020-12, sections 10 and 11.
 */

/** Collected only where a keyword `unevaluated…` uses it. */
export interface Seen {
  all: boolean
  names: Set<string>
  allItems: boolean
  /** Items before this index. */
  itemsBefore: number
  items: Set<number>
}

export const newSeen = (): Seen => ({ all: false, names: new Set(), allItems: false, itemsBefore: 0, items: new Set() })

export function addSeen(to: Seen, from: Seen): void {
  to.all ||= from.all
  to.allItems ||= from.allItems
  to.itemsBefore = Math.max(to.itemsBefore, from.itemsBefore)
  for (const name of from.names) to.names.add(name)
  for (const item of from.items) to.items.add(item)
}
