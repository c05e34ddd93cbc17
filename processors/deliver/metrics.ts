/** Metrics of the deliveries in one process, counted on demand over all open shards. */
import type { ReadSoFar } from '../../src/observability/retry-depth.ts'
import type { Stage } from './delivery.ts'
import type { MemoryBudget } from './dispatch/memory-budget.ts'
import type { OwedRange } from './state/owed-range.ts'
import type { Progress } from './state/progress.ts'

/** Deliveries in hand, by stage. */
export type Stages = Record<Exclude<Stage, 'ended'>, number>

/** The same by the labels of the metric, which stay as released. */
export type StageLabels = Record<'held' | 'queued' | 'waiting' | 'in_flight', number>

export interface DeliverFigures {
  inHand(): { stages: StageLabels; payloadBytes: number }
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

export function createFigures(budget: MemoryBudget, shards: ReadonlySet<Watched>): DeliverFigures {
  return {
    inHand() {
      const stages: Stages = { held: 0, queued: 0, waiting: 0, inFlight: 0 }
      for (const shard of shards) shard.count(stages)
      const { held, queued, waiting, inFlight } = stages
      return { stages: { held, queued, waiting, in_flight: inFlight }, payloadBytes: budget.bytes() }
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
          readTo: progress.nextOffset(),
          open: progress.open(),
          oldestAtMs: deps.oldestAtMs(topic),
        }
      }),
  }
}
