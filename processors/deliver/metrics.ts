/** Metrics of the deliveries in one process, counted on demand over all open shards. */
import type { ReadSoFar } from '../../src/observability/retry-depth.ts'
import type { Stage } from './delivery.ts'
import type { Room } from './dispatch/memory-budget.ts'
import type { OwedRange } from './state/owed-range.ts'
import type { Progress } from './state/progress.ts'

/** Deliveries in hand, by stage. */
export type Stages = Record<Exclude<Stage, 'over'>, number>

export interface DeliverFigures {
  inHand(): { stages: Stages; payloadBytes: number }
  /** Read and committed progress of each input of deliveries. */
  inputs(): ReadSoFar[]
  /** Owed ranges of webhooks. */
  owed(): OwedFigures[]
}

export type OwedFigures = Pick<OwedRange, 'cause' | 'count' | 'oldestAtMs' | 'sinceMs'>

/** An open shard. */
export interface Watched {
  count(stages: Stages): void
  inputs(): ReadSoFar[]
  owed(): OwedFigures[]
}

export function createFigures(room: Room, shards: ReadonlySet<Watched>): DeliverFigures {
  return {
    inHand() {
      const stages: Stages = { held: 0, lined: 0, waiting: 0, flying: 0 }
      for (const shard of shards) shard.count(stages)
      return { stages, payloadBytes: room.bytes() }
    },
    inputs: () => [...shards].flatMap(shard => shard.inputs()),
    owed: () => [...shards].flatMap(shard => shard.owed()),
  }
}

export function createWatched(deps: {
  inputs: readonly Progress[]
  partition: number
  /** Of records that wait unloaded in a retry topic. */
  oldestAtMs(topic: string): number | undefined
  count: Watched['count']
  owed: Watched['owed']
}): Watched {
  const { partition, count, owed } = deps
  return {
    count,
    owed,
    inputs: () =>
      deps.inputs.map(progress => {
        const { topic } = progress
        return {
          topic,
          partition,
          readTo: progress.readTo(),
          open: progress.open(),
          oldestAtMs: deps.oldestAtMs(topic),
        }
      }),
  }
}
