/** `prefixItems`, `items` and what `unevaluatedItems` leaves over, compared place by place. */
import { pointerTo } from '../../json/json-pointer.ts'
import type { Comparison, Place } from './compare.ts'
import type { Items, Literal, Part } from './literals.ts'

export function compareItems({ oldLiterals, newLiterals, path, asks }: Place, { compare }: Comparison): void {
  const [old, next] = [itemsIn(oldLiterals), itemsIn(newLiterals)]
  const places = Math.max(0, ...[...old, ...next].map(each => each.places.length))
  for (let index = 0; index < places; index++) {
    const at =
      next.map(each => each.places[index]?.path).find(Boolean) ?? pointerTo(pointerTo(path, 'prefixItems'), index)
    compare(partsAt(old, index), partsAt(next, index), at, asks)
  }
  if (old.length + next.length > 0)
    compare(partsAt(old, places), partsAt(next, places), next[0]?.rest.path ?? pointerTo(path, 'items'), asks)
}

const itemsIn = (literals: Literal[]): Items[] => literals.flatMap(({ items }) => items ?? [])
const partsAt = (lists: Items[], index: number): Part[] => lists.map(each => each.places[index] ?? each.rest)
