/** The parts of one shard of `deliver`, in the order in which they need each other: state, outcome, engine, inputs. */
import { createLifecycle } from '../../src/control-plane/store/lifecycle.ts'
import type { ShardHandle } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { ReadTurns } from '../../src/replay/ways/read-turns.ts'
import { deliveries } from '../../topics/deliveries.ts'
import { deliveriesCommands } from '../../topics/deliveries-commands.ts'
import { RETRY_TIERS, type RetryRecord } from '../../topics/deliveries-retry.ts'
import { notifications } from '../../topics/notifications.ts'
import type { Attempts } from './attempt.ts'
import { type BulkEnds, createBulkEnds } from './catch-up/bulk-ends.ts'
import { createEarlyRecords } from './catch-up/early-records.ts'
import { createLostEvents } from './catch-up/lost-events.ts'
import { createOwing, type Owing } from './catch-up/owing.ts'
import { createRedrives, type Redrives } from './catch-up/redrives.ts'
import { createReplayTargets, type ReplayTargets } from './catch-up/replay-targets.ts'
import { createSubscribes } from './catch-up/subscriptions.ts'
import { createSubscribersOf } from './catch-up/unlisted-events.ts'
import { type Origin, sourceless } from './delivery.ts'
import type { DeliverDependencies } from './dependencies.ts'
import type { Dispatcher } from './dispatch/dispatcher.ts'
import type { MemoryBudget } from './dispatch/memory-budget.ts'
import { createSubjectLanes } from './dispatch/subject-lanes.ts'
import type { DeliverLimits } from './limits.ts'
import type { Watched } from './metrics.ts'
import { createAnnounceEnd } from './notify/announce-end.ts'
import { createNotify, type Notify } from './notify/notify.ts'
import type { Outbox } from './notify/outbox.ts'
import { createAnnouncements } from './outcome/announcements.ts'
import { createEndInBulk } from './outcome/end-in-bulk.ts'
import { createOutputs } from './outcome/outputs.ts'
import { createShadows } from './shadows.ts'
import { createDeliveryShard, type DeliveryShard } from './shard.ts'
import { createFailedBlocks } from './state/failed-blocks.ts'
import { createManualRetries } from './state/manual-retries.ts'
import { createOpenEvents } from './state/open-events.ts'
import { createProgress } from './state/progress.ts'
import { createWebhookStates } from './state/webhook-states.ts'
import type { Wake } from './wake.ts'

/** Dry runs wait while commits take longer than this. */
const BUSY_MS = 1_000

/** Shared by all shards of one process. */
export interface Shared {
  limits: DeliverLimits
  budget: MemoryBudget
  dispatcher: Dispatcher
  attempts: Attempts
  turns: ReadTurns
  /** Tries of notifications. */
  outbox: Outbox
  /** Of replays: apart from those of webhooks that catch up, which go first. */
  replayTurns: ReadTurns
  /** Every open shard, for metrics. */
  watched: Set<Watched>
}

export interface Context {
  handle: ShardHandle
  deps: DeliverDependencies
  shared: Shared
  wake: Wake
  guarded(work: () => void): void
}

/** Everything that is restored, and the lanes whose turns depend on it. */
export function createStateParts({ wake }: Context) {
  const topics = [deliveries, deliveriesCommands, notifications, ...RETRY_TIERS.map(tier => tier.topic)]
  const inputs = new Map(topics.map(({ name }) => [name, createProgress(name)]))
  const progressOf = (topic: string) => inputs.get(topic)!
  const failedBlocks = createFailedBlocks()
  const states = createWebhookStates()
  return {
    inputs,
    progressOf,
    isReadAgain: () => progressOf(deliveries.name).isReadAgain(),
    failedBlocks,
    states,
    events: createOpenEvents({ states, failedBlocks }),
    manualRetries: createManualRetries(),
    lanes: createSubjectLanes({
      nextOffset: () => progressOf(deliveries.name).nextOffset(),
      onTurn: wake.turn,
    }),
  }
}

export type StateParts = ReturnType<typeof createStateParts>

/** The effects of a delivery's end, and the lookups that ends in bulk need. */
export function createOutcomeParts({ handle, deps, guarded }: Context, { events, lanes, manualRetries }: StateParts) {
  const { clock, logger, view, catchUp: log } = deps
  const outputs = createOutputs(handle.shard)
  const lifecycle = createLifecycle({ view, shards: log.shards })
  const announce = createAnnouncements({
    ...deps,
    ...{ handle, outputs, lifecycle },
    report: deps.reportHealth,
  })
  const endInBulk = createEndInBulk({
    ...{ handle, clock, outputs, events, lanes, manualRetries, announce },
    onBulkEnd: deps.onBulkEnd,
  })
  const subscribes = createSubscribes()
  return {
    outputs,
    lifecycle,
    announce,
    endInBulk,
    early: createEarlyRecords({ log, partition: handle.shard, clock, logger }),
    lost: createLostEvents({ handle, view, clock, logger, sources: log, end: endInBulk, guarded }),
    subscribes,
    subscribersOf: createSubscribersOf({ view, clock, subscribes, history: log.subscribers }),
  }
}

export type OutcomeParts = ReturnType<typeof createOutcomeParts>

/** Notifications share the shard's lease and transactions with deliveries, and nothing else. */
export function createShardNotify(
  { handle, deps, shared }: Context,
  { progressOf }: StateParts,
  { outputs, lifecycle }: OutcomeParts,
): Notify {
  const { view, clock, logger, timeScale, ids, sendNotification: send, reportChannel, onNotification: onEnd } = deps
  return createNotify({
    ...{ handle, view, clock, logger, timeScale, send, reportChannel, onEnd, outbox: shared.outbox },
    progress: progressOf(notifications.name),
    announce: createAnnounceEnd({ handle, clock, ids, lifecycle, outputs }),
    drainMsMax: shared.limits.drainMsMax,
  })
}

