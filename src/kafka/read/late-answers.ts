/**
 * A frozen broker cannot report that leadership has moved: while its answer is late, the others are queried.
 */
import type { Clock } from '../../clock.ts'
import type { ClusterMap, LeaderOf } from '../protocol/cluster.ts'
import type { FetchNode } from './fetch-nodes.ts'
import type { Reading } from './reading.ts'

/** Checks `afterMs` from now, and repeatedly until it is cancelled. */
export type WatchLate = (node: FetchNode, afterMs: number) => { cancel(): void }

export function createLateWatch(deps: {
  clock: Clock
  /** Between two checks. */
  lateMs: number
  track(work: Promise<void>): void
  isClosed(): boolean
  cluster(): ClusterMap | undefined
  /** Another broker leads it. */
  follow(reading: Reading, leader: LeaderOf): void
}): WatchLate {
  const { clock, track } = deps

  function watchLate(node: FetchNode, afterMs: number): { cancel(): void } {
    let timer = clock.after(afterMs, look)
    let isOver = false
    function look(): void {
      track(
        moveAway(node).finally(() => {
          if (!isOver && !deps.isClosed()) timer = clock.after(deps.lateMs, look)
        }),
      )
    }
    return {
      cancel() {
        isOver = true
        timer.cancel()
      },
    }
  }

  async function moveAway({ session }: FetchNode): Promise<void> {
    const cluster = deps.cluster()
    if (!cluster) return
    const topics = new Set([...session.readings()].map(([, { topic }]) => topic))
    for (const topic of topics) cluster.stale(topic)
    try {
      await cluster.load(topics)
    } catch {
      return // nobody else answers either
    }
    for (const [, reading] of [...session.readings()]) {
      const leader = cluster.leader(reading.topic, reading.partition)
      if (leader && leader.epoch > (reading.leader?.epoch ?? -1)) deps.follow(reading, leader)
    }
  }

  return watchLate
}
