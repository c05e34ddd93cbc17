/** Numbers: an interval, divisors, and what is excluded. Integers and other numbers are looked for apart. */
import { isMultipleOf } from '../validation/multiple-of.ts'
import type { Atom, AtomOf } from './form.ts'
import { holds } from './holds.ts'
import { INTEGER } from './json-types.ts'
import { accepted, EMPTY, type Found, type Literals, type Search } from './search-terms.ts'

/** Intervals with no more integers than this are searched through. */
const INTEGERS_MAX = 64

interface Interval {
  low: number
  high: number
  lowOpen: boolean
  highOpen: boolean
}

export function findNumber({ type, holding, failing }: Literals, { pattern }: Search): Found {
  const interval = intervalOf(holding)
  const { low, high } = interval
  if (low > high || (low === high && (interval.lowOpen || interval.highOpen))) return EMPTY
  const divisors = holding.filter(isMultiple).map(({ divisor }) => divisor)
  if (type === INTEGER) divisors.push(1)
  // A multiple of a whole number is no fraction.
  if (type !== INTEGER && divisors.some(Number.isInteger)) return EMPTY
  const excluded = failing.filter(isMultiple)
  if (excluded.some(({ divisor }) => divisors.some(each => isMultipleOf(each, divisor)))) return EMPTY
  const passes = (value: number): boolean =>
    Number.isInteger(value) === (type === INTEGER) &&
    holding.every(atom => holds(atom, value, pattern) === true) &&
    failing.every(atom => holds(atom, value, pattern) === false)
  if (type === INTEGER) {
    const from = Math.ceil(low)
    const to = Math.floor(high)
    if (from > to) return EMPTY
    if (to - from <= INTEGERS_MAX) {
      for (let value = from; value <= to; value++) if (passes(value)) return accepted(value)
      return isSafe(from) && isSafe(to) ? EMPTY : undefined
    }
  }
  const end = [low, high, 0].find(passes)
  if (end !== undefined) return accepted(end)
  const found = candidates(interval, divisors, failing).find(passes)
  return found === undefined ? undefined : accepted(found)
}

const isMultiple = (atom: Atom): atom is AtomOf<'multiple'> => atom.kind === 'multiple'
const isSafe = (value: number): boolean => Number.isSafeInteger(value)

function intervalOf(holding: Atom[]): Interval {
  const interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, lowOpen: false, highOpen: false }
  for (const atom of holding) {
    if (atom.kind !== 'bound') continue
    const { side, limit, exclusive } = atom
    if (side === 'min') {
      if (limit > interval.low) Object.assign(interval, { low: limit, lowOpen: exclusive })
      else if (limit === interval.low) interval.lowOpen ||= exclusive
    } else if (limit < interval.high) Object.assign(interval, { high: limit, highOpen: exclusive })
    else if (limit === interval.high) interval.highOpen ||= exclusive
  }
  return interval
}

function candidates({ low, high }: Interval, divisors: number[], failing: Atom[]): number[] {
  const ends = [low, high].filter(Number.isFinite)
  const steps = [...divisors, ...failing.filter(isMultiple).map(({ divisor }) => divisor), 1, 0.5, 0.1]
  const middle = ends.length === 2 ? [low + (high - low) / 2, low + (high - low) / 7] : []
  const near = [0, ...ends, ...middle].flatMap(start =>
    steps.flatMap(step => [0, 1, 2, 3, -1, -2, -3].map(count => (Math.round(start / step) + count) * step)),
  )
  const large = [1e3, 1e6, 2 ** 31, -(2 ** 31) - 1, 2 ** 52, 1e300, -1e3, -1e6].flatMap(each => [each, each + 1])
  return [...ends, ...middle, ...near, ...large]
}
