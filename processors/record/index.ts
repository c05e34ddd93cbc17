/**
 * audit.emits, audit.attempts, audit.changes, audit.relays, audit.meters, audit.replays, audit.runs, audit.notifications, quarantine
 * → ClickHouse, each row exactly once.
 *
 * A shard goes round in one circle:
 *
 *     gather ──► cut a block of each lane ──► commit its offsets ──► insert ──► gather …
 *
 * The offsets are committed before the insert, so the next owner after a crash sends the very same block under the same
 * token, which ClickHouse drops if it has it. They are committed as done together with the next block's, or by
 * themselves if none follows.
 *
 * While a block is in flight the next ones gather, so blocks grow with the load. An insert costs ClickHouse about as
 * much as two thousand rows of it, including the merge of its part; a pause between rounds, longer the more rows come
 * and the longer ClickHouse takes, turns many inserts into few. A full block does not wait for it. While ClickHouse is
 * unavailable the insert in flight is repeated, and the lanes fill up to their bound and stop reading.
 */
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import type { Clock } from '../../src/clock.ts'
import type { Processor, ShardHandle } from '../../src/kafka/ports.ts'
import type { RecordMetrics } from '../../src/observability/record-metrics.ts'
import type { Tracing } from '../../src/observability/tracing/tracing.ts'
import { recordState } from '../../topics/record-state.ts'
import type { Lane, LaneBounds } from './lane.ts'
import { openShard } from './shard.ts'

export interface RecordDeps {
  analytics: Pick<AnalyticsClient, 'insert'>
  clock: Clock
  tracing?: Tracing | undefined
  metrics?: RecordMetrics
  bounds?: LaneBounds
  pacing?: Pacing
}

/**
 * The pause between rounds, ms: the longer of `busyFactor` times the duration of the last inserts and `loadFactor` for
 * each row a second, within bounds.
 */
export interface Pacing {
  busyFactor: number
  loadFactor: number
  shortestMs: number
  longestMs: number
}

/** Smaller blocks make ClickHouse merge all day. Each of a shard's nine lanes may fill its buffer. */
export const BOUNDS: LaneBounds = {
  blockRowsMax: 24_000,
  blockBytesMax: 6 * 1024 * 1024,
  bufferBytesMax: 12 * 1024 * 1024,
}
const PAUSE_MS = 1_000

/** Pauses that are this long without load, and up to three times as long with it. */
export const pacingOf = (pauseMs: number): Pacing => ({
  busyFactor: (6 * pauseMs) / PAUSE_MS,
  loadFactor: (3 * pauseMs) / PAUSE_MS,
  shortestMs: pauseMs,
  longestMs: 3 * pauseMs,
})

export function createRecord({
  analytics,
  clock,
  tracing,
  metrics,
  bounds = BOUNDS,
  pacing = pacingOf(PAUSE_MS),
}: RecordDeps): Processor {
  const watched = new Set<ReadonlyMap<string, Lane>>()
  metrics?.behind(() => behindOf(watched, clock.nowMs()))
  return {
    role: 'record',
    stateTopics: [recordState.name],
    allowBatching: true,
    actsOutside: true,
    open: (handle: ShardHandle) => openShard({ handle, analytics, clock, tracing, metrics, watched, bounds, pacing }),
  }
}

/** By topic, over all shards; 0 when nothing is behind. */
function behindOf(
  shards: Iterable<ReadonlyMap<string, Lane>>,
  nowMs: number,
): Array<{ topic: string; seconds: number }> {
  const behind = new Map<string, number>()
  for (const lanes of shards)
    for (const { topic, oldestAtMs = nowMs } of lanes.values())
      behind.set(topic, Math.max(behind.get(topic) ?? 0, (nowMs - oldestAtMs) / 1000))
  return [...behind].map(([topic, seconds]) => ({ topic, seconds }))
}
