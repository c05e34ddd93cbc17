/** One shard's round: see `index.ts`. */
import type { AnalyticsClient } from '../../src/analytics/client.ts'
import type { Clock, Timer } from '../../src/clock.ts'
import type { OutRecord, ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import type { RecordMetrics } from '../../src/observability/record-metrics.ts'
import { traceInsert } from '../../src/observability/tracing/spans.ts'
import type { Tracing } from '../../src/observability/tracing/tracing.ts'
import { recordStateCodec } from '../../topics/record-state.ts'
import { type Block, insertsOf, ROWS_OF } from './blocks.ts'
import type { Pacing } from './index.ts'
import { createLane, type Lane, type LaneBounds } from './lane.ts'

interface ShardDeps {
  handle: ShardHandle
  analytics: Pick<AnalyticsClient, 'insert'>
  clock: Clock
  tracing: Tracing | undefined
  metrics: RecordMetrics | undefined
  /** The lanes of every open shard, for metrics. */
  watched: Set<ReadonlyMap<string, Lane>>
  bounds: LaneBounds
  pacing: Pacing
}

/**
 * `gathering`: nothing in flight. `committing`: state was written, and counts once committed; then `blocks` are sent.
 * `inserting`: they are in flight.
 */
type Phase = 'gathering' | 'committing' | 'inserting'

/** How long a revoked shard waits for an insert in flight; the next owner repeats it. */
const DRAIN_MS = 5_000

export function openShard({
  handle,
  analytics,
  clock,
  tracing,
  metrics,
  watched,
  bounds,
  pacing,
}: ShardDeps): ShardTask {
  const { shard } = handle
  const lanes = new Map<string, Lane>(
    Object.keys(ROWS_OF).map(topic => {
      const input = { pause: () => handle.pause(topic, shard), resume: () => handle.resume(topic, shard) }
      return [topic, createLane(topic, shard, bounds, input)]
    }),
  )
  const closed = new AbortController()
  let phase: Phase = 'gathering'
  let blocks: Block[] = []
  /** Our state is in the transaction being filled, or in the one being committed. */
  let stateIs: 'unsealed' | 'sealed' = 'unsealed'
  let nextRoundAtMs = clock.monotonicMs()
  let lastCutAtMs = Number.NEGATIVE_INFINITY
  let roundTimer: Timer | undefined
  let drained: (() => void) | undefined

  function beginRoundWhenDue(): void {
    if (phase !== 'gathering' || closed.signal.aborted) return
    const waitMs = nextRoundAtMs - clock.monotonicMs()
    if (waitMs <= 0 || drained || [...lanes.values()].some(lane => lane.isFull)) beginRound()
    else roundTimer ??= clock.after(waitMs, onRoundTimer)
  }

  function onRoundTimer(): void {
    roundTimer = undefined
    nextRoundAtMs = clock.monotonicMs()
    beginRoundWhenDue()
  }

  function beginRound(): void {
    roundTimer?.cancel()
    roundTimer = undefined
    blocks = drained ? [] : [...lanes.values()].map(lane => lane.cut()).filter(block => block !== undefined)
    writeState()
  }

  /** Writes the offsets of the blocks to be sent, and of those inserted. */
  function writeState(): void {
    const changes = [...lanes.values()]
      .map(lane => lane.takeChange())
      .filter((change): change is OutRecord => change !== undefined)
    if (changes.length > 0) {
      phase = 'committing'
      stateIs = 'unsealed'
      handle.write(changes)
    } else if (blocks.length > 0) void insertBlocks()
    else drained?.()
  }

  async function insertBlocks(): Promise<void> {
    phase = 'inserting'
    const startedMs = clock.monotonicMs()
    let rows = 0
    try {
      for (const insert of blocks.flatMap(insertsOf)) {
        // The session ends with its lease; the next owner sends the very same block.
        if (!handle.isHeld()) return
        const insertedFromMs = clock.machineMs()
        const sentAtMs = clock.monotonicMs()
        await analytics.insert(insert, closed.signal)
        rows += insert.rows
        metrics?.inserted(insert.table, insert.rows, (clock.monotonicMs() - sentAtMs) / 1000)
        if (tracing) traceInsert(tracing, insert, insertedFromMs)
      }
    } catch (error) {
      if (!closed.signal.aborted) handle.fail(error instanceof Error ? error : new Error(String(error)))
      return
    }
    for (const block of blocks) lanes.get(block.topic)?.finish()
    blocks = []
    phase = 'gathering'
    const nowMs = clock.monotonicMs()
    nextRoundAtMs =
      nowMs +
      pauseAfter({ tookMs: nowMs - startedMs, rowsPerSecond: (rows * 1_000) / (startedMs - lastCutAtMs) }, pacing)
    lastCutAtMs = startedMs
    beginRoundWhenDue()
  }

  return {
    restore(record) {
      const topic = record.key?.toString('utf8').replace(/\/\d+$/, '') ?? ''
      if (record.value) lanes.get(topic)?.restore(recordStateCodec.decode(record.value))
    },
    start() {
      watched.add(lanes)
      for (const lane of lanes.values()) handle.assign(lane.topic, shard, lane.from, lane.known)
    },
    receive(records, nextOffset) {
      const topic = records[0]?.topic
      if (topic === undefined) return
      const lane = lanes.get(topic)
      try {
        lane?.receive(records, nextOffset, handle.position(topic, shard))
      } catch (error) {
        // The record does not match its topic's schema: a fault of the platform, so nothing may be left out.
        handle.fail(error as Error)
        return
      }
      // A transaction has a maximum number of records, and the block may have more: commit it empty, to receive the
      // rest.
      if (lane?.isIncomplete) handle.write([])
      beginRoundWhenDue()
    },
    seal() {
      stateIs = 'sealed'
      return []
    },
    committed() {
      if (phase !== 'committing' || stateIs !== 'sealed') return
      phase = 'gathering'
      if (blocks.length > 0 && !drained) void insertBlocks()
      else beginRoundWhenDue()
    },
    drain() {
      return new Promise(resolve => {
        const limit = clock.after(DRAIN_MS, resolve)
        drained = () => {
          limit.cancel()
          resolve()
        }
        beginRoundWhenDue()
      })
    },
    close() {
      watched.delete(lanes)
      closed.abort()
      roundTimer?.cancel()
    },
  }
}

function pauseAfter(
  round: { tookMs: number; rowsPerSecond: number },
  { busyFactor, loadFactor, shortestMs, longestMs }: Pacing,
): number {
  return Math.min(Math.max(round.tookMs * busyFactor, round.rowsPerSecond * loadFactor, shortestMs), longestMs)
}
