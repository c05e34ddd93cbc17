/** One shard of `deliver`: its parts, and how they are joined. */
import type { Timer } from '../../src/clock.ts'
import { createLifecycle } from '../../src/control-plane/store/lifecycle.ts'
import type { LogRecord, ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import { deliveries } from '../../topics/deliveries.ts'
import { deliveriesCommands } from '../../topics/deliveries-commands.ts'
import { RETRY_TIERS, type RetryRecord } from '../../topics/deliveries-retry.ts'
import type { Attempts } from './attempt.ts'
import { createBulkEnds } from './catch-up/bulk-ends.ts'
import { createEarlyRecords } from './catch-up/early-records.ts'
import { createLostEvents } from './catch-up/lost-events.ts'
import { createOwing } from './catch-up/owing.ts'
import type { ReadTurns } from './catch-up/read-turns.ts'
import { createRedrives } from './catch-up/redrives.ts'
import { createReplays } from './catch-up/replays.ts'
import { createSubscribes } from './catch-up/subscriptions.ts'
import { createSubscribersOf } from './catch-up/unlisted-events.ts'
import { createForgetting } from './deleted-organizations.ts'
import { type Delivery, type Origin, sourceless } from './delivery.ts'
import type { DeliverDependencies } from './dependencies.ts'
import type { Dispatcher } from './dispatch/dispatcher.ts'
import type { MemoryBudget } from './dispatch/memory-budget.ts'
import { createSubjectLanes } from './dispatch/subject-lanes.ts'
import { createCancelOwed } from './inputs/cancel-owed.ts'
import { createCancelling } from './inputs/cancellation.ts'
import { createCommandReader } from './inputs/commands.ts'
import { createNewDeliveries } from './inputs/new-deliveries.ts'
import { createRetryTier } from './inputs/retry-tier.ts'
import type { DeliverLimits } from './limits.ts'
import { createWatched, type Watched } from './metrics.ts'
import { createAnnouncing } from './outcome/announcements.ts'
import { createEndInBulk } from './outcome/end-in-bulk.ts'
import { createOutputs } from './outcome/outputs.ts'
import { createRestoreState } from './restore-state.ts'
import { createDeliveryShard } from './shard.ts'
import { createFailedBlocks } from './state/failed-blocks.ts'
import { createManualRetries } from './state/manual-retries.ts'
import { createOpenEvents } from './state/open-events.ts'
import { createProgress, type OpenRecord, type Progress } from './state/progress.ts'
import { createWebhookStates } from './state/webhook-states.ts'

/** Shared by all shards of one process. */
export interface Shared {
  limits: DeliverLimits
  budget: MemoryBudget
  dispatcher: Dispatcher
  attempts: Attempts
  turns: ReadTurns
  /** Every open shard, for metrics. */
  watched: Set<Watched>
}

export function openShard(handle: ShardHandle, deps: DeliverDependencies, shared: Shared): ShardTask {
  const { budget, dispatcher, watched, limits } = shared
  const { clock, timeScale, view, logger, clockOffsetMs = 0 } = deps
  const { shards } = deps.catchUp
  const log = deps.catchUp
  const topics = [deliveries, deliveriesCommands, ...RETRY_TIERS.map(tier => tier.topic)]
  const inputs = new Map(topics.map(({ name }) => [name, createProgress(name)]))
  const progressOf = (topic: string) => inputs.get(topic)!
  const isReadAgain = () => progressOf(deliveries.name).isReadAgain()

  const failedBlocks = createFailedBlocks()
  const states = createWebhookStates()
  const events = createOpenEvents({ states, failedBlocks })
  const outputs = createOutputs(handle.shard)
  const lanes = createSubjectLanes({ nextOffset: () => progressOf(deliveries.name).nextOffset(), onTurn })
  const lifecycle = createLifecycle({ view, shards })
  const announce = createAnnouncing({
    ...deps,
    handle,
    outputs,
    guarded,
    lifecycle,
    report: deps.reportHealth,
    send: deps.sendNotice,
  })
  const early = createEarlyRecords({ log, partition: handle.shard, clock, logger })
  const endInBulk = createEndInBulk({ handle, clock, outputs, events, lanes, announce, onBulkEnd: deps.onBulkEnd })
  const lost = createLostEvents({ handle, view, logger, sources: log, end: endInBulk, guarded })
  const subscribes = createSubscribes()
  const subscribersOf = createSubscribersOf({ view, clock, subscribes, history: deps.catchUp.subscribers })
  const owing = createOwing({
    ...deps,
    ...{
      handle,
      states,
      events,
      early,
      log,
      turns: shared.turns,
      shards,
      limits,
      isReadAgain,
      gone: lost.numbers,
      subscribersOf,
      guarded,
    },
    shard: {
      take: (record, origin) => void shard.take(record, origin),
      unattempted: webhookId => shard.unattempted(webhookId),
      waiting: webhookId => dispatcher.waiting(webhookId),
      queued: webhookId => lanes.waiting(webhookId),
      deferred: delivery => shard.deferred(delivery),
      isAboveHalf: () => budget.aboveHalf(),
      fedOut: () => shard.fedOut(),
    },
    isLaneFull: lanes.isFull,
    onClosing: () => bulk.nudge(),
    onEnd() {
      replays.nudge()
      redrives.nudge()
    },
    onTransition: (from, to) => deps.onTransition?.(from, to),
    onFed: (outcome, isProbe) => deps.onFed?.(outcome, isProbe),
    lost: lost.earlyEntry,
  })
  const shard = createDeliveryShard({
    ...deps,
    ...shared,
    ...{
      handle,
      events,
      outputs,
      announce,
      lanes,
      states,
      owing,
      onSpace,
      cancelReason: record => cancelling.reasonFor(record),
    },
    onAttempt: (row, isFed) => deps.onAttempt?.(row, isFed),
  })
  const bulk = createBulkEnds({
    ...{
      handle,
      view,
      states,
      log,
      early,
      clock,
      logger,
      timeScale,
      clockOffsetMs,
      isReadAgain,
      gone: lost.numbers,
      subscribersOf,
      guarded,
    },
    retentionMs: deps.catchUp.retentionMs,
    lost: lost.earlyEntry,
    end: endInBulk,
    committed: () => cancelling.committedSinceNow(),
    settled: () => owing.committed(),
  })
  const replays = createReplays({
    ...deps.catchUp,
    ...{ log, clock, logger, view, subscribes },
    isOurs: organizationId => shardOf(organizationId, shards) === handle.shard,
    isWaiting: owing.isWaiting,
    changed: () => handle.write([]),
    fail: error => handle.fail(error),
    take: (record, left) => guarded(() => shard.take(record, uncounted(left))),
  })
  const manualRetries = createManualRetries()
  const redrives = createRedrives({
    ...{ log, clock, logger, view, manualRetries },
    deliveries: async (of, ids) => (await deps.catchUp.deliveries?.(of, ids)) ?? [],
    isWaiting: owing.isWaiting,
    changed: () => handle.write([]),
    fail: error => handle.fail(error),
    take: (record, left) => guarded(() => shard.takeManualRetry(record, uncounted(left))),
  })
  const newDeliveries = createNewDeliveries({
    handle,
    progress: progressOf(deliveries.name),
    events,
    shard,
    owing,
    budget,
    clock,
    clockOffsetMs,
  })
  const tiers = new Map(
    RETRY_TIERS.map(tier => {
      const progress = progressOf(tier.topic.name)
      const take: Parameters<typeof createRetryTier>[0]['take'] = (record, openRecord) =>
        shard.take(record, originOf(record, progress, openRecord))
      const cancelled: typeof cancelling.wants = record => cancelling.wants(record)
      const parts = {
        tier,
        handle,
        progress,
        clock,
        clockOffsetMs,
        timeScale,
        full: budget.full,
        take,
        cancelled,
        guarded,
      }
      return [tier.topic.name, createRetryTier(parts)]
    }),
  )
  const cancelOwed = createCancelOwed({
    ...{ log, view, clock, logger, owing, early, subscribersOf, guarded, end: endInBulk },
    reasonFor: record => cancelling.reasonFor(record),
  })
  const cancelling = createCancelling({
    ...{ handle, log, clock, logger, progressOf, guarded, cancelOwed },
    cancelHeld({ wants, reasonFor }) {
      shard.cancel(reasonFor)
      for (const tier of tiers.values()) tier.release(wants)
    },
    isInFlight: deliveryId => shard.isInFlight(deliveryId),
    cancelAhead(record, progress, openRecord, reason) {
      shard.endUntaken(record, originOf(record, progress, openRecord), { state: 'cancelled', reason })
    },
  })
  const commands = createCommandReader({
    redrives,
    handle,
    progress: progressOf(deliveriesCommands.name),
    shard,
    manualRetries,
    cancelling,
    budget,
    clock,
  })
  const restore = createRestoreState({
    inputs,
    events,
    lanes,
    announce,
    manualRetries,
    states,
    failedBlocks,
    replays,
    redrives,
  })
  const forgetWebhooks = view.onChange((kind, organizationId, id) => {
    if (kind !== 'webhook' || shardOf(organizationId, shards) !== handle.shard) return
    if (view.find('webhook', organizationId, id)) {
      lanes.changed(id)
      return
    }
    const deleted = view.organization(organizationId)?.status === 'deleted'
    announce.forget(id)
    states.forget(id)
    guarded(() => cancelling.webhook(id, deleted ? 'organization_deleted' : 'webhook_deleted'))
  })
  const forgetting = createForgetting({ handle, view, shards, clock, events, failedBlocks, lanes, states })
  const stopListening = budget.onFree(onSpace)

  /** A record of a retry topic. Manual retries and deliveries of replays count for no emit. */
  function originOf({ trigger }: RetryRecord, progress: Progress, record: OpenRecord): Origin {
    return { source: { progress, record, part: 0 }, countedAs: trigger === 'live' ? 'away' : 'nothing', isRetry: true }
  }

  /** Memory is available again. Deferred to the next tick: the caller is still changing the deliveries in hand. */
  let isLoading = false
  function onSpace(): void {
    if (isLoading) return
    isLoading = true
    setImmediate(() => {
      isLoading = false
      guarded(() => {
        newDeliveries.goOn()
        commands.goOn()
        for (const tier of tiers.values()) tier.load()
        owing.nudge()
      })
    })
  }

  /** Deferred to the next tick: the caller is still changing the delivery's lane. */
  let turns: Delivery[] = []
  function onTurn(delivery: Delivery): void {
    if (turns.push(delivery) > 1) return
    setImmediate(() => {
      const called = turns
      turns = []
      guarded(() => called.forEach(shard.turn))
    })
  }

  const seen = createWatched({
    ...{
      inputs: [deliveries, ...RETRY_TIERS.map(tier => tier.topic)].map(({ name }) => progressOf(name)),
      partition: handle.shard,
    },
    count: stages => shard.count(stages),
    owed: () => states.ranges(),
    oldestAtMs: topic => tiers.get(topic)?.oldestAtMs(),
  })

  let stopped = false
  function guarded(work: () => void): void {
    if (stopped) return
    try {
      work()
      dispatcher.pump()
    } catch (error) {
      handle.fail(error as Error)
    }
  }

  function stop(): void {
    stopped = true
    watched.delete(seen)
    bulk.close()
    owing.close()
    replays.close()
    redrives.close()
    sweeping?.cancel()
    stopListening()
    forgetWebhooks()
    forgetting.close()
    cancelling.close()
    announce.close()
    for (const tier of tiers.values()) tier.close()
  }

  /** Also runs while nothing arrives and nothing commits. */
  let sweeping: Timer | undefined
  function sweepSoon(): void {
    sweeping = clock.after(limits.waitingMsMax / 8, () => {
      guarded(() => {
        shard.sweep()
        forgetting.sweep()
      })
      if (!stopped) sweepSoon()
    })
  }

  /**
   * The records not read yet. Where the topic was made anew or its log was cut, deliveries read from it before continue
   * without their record.
   */
  function unreadOf(topic: string, records: LogRecord[]): LogRecord[] {
    const progress = progressOf(topic)
    const from = progress.follow(records, handle.position(topic, handle.shard))
    if (from !== undefined) turnedBack(topic, from)
    return records[0]!.offset >= progress.nextOffset()
      ? records
      : records.filter(({ offset }) => offset >= progress.nextOffset())
  }

  function turnedBack(topic: string, from: number): void {
    const moved = shard.rescue() + (tiers.get(topic)?.rescue() ?? 0)
    if (topic === deliveries.name) lanes.turnedBack(from)
    handle.write([])
    logger.error(
      { topic, partition: handle.shard, from, moved },
      'the log is another one from here on; what had been read of it goes on',
    )
  }

  return {
    restore,
    start() {
      watched.add(seen)
      for (const [topic, progress] of inputs)
        handle.assign(topic, handle.shard, progress.position() ?? 'earliest', progress.known())
      owing.start()
      bulk.start()
      replays.start()
      redrives.start()
      announce.start()
      forgetting.start()
      sweepSoon()
    },
    receive(records, nextOffset) {
      const topic = records[0]?.topic
      if (topic === undefined) return
      const wasReadAgain = isReadAgain()
      const unread = unreadOf(topic, records)
      if (topic === deliveries.name) newDeliveries.receive(unread, nextOffset)
      else if (topic === deliveriesCommands.name) commands.receive(unread, nextOffset)
      else tiers.get(topic)?.receive(unread, nextOffset)
      lanes.read()
      shard.sweep()
      if (!wasReadAgain && isReadAgain()) {
        owing.nudge()
        bulk.nudge()
      }
      dispatcher.pump()
    },
    seal() {
      cancelling.sealed()
      const positions = [...inputs.values()].flatMap(progress => progress.seal(handle.shard))
      return [
        ...shard.seal(),
        ...events.seal(handle.shard),
        ...failedBlocks.seal(handle.shard),
        ...lanes.seal(handle.shard),
        ...announce.seal(handle.shard),
        ...manualRetries.seal(handle.shard),
        ...owing.seal(handle.shard),
        ...replays.seal(handle.shard),
        ...redrives.seal(handle.shard),
        ...positions,
      ]
    },
    committed() {
      cancelling.committed()
      announce.committed()
      lanes.committed()
      shard.committed()
      owing.committed()
      shard.sweep()
      dispatcher.pump()
    },
    async drain() {
      owing.flush()
      stop()
      await shard.drain()
    },
    close() {
      stop()
      shard.close()
    },
  }
}

/** The source of deliveries without an input: their end moves no position, and does not count for their emit. */
function uncounted(left: () => void): Origin {
  return { source: sourceless(left), countedAs: 'nothing' }
}
