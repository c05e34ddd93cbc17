/** Chance that can be repeated: a seed makes the same numbers each time (mulberry32). */

export interface Chance {
  /** In [0, 1). */
  next(): number
  /** A whole number in [from, to]. */
  between(from: number, to: number): number
  pick<T>(list: readonly T[]): T
  /** True in `share` of the cases. */
  happens(share: number): boolean
  /** Chance of its own, so that what one part draws does not change another's. */
  fork(name: string): Chance
}

export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    between,
    pick: list => list[between(0, list.length - 1)]!,
    happens: share => next() < share,
    fork: name =>
      createChance(
        [...name].reduce((hash, character) => Math.imul(hash ^ character.charCodeAt(0), 0x01000193), seed ^ 0x811c9dc5),
      ),
  }
}

/** Draws from a shuffled list until it is used up, then shuffles anew: each item comes as often as the list has it, from the first draws on. */
export function createDeck<T>(chance: Chance, cards: readonly T[]): { draw(): T } {
  let left: T[] = []
  return {
    draw() {
      if (left.length === 0) left = [...cards]
      return left.splice(chance.between(0, left.length - 1), 1)[0]!
    },
  }
}
