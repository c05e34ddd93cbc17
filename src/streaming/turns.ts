/** Bounds the work under way over all organizations; those that wait take turns, one piece of work each. */
export interface Turns {
  run<T>(organizationId: string, work: () => Promise<T>): Promise<T>
}

export function createTurns({ underWayMax }: { underWayMax: number }): Turns {
  /** In the order of their turns. */
  const waiting = new Map<string, Array<() => void>>()
  let underWay = 0

  function next(): void {
    const [first] = waiting
    if (first === undefined || underWay >= underWayMax) return
    const [organizationId, starts] = first
    waiting.delete(organizationId)
    const start = starts.shift()!
    if (starts.length > 0) waiting.set(organizationId, starts)
    underWay++
    start()
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
        underWay--
        next()
      }
    },
  }
}
