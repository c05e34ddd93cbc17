/** Bounds of numbers, lengths and counts: wider bounds are a minor with a warning, tighter bounds are refused. */
import { pointerTo } from '../../json/json-pointer.ts'
import type { SchemaObject } from '../schema-positions.ts'
import { isMultipleOf } from '../validation/multiple-of.ts'
import type { Pair } from './minor.ts'

export function compareBounds(pair: Pair): void {
  const { before, after } = pair
  for (const noun of ['Length', 'Items', 'Properties']) {
    compareBound(pair, `min${noun}`, atLeast(before[`min${noun}`], 0), atLeast(after[`min${noun}`], 0))
    compareBound(pair, `max${noun}`, atMost(before[`max${noun}`]), atMost(after[`max${noun}`]))
  }
  compareContained(pair)
  compareRange(pair)
  compareMultipleOf(pair)
  compareUniqueItems(pair)
}

/**
 * A bound as a number that grows as it gets tighter; equal bounds may differ in whether their own value is excluded.
 */
interface Bound {
  tightness: number
  exclusive: boolean
}

const atLeast = (value: unknown, otherwise: number): Bound => ({
  tightness: typeof value === 'number' ? value : otherwise,
  exclusive: false,
})
const atMost = (value: unknown): Bound => ({
  tightness: typeof value === 'number' ? -value : Number.NEGATIVE_INFINITY,
  exclusive: false,
})

function compareBound(
  { path, after, report }: Pair,
  keyword: string,
  old: Bound,
  next: Bound,
  elsewhere = keyword,
): void {
  const at = pointerTo(path, Object.hasOwn(after, keyword) ? keyword : elsewhere)
  const change =
    next.tightness === old.tightness ? Number(next.exclusive) - Number(old.exclusive) : next.tightness - old.tightness
  if (change > 0) report.refuse('bound_tightened', at)
  else if (change < 0) report.warn('bound_relaxed', at)
}

/** Without `contains` its bounds have no effect. A change of `contains` itself is refused elsewhere. */
function compareContained(pair: Pair): void {
  const { before, after, isSame } = pair
  if (!Object.hasOwn(after, 'contains') || !isSame('contains')) return
  compareBound(pair, 'minContains', atLeast(before.minContains, 1), atLeast(after.minContains, 1))
  compareBound(pair, 'maxContains', atMost(before.maxContains), atMost(after.maxContains))
}

/** Inclusive and exclusive bound together: the tighter one applies. */
function compareRange(pair: Pair): void {
  const lower = ({ minimum, exclusiveMinimum }: SchemaObject): Bound =>
    tighter(atLeast(minimum, Number.NEGATIVE_INFINITY), {
      ...atLeast(exclusiveMinimum, Number.NEGATIVE_INFINITY),
      exclusive: true,
    })
  const upper = ({ maximum, exclusiveMaximum }: SchemaObject): Bound =>
    tighter(atMost(maximum), { ...atMost(exclusiveMaximum), exclusive: true })
  const { before, after } = pair
  const named = (inclusive: string, exclusive: string): [string, string] =>
    Object.hasOwn(after, exclusive) || (!Object.hasOwn(after, inclusive) && Object.hasOwn(before, exclusive))
      ? [exclusive, exclusive]
      : [inclusive, inclusive]
  const [minimum] = named('minimum', 'exclusiveMinimum')
  const [maximum] = named('maximum', 'exclusiveMaximum')
  compareBound(pair, minimum, lower(before), lower(after))
  compareBound(pair, maximum, upper(before), upper(after))
}

function tighter(inclusive: Bound, exclusive: Bound): Bound {
  if (exclusive.tightness === Number.NEGATIVE_INFINITY) return inclusive
  return exclusive.tightness >= inclusive.tightness ? exclusive : inclusive
}

/**
 * `multipleOf: 1` dropped would turn an integer into a number, which is a wider type: only another divisor is a relaxed
 * bound.
 */
function compareMultipleOf({ before, after, path, isSame, report }: Pair): void {
  if (isSame('multipleOf')) return
  const at = pointerTo(path, 'multipleOf')
  const [old, next] = [before.multipleOf, after.multipleOf]
  if (typeof next !== 'number') report.refuse('multiple_of_removed', at)
  else if (typeof old !== 'number') report.refuse('bound_tightened', at)
  else if (isMultipleOf(old, next)) report.warn('bound_relaxed', at)
  else report.refuse('multiple_of_changed', at)
}

function compareUniqueItems({ before, after, path, report }: Pair): void {
  const at = pointerTo(path, 'uniqueItems')
  const [old, next] = [before.uniqueItems === true, after.uniqueItems === true]
  if (next && !old) report.refuse('unique_items_added', at)
  if (old && !next) report.warn('bound_relaxed', at)
}
