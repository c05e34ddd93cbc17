/**
 * `deliver`: deliveries, deliveries.retry-* → audit.attempts | deliveries.retry-* | deliveries.dead-letter. One signed HTTP request per
 * attempt; its result, what follows from it and the position commit in one Kafka transaction (the runtime's, `src/kafka/runtime/shard.ts`). So an
 * attempt is (delivery, number): only the request that was in flight in a crash can be made again.
 */
import type { Clock, Random } from '../../src/clock.ts'
import { createLifecycle } from '../../src/control-plane/lifecycle.ts'
import type { SecretBox } from '../../src/control-plane/secrets.ts'
import type { ControlView } from '../../src/control-plane/view.ts'
import type { ReportHealth } from '../../src/control-plane/webhook-health.ts'
import type { Sender } from '../../src/delivery/send.ts'
import type { ChainTokens } from '../../src/events/chain.ts'
import type { Ids } from '../../src/events/ids.ts'
import type { Processor, ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { SendNotice } from '../../src/notifications/owner-notices.ts'
import type { Logger } from '../../src/observability/logger.ts'
import type { Tracing } from '../../src/observability/tracing/tracing.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import { deliveries } from '../../topics/deliveries.ts'
import { deliveriesCommands } from '../../topics/deliveries-commands.ts'
import { RETRY_TIERS } from '../../topics/deliveries-retry.ts'
import { deliveryCatchUps } from '../../topics/delivery-catch-ups.ts'
import { deliveryState, deliveryStateKeys } from '../../topics/delivery-state.ts'
import { type Attempts, createAttempts } from './attempt.ts'
import { type CatchUpSources, createCatchUps } from './catch-up/catch-ups.ts'
import type { Delivery } from './delivery.ts'
import { createDispatcher, type Dispatcher } from './dispatch/dispatcher.ts'
import { createRoom, type Room } from './dispatch/memory-budget.ts'
import { createSubjectLanes } from './dispatch/subject-lanes.ts'
import { createCancelling } from './inputs/cancellation.ts'
import { createCommandReader } from './inputs/commands.ts'
import { createFreshDeliveries } from './inputs/new-deliveries.ts'
import { createRetryTier } from './inputs/retry-tier.ts'
import { DELIVER_LIMITS, type DeliverLimits } from './limits.ts'
import { createFigures, type DeliverFigures, type Watched } from './metrics.ts'
import { createAnnouncing } from './outcome/announcements.ts'
import { createOutputs } from './outcome/outputs.ts'
import { createDeliveryShard } from './shard.ts'
import { createAsked } from './state/manual-retries.ts'
import { createOpenEvents } from './state/open-events.ts'
import { createProgress } from './state/progress.ts'

/**
 * Results wait this long for others: by then the request has long been answered, and nobody waits for its row. A crash repeats what was answered
 * within this time, beside what was in flight. With 5 ms a broker with 200 events a second spent a sixth of a core more on transactions.
 */
const COMMIT_PACE_MS = 25

export interface DeliverDependencies {
  view: ControlView
  secrets: SecretBox
  sender: Sender
  chains: ChainTokens
  clock: Clock
  /** Added to the broker's time of each record (`CLARION_CLOCK_OFFSET_MS`). */
  clockOffsetMs?: number
  random: Random
  ids: Ids
  /** Shortens delays (`CLARION_TIME_SCALE`). */
  timeScale: number
  logger: Logger
  catchUp: CatchUpSources
  /** Tells the control plane what was seen of an endpoint. */
  reportHealth: ReportHealth
  /** Sends a notice to the owner of an organization. */
  sendNotice: SendNotice
  limits?: Partial<DeliverLimits>
  tracing?: Tracing | undefined
  /** After each attempt, before its transaction has committed. */
  onAttempt?(row: AttemptRow): void
  /** Called once: what is given may be asked at any time. */
  watch?(figures: DeliverFigures): void
}

/** What all shards of one process share. */
interface Shared {
  limits: DeliverLimits
  room: Room
  dispatcher: Dispatcher
  attempts: Attempts
  /** Every open shard, for those who watch. */
  watched: Set<Watched>
}

export function createDeliver(deps: DeliverDependencies): Processor {
  const limits = { ...DELIVER_LIMITS, ...deps.limits }
  const shared: Shared = {
    limits,
    room: createRoom(limits),
    dispatcher: createDispatcher({ view: deps.view, limits }),
    attempts: createAttempts(deps),
    watched: new Set(),
  }
  deps.watch?.(createFigures(shared.room, shared.watched))
  return {
    role: 'deliver',
    stateTopics: [deliveryState.name, deliveryCatchUps.name],
    commitPaceMs: COMMIT_PACE_MS,
    actsOutside: true,
    open: handle => openShard(handle, deps, shared),
  }
}

function openShard(handle: ShardHandle, deps: DeliverDependencies, shared: Shared): ShardTask {
  const { room, dispatcher, watched } = shared
  const { clock, timeScale, clockOffsetMs = 0 } = deps
  const topics = [deliveries, deliveriesCommands, ...RETRY_TIERS.map(tier => tier.topic)]
  const inputs = new Map(topics.map(({ name }) => [name, createProgress(name)]))
  const progressOf = (topic: string) => inputs.get(topic)!
  const events = createOpenEvents()
  const outputs = createOutputs(handle.shard)
  const lanes = createSubjectLanes({ readTo: () => progressOf(deliveries.name).readTo(), onTurn })
  const announce = createAnnouncing({
    ...deps,
    ...{ handle, outputs, guarded, report: deps.reportHealth, send: deps.sendNotice },
    lifecycle: createLifecycle({ view: deps.view, shards: deps.catchUp.shards }),
  })
  const catchUps = createCatchUps({
    ...deps,
    ...deps.catchUp,
    handle,
    failing: webhookId => dispatcher.isFailing(webhookId),
    take(record, left) {
      guarded(() => shard.take(record, { end: left }, { offset: 0, open: 1, ended: [] }, 0))
    },
  })
  const shard = createDeliveryShard({
    ...deps,
    ...shared,
    ...{ handle, events, outputs, announce, lanes, onSpace, holds: catchUps.holds, cancelReason: record => cancelling.reasonFor(record) },
    onAttempt: row => deps.onAttempt?.(row),
  })
  const fresh = createFreshDeliveries({ handle, progress: progressOf(deliveries.name), events, shard, room, clock, clockOffsetMs })
  const tiers = new Map(
    RETRY_TIERS.map(tier => {
      const progress = progressOf(tier.topic.name)
      const take: Parameters<typeof createRetryTier>[0]['take'] = (record, begun) => shard.take(record, progress, begun, 0)
      const cancelled: typeof cancelling.wants = record => cancelling.wants(record)
      const parts = { tier, handle, progress, clock, clockOffsetMs, timeScale, full: room.full, take, cancelled, guarded }
      return [tier.topic.name, createRetryTier(parts)]
    }),
  )
  const cancelling = createCancelling({
    ...{ handle, pages: deps.catchUp.pages, clock, logger: deps.logger, progressOf, guarded },
    cancelHeld({ wants, reasonFor }) {
      shard.cancel(reasonFor)
      for (const tier of tiers.values()) tier.release(wants)
    },
    isFlying: deliveryId => shard.isFlying(deliveryId),
    cancelAhead: (record, progress, offset, reason) => shard.cancelRecord(record, progress, progress.ahead(offset)!, reason),
  })
  const askedFor = createAsked()
  const commands = createCommandReader({
    handle,
    progress: progressOf(deliveriesCommands.name),
    shard,
    asked: askedFor,
    cancelling,
    room,
    clock,
  })
  const forgetWebhooks = deps.view.onChange((kind, organizationId, id) => {
    if (kind !== 'webhook' || shardOf(organizationId, deps.catchUp.shards) !== handle.shard) return
    if (deps.view.find('webhook', organizationId, id)) {
      lanes.changed(id)
      return
    }
    const deleted = deps.view.organization(organizationId)?.status === 'deleted'
    announce.forget(id)
    guarded(() => cancelling.webhook(id, deleted ? 'organization_deleted' : 'webhook_deleted'))
  })
  const forgetRoom = room.onFree(onSpace)

  /** There is room in memory again. Not at once: whoever made it is in the middle of something. */
  let asked = false
  function onSpace(): void {
    if (asked) return
    asked = true
    setImmediate(() => {
      asked = false
      guarded(() => {
        fresh.goOn()
        commands.goOn()
        for (const tier of tiers.values()) tier.load()
      })
    })
  }

  /** Whoever's turn has come goes on when what is going on now is over. */
  let turns: Delivery[] = []
  function onTurn(delivery: Delivery): void {
    if (turns.push(delivery) > 1) return
    setImmediate(() => {
      const called = turns
      turns = []
      guarded(() => called.forEach(shard.turn))
    })
  }

  const seen: Watched = {
    count: stages => shard.count(stages),
    inputs: () =>
      [deliveries, ...RETRY_TIERS.map(tier => tier.topic)].map(({ name: topic }) => {
        const progress = progressOf(topic)
        const oldestAtMs = tiers.get(topic)?.oldestAtMs()
        return { topic, partition: handle.shard, readTo: progress.readTo(), open: progress.open(), oldestAtMs }
      }),
  }

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
    catchUps.close()
    forgetRoom()
    forgetWebhooks()
    cancelling.close()
    announce.close()
    for (const tier of tiers.values()) tier.close()
  }

  return {
    restore({ topic, key, value }) {
      if (topic === deliveryCatchUps.name) {
        if (key) catchUps.restore(key.toString(), value)
        return
      }
      const stands = key && deliveryStateKeys.parse(key.toString())
      if (!stands) return
      if ('open' in stands) events.restore(stands.open, value)
      else if ('lane' in stands) lanes.restore(stands.lane, stands.subject, value)
      else if ('health' in stands) announce.restoreHealth(stands.health, value)
      else if ('notice' in stands) announce.restoreNotice(stands.notice, value)
      else if ('asked' in stands) askedFor.restore(stands.asked, value)
      else if ('position' in stands) {
        if (value) inputs.get(stands.position)?.restorePosition(value)
      } else if ('done' in stands) inputs.get(stands.done)?.restoreBlock(stands.block, value)
    },
    start() {
      watched.add(seen)
      for (const [topic, progress] of inputs) handle.assign(topic, handle.shard, progress.position() ?? 'earliest')
      catchUps.start()
      announce.start()
    },
    receive(records, nextOffset) {
      const topic = records[0]?.topic
      if (topic === undefined) return
      if (topic === deliveries.name) fresh.receive(records, nextOffset)
      else if (topic === deliveriesCommands.name) commands.receive(records, nextOffset)
      else tiers.get(topic)?.receive(records, nextOffset)
      lanes.read()
      shard.sweep()
      dispatcher.pump()
    },
    seal() {
      cancelling.sealed()
      const positions = [...inputs.values()].flatMap(progress => progress.seal(handle.shard))
      return [
        ...shard.seal(),
        ...lanes.seal(handle.shard),
        ...announce.seal(handle.shard),
        ...askedFor.seal(handle.shard),
        ...catchUps.seal(),
        ...positions,
      ]
    },
    committed() {
      cancelling.committed()
      announce.committed()
      lanes.committed()
      shard.committed()
      shard.sweep()
    },
    async drain() {
      stop()
      await shard.drain()
    },
    close() {
      stop()
      shard.close()
    },
  }
}
