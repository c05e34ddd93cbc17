/** A bounded cache that keeps what is in use. */

export interface Cache<T> {
  get(key: string, make: () => T): T
}

/**
 * At most `max` entries, in two generations: a used entry moves to the young generation, and when that holds `max / 2`
 * entries, the old generation is dropped with everything unused since. A hit in the young generation writes nothing.
 */
export function createCache<T>(max: number): Cache<T> {
  const youngMax = Math.max(1, Math.floor(max / 2))
  let young = new Map<string, T>()
  let old = new Map<string, T>()
  return {
    get(key, make) {
      const found = young.get(key)
      if (found !== undefined) return found
      const kept = old.get(key) ?? make()
      if (young.size >= youngMax) {
        old = young
        young = new Map()
      }
      young.set(key, kept)
      return kept
    },
  }
}