/** The deliveries in hand, and everything that is fed from logs. */
export interface Engine {
  owing: Owing
  shard: DeliveryShard
  bulk: BulkEnds
  replays: ReplayTargets
  redrives: Redrives
}

/** The one thing that the engine needs of its inputs, which exist after it. */
export interface Cancelled {
  reasonFor(record: RetryRecord): string | undefined
  /** Resolves when everything written so far has committed. */
  committedSinceNow(): Promise<void>
}

export function createEngine(
  context: Context,
  state: StateParts,
  outcome: OutcomeParts,
  cancelled: () => Cancelled,
): Engine {
  const { handle, deps, shared, wake } = context
  const { events, lanes, states, manualRetries } = state
  const { outputs, announce } = outcome
  const owing = createShardOwing(context, state, outcome, () => engine)
  const shard = createDeliveryShard({
    ...deps,
    ...shared,
    ...{ handle, events, outputs, announce, lanes, states, manualRetries, owing },
    shadows: createShadows({
      ...deps,
      write(row) {
        outputs.shadowed(row)
        deps.onShadow?.(row.answer)
        handle.write([])
      },
    }),
    onSpace: wake.space,
    cancelReason: record => cancelled().reasonFor(record),
    onAttempt: (row, isFed) => deps.onAttempt?.(row, isFed),
  })
  const bulk = createShardBulkEnds(context, state, outcome, {
    committed: () => cancelled().committedSinceNow(),
    settled: () => owing.committed(),
  })
  const fedFrom = { context, shard, isWaiting: owing.isWaiting }
  const engine: Engine = {
    owing,
    shard,
    bulk,
    replays: createShardReplays(fedFrom, state),
    redrives: createShardRedrives(fedFrom, state),
  }
  return engine
}

function createShardOwing(
  { handle, deps, shared, guarded }: Context,
  { states, events, isReadAgain, lanes }: StateParts,
  { early, lost, subscribersOf }: OutcomeParts,
  engine: () => Engine,
): Owing {
  const { turns, limits, dispatcher, budget } = shared
  const log = deps.catchUp
  return createOwing({
    ...deps,
    ...{ handle, states, events, early, log, turns, limits, isReadAgain, subscribersOf, guarded },
    shards: log.shards,
    gone: lost.numbers,
    lost: lost.earlyEntry,
    shard: {
      take: (record, origin) => void engine().shard.take(record, origin),
      unattempted: webhookId => engine().shard.unattempted(webhookId),
      waiting: webhookId => dispatcher.waiting(webhookId),
      queued: webhookId => lanes.waiting(webhookId),
      deferred: delivery => engine().shard.deferred(delivery),
      isAboveHalf: () => budget.aboveHalf(),
      fedOut: () => engine().shard.fedOut(),
    },
    isLaneFull: lanes.isFull,
    onClosing: () => engine().bulk.nudge(),
    onEnd() {
      engine().replays.nudge()
      engine().redrives.nudge()
    },
    onTransition: (from, to) => deps.onTransition?.(from, to),
    onFed: (result, isProbe) => deps.onFed?.(result, isProbe),
  })
}

function createShardBulkEnds(
  { handle, deps, guarded }: Context,
  { states, isReadAgain }: StateParts,
  { early, lost, subscribersOf, endInBulk }: OutcomeParts,
  after: { committed(): Promise<void>; settled(): void },
): BulkEnds {
  const { view, clock, logger, timeScale, clockOffsetMs = 0, catchUp: log } = deps
  return createBulkEnds({
    ...{ handle, view, states, log, early, clock, logger, timeScale, clockOffsetMs, isReadAgain },
    ...{ subscribersOf, guarded, end: endInBulk },
    ...after,
    gone: lost.numbers,
    lost: lost.earlyEntry,
    retentionMs: log.retentionMs,
  })
}

interface FedFrom {
  context: Context
  shard: DeliveryShard
  isWaiting: Owing['isWaiting']
}

function createShardReplays({ context, shard, isWaiting }: FedFrom, { manualRetries }: StateParts): ReplayTargets {
  const { handle, deps, guarded, shared } = context
  const { clock, logger, view, timeScale, catchUp: log } = deps
  return createReplayTargets({
    ...log,
    ...{ log, clock, logger, view, timeScale, isWaiting, turns: shared.replayTurns, onItem: deps.onReplayItem },
    isOurs: organizationId => shardOf(organizationId, log.shards) === handle.shard,
    isBusy: () => shared.budget.aboveHalf() || handle.uncommittedForMs() > BUSY_MS,
    write: records => handle.write(records),
    fail: error => handle.fail(error),
    take: (record, left) => guarded(() => shard.take(record, uncounted(left))),
    manualRetries,
    takeAgain: (record, left) => guarded(() => shard.takeManualRetry(record, uncounted(left))),
  })
}

function createShardRedrives({ context, shard, isWaiting }: FedFrom, { manualRetries }: StateParts): Redrives {
  const { handle, deps, guarded } = context
  const { clock, logger, view, catchUp: log } = deps
  return createRedrives({
    ...{ log, clock, logger, view, manualRetries, isWaiting },
    deliveries: async (of, ids) => (await log.deliveries?.(of, ids)) ?? [],
    changed: () => handle.write([]),
    fail: error => handle.fail(error),
    take: (record, left) => guarded(() => shard.takeManualRetry(record, uncounted(left))),
  })
}

/** The source of deliveries without an input: their end moves no position, and does not count for their emit. */
function uncounted(left: () => void): Origin {
  return { source: sourceless(left), countedAs: 'nothing' }
}
