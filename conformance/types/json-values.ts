/** Values as JSON text, at random from a seed: how a number is written matters here. */
import { AWKWARD_NAMES, AWKWARD_TEXTS } from './awkward-names.ts'

/** Integers that a double holds exactly, in every notation. */
const INTEGERS = [
  '0',
  '-0',
  '1',
  '-1',
  '1.0',
  '1e3',
  '12E+2',
  '100e-2',
  '2147483648',
  '9007199254740991',
  '-9007199254740991',
  '-7.000',
]
const LARGE_INTEGERS = ['9007199254740993', '9223372036854775807', '-9223372036854775808', '1e18']
const NUMBERS = [...INTEGERS, '1.5', '-0.1', '1e21', '5e-324', '1.7976931348623157e308', '0.1e1', '123456.789', '1E-7']

/** The compiler takes a member `toString` of a literal for the inherited function, where the type has it by an index alone. */
const OTHER_NAMES = AWKWARD_NAMES.filter(name => name === '__proto__' || !(name in Object.prototype))

export interface Chance {
  /** From 0 to `limit` - 1. */
  below(limit: number): number
  /** True that often, of 1. */
  happens(share: number): boolean
  pick<T>(list: readonly T[]): T
}

/** Mulberry32: the same seed gives the same sequence. */
export function createChance(seed: number): Chance {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return { below, happens: share => next() < share, pick: <T>(list: readonly T[]) => list[below(list.length)] as T }
}

export type Member = readonly [name: string, value: string]

export interface Values {
  text(): string
  name(): string
  integer(): string
  number(): string
  flag(): string
  /** Anything, at most so many levels deep. */
  any(levels: number): string
  /** None, or up to `most`. */
  some<T>(most: number, make: () => T): T[]
}

export function createValues({ below, happens, pick }: Chance): Values {
  const values: Values = {
    text: () => JSON.stringify(pick(AWKWARD_TEXTS)),
    name: () => (happens(0.7) ? pick(OTHER_NAMES) : `other${below(100)}`),
    integer: () => pick([...INTEGERS, ...LARGE_INTEGERS]),
    number: () => pick(NUMBERS),
    flag: () => pick(['true', 'false']),
    any(levels) {
      if (levels === 0 || happens(0.5))
        return pick([values.text, values.number, values.flag, () => pick(['null', '[]', '{}'])])()
      if (happens(0.5)) return arrayText(values.some(3, () => values.any(levels - 1)))
      return objectText(values.some(3, (): Member => [values.name(), values.any(levels - 1)]))
    },
    some: (most, make) => Array.from({ length: below(most + 1) }, make),
  }
  return values
}

export const arrayText = (items: readonly string[]): string => `[${items.join(',')}]`

/** Of members with one name the last is written. */
export const objectText = (members: readonly Member[]): string =>
  `{${[...new Map(members)].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
