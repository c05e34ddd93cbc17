/**
 * Bounds the work under way over all organizations; those that wait take turns, one piece of work each. One organization
 * has half of it at most: pages of a log without a leader are waited for, and would hold up all others.
 */
export interface Turns {
  run<T>(organizationId: string, work: () => Promise<T>): Promise<T>
}

export function createTurns({ underWayMax }: { underWayMax: number }): Turns {
  const ownMax = Math.ceil(underWayMax / 2)
  /** In the order of their turns. */
  const waiting = new Map<string, Array<() => void>>()
  const underWay = new Map<string, number>()
  let total = 0

  const ownOf = (organizationId: string) => underWay.get(organizationId) ?? 0

  function count(organizationId: string, by: 1 | -1): void {
    const own = ownOf(organizationId) + by
    if (own === 0) underWay.delete(organizationId)
    else underWay.set(organizationId, own)
    total += by
  }

  function next(): void {
    if (total >= underWayMax) return
    for (const [organizationId, starts] of waiting) {
      if (ownOf(organizationId) >= ownMax) continue
      waiting.delete(organizationId)
      const start = starts.shift()!
      if (starts.length > 0) waiting.set(organizationId, starts)
      count(organizationId, 1)
      start()
      return
    }
  }

  return {
    async run(organizationId, work) {
      await new Promise<void>(resolve => {
        const starts = waiting.get(organizationId) ?? []
        starts.push(resolve)
        waiting.set(organizationId, starts)
        next()
      })
      try {
        return await work()
      } finally {
        count(organizationId, -1)
        next()
      }
    },
  }
}
