/** `prefixItems` and `items`, compared position by position; a list of positions that grows or shrinks is refused. */
import { pointerTo } from '../../json/json-pointer.ts'
import type { Pair } from './minor.ts'

export function compareItems({ before, after, path, report, compare }: Pair): void {
  const [old, next] = [before.prefixItems, after.prefixItems].map(places => (Array.isArray(places) ? places : [])) as [
    unknown[],
    unknown[],
  ]
  const at = pointerTo(path, 'prefixItems')
  if (old.length !== next.length) report.refuse('not_provable', at)
  else for (const [index, schema] of next.entries()) compare(old[index], schema, pointerTo(at, index))
  const { items: oldRest = true } = before
  const { items: nextRest = true } = after
  compare(oldRest, nextRest, pointerTo(path, 'items'))
}
