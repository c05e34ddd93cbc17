/**
 * Limits the feeds that have pages of logs in memory in one process. A feed that has had its turn for five seconds
 * while others wait, or that has nothing left to read, drops its pages and queues again, so that a slow endpoint does
 * not keep others from reading. Waiting feeds are served organization by organization, so that many webhooks of one do
 * not delay the others.
 */
import type { Clock } from '../../clock.ts'

/** The pages of one reader have a megabyte together, mostly. */
const READERS_MAX = 16
const TURN_MS = 5_000

export interface TurnTaker {
  organizationId: string
  /** It has nothing left to read for now. */
  isIdle(): boolean
  /** Others wait: it drops its pages. */
  onDemand(): void
}

export interface ReadTurns {
  /** Resolves when it may read, with a function to call once its pages are dropped. */
  enter(taker: TurnTaker): Promise<() => void>
}

export function createReadTurns({ clock, readersMax = READERS_MAX }: { clock: Clock; readersMax?: number }): ReadTurns {
  const holders = new Set<TurnTaker & { sinceMs: number }>()
  /** By organization; the first has the next turn. */
  const waiting = new Map<string, Array<() => void>>()
  let isTimed = false

  function next(): void {
    for (const [organizationId, queue] of waiting) {
      waiting.delete(organizationId)
      const resolve = queue.shift()
      if (queue.length > 0) waiting.set(organizationId, queue)
      resolve?.()
      return
    }
  }

  const waitingCount = () => [...waiting.values()].reduce((sum, queue) => sum + queue.length, 0)

  /** Makes as many feeds drop their pages as there are waiting. */
  function makeRoom(): void {
    const overMs = clock.monotonicMs() - TURN_MS
    const leaving = [...holders].filter(holder => holder.isIdle() || holder.sinceMs <= overMs)
    for (const holder of leaving.slice(0, waitingCount())) holder.onDemand()
  }

  function watch(): void {
    if (isTimed || waiting.size === 0) return
    isTimed = true
    clock.after(TURN_MS / 5, () => {
      isTimed = false
      makeRoom()
      watch()
    })
  }

  return {
    async enter(taker) {
      if (holders.size >= readersMax) {
        const { organizationId } = taker
        const turn = new Promise<void>(resolve => {
          waiting.set(organizationId, [...(waiting.get(organizationId) ?? []), resolve])
        })
        makeRoom()
        watch()
        await turn
      }
      const holder = { ...taker, sinceMs: clock.monotonicMs() }
      holders.add(holder)
      return () => {
        if (holders.delete(holder)) next()
      }
    },
  }
}
