/** Which of many keys have their turn: those that matter now, and a part of the others, one part after the other. */

export interface Rotation {
  /** At most `partMax` of `first`, and as many of the others. The order of the keys is kept between calls. */
  next(keys: readonly string[], first: ReadonlySet<string>): string[]
}

/** `start`: from 0 to 1, so that processes begin at different places. */
export function createRotation(partMax: number, start: number): Rotation {
  /** The last key that had its turn, and its place, among the first ones and among the others. */
  const last: { first?: Turn; others?: Turn } = {}

  function part(keys: readonly string[], of: 'first' | 'others'): string[] {
    if (keys.length <= partMax) return [...keys]
    const from = placeAfter(keys, last[of]) ?? Math.floor(start * keys.length)
    const turn = [...keys.slice(from, from + partMax), ...keys.slice(0, Math.max(0, from + partMax - keys.length))]
    last[of] = { key: turn.at(-1)!, at: (from + partMax - 1) % keys.length }
    return turn
  }

  return {
    next(keys, first) {
      const those = keys.filter(key => first.has(key))
      const others = first.size === 0 ? keys : keys.filter(key => !first.has(key))
      return [...part(those, 'first'), ...part(others, 'others')]
    },
  }
}

interface Turn {
  key: string
  at: number
}

/** A key that is gone has moved those behind it one place forward. */
function placeAfter(keys: readonly string[], turn: Turn | undefined): number | undefined {
  if (turn === undefined) return undefined
  const at = keys[turn.at] === turn.key ? turn.at : keys.indexOf(turn.key)
  const next = at === -1 ? turn.at : at + 1
  return next < keys.length ? next : 0
}
