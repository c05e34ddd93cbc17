/** The inputs of one shard: new deliveries, retry tiers and commands, and the cancellation that searches them. */
import type { LogRecord } from '../../src/kafka/ports.ts'
import { deliveries } from '../../topics/deliveries.ts'
import { deliveriesCommands } from '../../topics/deliveries-commands.ts'
import { RETRY_TIERS, type RetryRecord, type RetryTier } from '../../topics/deliveries-retry.ts'
import { notifications } from '../../topics/notifications.ts'
import type { Origin } from './delivery.ts'
import { createCancelOwed } from './inputs/cancel-owed.ts'
import { type Cancellation, createCancellation } from './inputs/cancellation.ts'
import { createCommandReader } from './inputs/commands.ts'
import { createNewDeliveries } from './inputs/new-deliveries.ts'
import { createRetryTier, type RetryTierReader } from './inputs/retry-tier.ts'
import type { Notify } from './notify/notify.ts'
import type { Context, Engine, OutcomeParts, StateParts } from './shard-parts.ts'
import type { OpenRecord, Progress } from './state/progress.ts'

export interface ShardInputs {
  cancellation: Cancellation
  receive(topic: string, records: LogRecord[], nextOffset: number): void
  /** Reads on where reading had paused for lack of capacity. */
  goOn(): void
  /** Writes the deliveries of this retry topic that have lost their record anew. Returns how many. */
  rescue(topic: string): number
  /** Append time of the oldest record of this retry topic that waits to be loaded. */
  oldestAtMs(topic: string): number | undefined
  close(): void
}

export function createShardInputs(
  context: Context,
  { state, outcome, engine, notify }: { state: StateParts; outcome: OutcomeParts; engine: Engine; notify: Notify },
): ShardInputs {
  const { handle, deps, shared } = context
  const { clock, clockOffsetMs = 0 } = deps
  const { budget } = shared
  const { shard, owing, redrives } = engine
  const { events, manualRetries, progressOf } = state

  const newDeliveries = createNewDeliveries({
    handle,
    progress: progressOf(deliveries.name),
    events,
    shard,
    owing,
    budget,
    clock,
    clockOffsetMs,
    isCancelled: record => cancellation.wants(record),
  })
  const tiers = new Map(
    RETRY_TIERS.map(tier => [
      tier.topic.name,
      createTier(context, { tier, state, engine, cancelled: record => cancellation.wants(record) }),
    ]),
  )
  const cancellation = createShardCancellation(context, { state, outcome, engine, tiers })
  const commands = createCommandReader({
    redrives,
    handle,
    progress: progressOf(deliveriesCommands.name),
    shard,
    manualRetries,
    cancellation,
    budget,
    clock,
  })

  return {
    cancellation,
    receive(topic, records, nextOffset) {
      if (topic === deliveries.name) newDeliveries.receive(records, nextOffset)
      else if (topic === deliveriesCommands.name) commands.receive(records, nextOffset)
      else if (topic === notifications.name) notify.receive(records, nextOffset)
      else tiers.get(topic)?.receive(records, nextOffset)
    },
    goOn() {
      newDeliveries.goOn()
      commands.goOn()
      for (const tier of tiers.values()) tier.load()
    },
    rescue: topic => tiers.get(topic)?.rescue() ?? 0,
    oldestAtMs: topic => tiers.get(topic)?.oldestAtMs(),
    close() {
      cancellation.close()
      for (const tier of tiers.values()) tier.close()
    },
  }
}

function createTier(
  { handle, deps, shared, guarded }: Context,
  parts: { tier: RetryTier; state: StateParts; engine: Engine; cancelled(record: RetryRecord): boolean },
): RetryTierReader {
  const { clock, clockOffsetMs = 0, timeScale } = deps
  const { tier, cancelled } = parts
  const progress = parts.state.progressOf(tier.topic.name)
  return createRetryTier({
    ...{ tier, handle, progress, clock, clockOffsetMs, timeScale, cancelled, guarded },
    full: shared.budget.full,
    take: (record, openRecord) => parts.engine.shard.take(record, originOf(record, progress, openRecord)),
  })
}

function createShardCancellation(
  { handle, deps, guarded }: Context,
  parts: {
    state: StateParts
    outcome: OutcomeParts
    engine: Engine
    tiers: ReadonlyMap<string, RetryTierReader>
  },
): Cancellation {
  const { clock, logger, view, catchUp: log } = deps
  const { shard, owing } = parts.engine
  const { early, subscribersOf, endInBulk } = parts.outcome
  const cancelOwed = createCancelOwed({
    ...{ log, view, clock, logger, owing, early, subscribersOf, guarded, end: endInBulk },
    reasonFor: record => cancellation.reasonFor(record),
  })
  const cancellation = createCancellation({
    ...{ handle, log, clock, logger, progressOf: parts.state.progressOf, guarded, cancelOwed },
    cancelHeld({ wants, reasonFor }) {
      shard.cancel(reasonFor)
      for (const tier of parts.tiers.values()) tier.release(wants)
    },
    isInFlight: deliveryId => shard.isInFlight(deliveryId),
    cancelAhead(record, progress, openRecord, reason) {
      shard.endUntaken(record, originOf(record, progress, openRecord), { state: 'cancelled', reason })
    },
  })
  return cancellation
}

/** A record of a retry topic. Manual retries and deliveries of replays count for no emit. */
function originOf({ trigger }: RetryRecord, progress: Progress, record: OpenRecord): Origin {
  return { source: { progress, record, part: 0 }, countedAs: trigger === 'live' ? 'away' : 'nothing', isRetry: true }
}
