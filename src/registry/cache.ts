/** What was made is kept while it is used. */

export interface Cache<T> {
  get(key: string, make: () => T): T
}

/**
 * At most `max`, in two generations: what is used moves to the young one, and when that holds half of what is allowed, the old one goes with
 * all that was not used since. Finding what was used lately writes nothing.
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
