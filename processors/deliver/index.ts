/**
 * `deliver`: deliveries, deliveries.retry-* → audit.attempts | deliveries.retry-* | deliveries.dead-letter. One signed HTTP request per
 * attempt; its result, what follows from it and the position commit in one Kafka transaction (the runtime's, `src/kafka/runtime/shard.ts`). So an
 * attempt is (delivery, number): only the request that was in flight in a crash can be made again.
 */
import type { Clock, Random, Timer } from '../../src/clock.ts'
import { createLifecycle } from '../../src/control-plane/lifecycle.ts'
import type { SecretBox } from '../../src/control-plane/secrets.ts'
import type { ControlView } from '../../src/control-plane/view.ts'
import type { ReportHealth } from '../../src/control-plane/webhook-health.ts'
import type { Sender } from '../../src/delivery/send.ts'
import type { ChainTokens } from '../../src/events/chain.ts'
import { deliveryId, type Ids } from '../../src/events/ids.ts'
import { readEventHeaders } from '../../src/events/log-record.ts'
import { subscriberKey } from '../../src/events/subscribers.ts'
import type { LogRecord, Processor, ShardHandle, ShardTask } from '../../src/kafka/ports.ts'
import { shardOf } from '../../src/kafka/shards.ts'
import type { SendNotice } from '../../src/notifications/owner-notices.ts'
import type { Logger } from '../../src/observability/logger.ts'
import type { Tracing } from '../../src/observability/tracing/tracing.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import { deliveries } from '../../topics/deliveries.ts'
import { deliveriesCommands } from '../../topics/deliveries-commands.ts'
import { RETRY_TIERS, type RetryRecord } from '../../topics/deliveries-retry.ts'
import type { EarlyEntry } from '../../topics/delivery-catch-ups.ts'
import { catchUpKeys, deliveryCatchUps } from '../../topics/delivery-catch-ups.ts'
import { deliveryState, deliveryStateKeys } from '../../topics/delivery-state.ts'
import { events as eventsTopic } from '../../topics/events.ts'
import { type Attempts, createAttempts } from './attempt.ts'
import { type BulkEnded, createBulkEnds } from './catch-up/bulk-ends.ts'
import type { CatchUpSources } from './catch-up/catch-ups.ts'
import { createEarlyRecords } from './catch-up/early-records.ts'
import { listedRecords } from './catch-up/listed-records.ts'
import { createLogMerge } from './catch-up/log-merge.ts'
import { createOwing, type FedOutcome } from './catch-up/owing.ts'
import { createReadTurns, type ReadTurns } from './catch-up/read-turns.ts'
import { createRedrives } from './catch-up/redrives.ts'
import { createReplays } from './catch-up/replays.ts'
import { createWanted } from './catch-up/subscriptions.ts'
import { createSubscribersOf } from './catch-up/unlisted-events.ts'
import { createForgetting } from './deleted-organizations.ts'
import { type Delivery, type Origin, sourceless } from './delivery.ts'
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
import { bulkRow, createOutputs, deadLetters } from './outcome/outputs.ts'
import { createDeliveryShard } from './shard.ts'
import { createFailedBlocks } from './state/failed-blocks.ts'
import { createAsked } from './state/manual-retries.ts'
import { createOpenEvents } from './state/open-events.ts'
import type { OwedRange } from './state/owed-range.ts'
import { type Begun, createProgress, type Progress } from './state/progress.ts'
import { createWebhookStates } from './state/webhook-states.ts'

/**
 * Results wait this long for others: by then the request has long been answered, and nobody waits for its row. A crash repeats what was answered
 * within this time, beside what was in flight. With 5 ms a broker with 200 events a second spent a sixth of a core more on transactions.
 */
const COMMIT_PACE_MS = 25
/** Asked of the history at once. */
const GONE_NUMBERS = 5_000
const OUTSIDE_RETENTION = { state: 'failed', reason: 'outside_retention' } as const

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
  onAttempt?(row: AttemptRow, isFed: boolean): void
  /** So many deliveries have ended in bulk. */
  onBulkEnd?(reason: string, count: number): void
  /** A webhook begins to wait, is fed, or is live again. */
  onTransition?(from: string, to: string): void
  /** An attempt of what a webhook was owed as a range has ended. */
  onFed?(outcome: FedOutcome, isProbe: boolean): void
  /** Called once: what is given may be asked at any time. */
  watch?(figures: DeliverFigures): void
}

/** What all shards of one process share. */
interface Shared {
  limits: DeliverLimits
  room: Room
  dispatcher: Dispatcher
  attempts: Attempts
  turns: ReadTurns
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
    turns: createReadTurns(deps),
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
  const { room, dispatcher, watched, limits } = shared
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
  const lanes = createSubjectLanes({ readTo: () => progressOf(deliveries.name).readTo(), onTurn })
  const lifecycle = createLifecycle({ view, shards })
  const announce = createAnnouncing({ ...deps, handle, outputs, guarded, lifecycle, report: deps.reportHealth, send: deps.sendNotice })
  const early = createEarlyRecords({ log, partition: handle.shard, clock, logger })
  const wanted = createWanted()
  const subscribersOf = createSubscribersOf({ view, clock, wanted, history: deps.catchUp.subscribers })
  const owing = createOwing({
    ...deps,
    ...{ handle, states, events, early, log, turns: shared.turns, shards, limits, isReadAgain, gone, subscribersOf, guarded },
    shard: {
      take: (record, origin) => void shard.take(record, origin),
      unattempted: webhookId => shard.unattempted(webhookId),
      waiting: webhookId => dispatcher.waiting(webhookId),
      lined: webhookId => lanes.waiting(webhookId),
      deferred: delivery => shard.deferred(delivery),
      isCrowded: () => room.crowded(),
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
    lost: lostEarly,
  })
  const shard = createDeliveryShard({
    ...deps,
    ...shared,
    ...{ handle, events, outputs, announce, lanes, states, owing, onSpace, cancelReason: record => cancelling.reasonFor(record) },
    onAttempt: (row, isFed) => deps.onAttempt?.(row, isFed),
  })
  const bulk = createBulkEnds({
    ...{ handle, view, states, log, early, clock, logger, timeScale, clockOffsetMs, isReadAgain, gone, subscribersOf, guarded },
    retentionMs: deps.catchUp.retentionMs,
    lost: lostEarly,
    end: endInBulk,
    committed: () => cancelling.committedSinceNow(),
    settled: () => owing.committed(),
  })
  const replays = createReplays({
    ...deps.catchUp,
    ...{ log, clock, logger, view, wanted },
    isOurs: organizationId => shardOf(organizationId, shards) === handle.shard,
    isWaiting: owing.isWaiting,
    changed: () => handle.write([]),
    fail: error => handle.fail(error),
    take(record, left) {
      guarded(() => shard.take(record, { source: sourceless(left), countedAs: 'nothing' }))
    },
  })
  const askedFor = createAsked()
  const redrives = createRedrives({
    ...{ log, clock, logger, view, asked: askedFor },
    deliveries: async (of, ids) => (await deps.catchUp.deliveries?.(of, ids)) ?? [],
    isWaiting: owing.isWaiting,
    changed: () => handle.write([]),
    fail: error => handle.fail(error),
    take(record, left) {
      guarded(() => shard.takeAsked(record, { source: sourceless(left), countedAs: 'nothing' }))
    },
  })
  const fresh = createFreshDeliveries({ handle, progress: progressOf(deliveries.name), events, shard, owing, room, clock, clockOffsetMs })
  const tiers = new Map(
    RETRY_TIERS.map(tier => {
      const progress = progressOf(tier.topic.name)
      const take: Parameters<typeof createRetryTier>[0]['take'] = (record, begun) => shard.take(record, originOf(record, progress, begun))
      const cancelled: typeof cancelling.wants = record => cancelling.wants(record)
      const parts = { tier, handle, progress, clock, clockOffsetMs, timeScale, full: room.full, take, cancelled, guarded }
      return [tier.topic.name, createRetryTier(parts)]
    }),
  )
  const cancelling = createCancelling({
    ...{ handle, log, clock, logger, progressOf, guarded, cancelOwed },
    cancelHeld({ wants, reasonFor }) {
      shard.cancel(reasonFor)
      for (const tier of tiers.values()) tier.release(wants)
    },
    isFlying: deliveryId => shard.isFlying(deliveryId),
    cancelAhead(record, progress, begun, reason) {
      shard.endUntaken(record, originOf(record, progress, begun), { state: 'cancelled', reason })
    },
  })
  const commands = createCommandReader({
    redrives,
    handle,
    progress: progressOf(deliveriesCommands.name),
    shard,
    asked: askedFor,
    cancelling,
    room,
    clock,
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
  const forgetRoom = room.onFree(onSpace)

  /** A record of a retry topic. Retries by hand, and what replays made, count for no emit. */
  function originOf({ trigger }: RetryRecord, progress: Progress, record: Begun): Origin {
    return { source: { progress, record, place: 0 }, countedAs: trigger === 'live' ? 'away' : 'nothing', isRetry: true }
  }

  // What ends without an attempt

  function endInBulk(ended: BulkEnded[]): void {
    if (ended.length === 0) return
    const nowMs = clock.nowMs()
    for (const each of ended) {
      outputs.attempted(bulkRow(each, nowMs))
      const failed = each.state === 'failed'
      const { event, keys, entry, range } = each
      if (entry) lanes.endedElsewhere(range.webhookId, event.subject, event.sequence)
      const done = keys
        ? event.sequence > range.closedThrough && events.endOfRange(event, keys, range.key, { failed, nowMs })
        : entry?.isCounted && events.end(event, 'away', failed, nowMs)
      if (!done) continue
      outputs.completed(done.completion)
      announce.completed(event, done.completion.state, done.deliveries)
    }
    announce.endedInBulk(ended)
    handle.write(ended[0]!.state === 'failed' ? [deadLetters(ended, handle.shard)] : [])
    deps.onBulkEnd?.(ended[0]!.reason, ended.length)
  }

  /** An early entry of which neither its topic nor the log has the event any more: the history says which event it was. */
  async function lostEarly(range: OwedRange, entry: EarlyEntry): Promise<void> {
    logger.warn({ webhook: range.webhookId, number: entry.number }, 'an event that was owed is in the log no longer')
    const found = await deps.catchUp.eventsOf?.(range, { from: entry.number, through: entry.number })
    const webhook = view.find('webhook', range.organizationId, range.webhookId)
    guarded(() => {
      if (!range.early.isWaiting(entry)) return
      const event = found?.[0]?.event
      if (event) endInBulk([{ ...OUTSIDE_RETENTION, range, webhook, event, keys: undefined, entry }])
      range.early.remove(entry)
      range.count = Math.max(0, range.count - 1)
      range.touch()
      handle.write([])
    })
  }

  /** Numbers that the log holds no longer: the history says which events they were. */
  async function gone(range: OwedRange, from: number, through: number): Promise<void> {
    logger.warn({ webhook: range.webhookId, from, through }, 'events that were owed are in the log no longer')
    for (let first = from; first <= through; first += GONE_NUMBERS) {
      await goneSome(range, first, Math.min(through, first + GONE_NUMBERS - 1))
    }
  }

  async function goneSome(range: OwedRange, from: number, through: number): Promise<void> {
    const found = (await deps.catchUp.eventsOf?.(range, { from, through })) ?? []
    log.watch?.holes(through - from + 1 - new Set(found.map(({ event }) => event.sequence)).size)
    const mine = found.filter(({ event, webhookIds }) => webhookIds.includes(range.webhookId) && range.isOwed(event.sequence))
    const webhook = view.find('webhook', range.organizationId, range.webhookId)
    guarded(() => {
      endInBulk(
        mine.map(({ event, webhookIds }) => ({
          ...OUTSIDE_RETENTION,
          range,
          webhook,
          event,
          keys: webhookIds.map(subscriberKey),
          entry: undefined,
        })),
      )
      for (const { event } of mine) range.leave(event.sequence)
      for (const segment of range.segments) if (segment.passed >= from - 1 && segment.fromNumber <= through) range.pass(segment, through)
      handle.write([])
    })
  }

  async function cancelOwed(webhookId: string, { sequence: number }: EventFacts, reason: string): Promise<void> {
    const range = owing.find(webhookId)
    if (!range) return
    const end = { state: 'cancelled', reason } as const
    const webhook = view.find('webhook', range.organizationId, webhookId)
    const entry = range.early.find(number)
    if (entry) {
      const record = (await early.read(range, [entry])).get(entry)
      guarded(() => {
        if (!range.early.isWaiting(entry) || !record || !cancelling.reasonFor(record)) return
        endInBulk([{ ...end, range, webhook, event: record.event, keys: undefined, entry }])
        range.early.remove(entry)
        range.count = Math.max(0, range.count - 1)
        range.touch()
      })
      return
    }
    owing.flush()
    if (!range.isOwed(number)) return
    const topic = eventsTopic.nameFor(range.organizationId, range.environment)
    const merge = createLogMerge({ ...{ log, clock, logger, topic }, from: number, through: () => number })
    const read = await merge.read()
    merge.close()
    const [listed] = await listedRecords(range, read && 'records' in read ? read.records.slice(0, 1) : [], subscribersOf)
    if (!listed) return
    const event = readEventHeaders(listed.record.headers, range.organizationId)
    guarded(() => {
      if (!range.isOwed(number) || !cancelling.reasonFor({ deliveryId: deliveryId(event.eventId, webhookId), webhookId })) return
      endInBulk([{ ...end, range, webhook, event, keys: listed.keys, entry: undefined }])
      range.leave(number)
    })
  }

  /** There is room in memory again. Not at once: the caller is still changing what is in hand. */
  let spaceWanted = false
  function onSpace(): void {
    if (spaceWanted) return
    spaceWanted = true
    setImmediate(() => {
      spaceWanted = false
      guarded(() => {
        fresh.goOn()
        commands.goOn()
        for (const tier of tiers.values()) tier.load()
        owing.nudge()
      })
    })
  }

  /** A delivery whose turn has come goes on in the next tick: the caller is still changing its lane. */
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
    owed: () => states.ranges(),
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
    bulk.close()
    owing.close()
    replays.close()
    redrives.close()
    sweeping?.cancel()
    forgetRoom()
    forgetWebhooks()
    forgetting.close()
    cancelling.close()
    announce.close()
    for (const tier of tiers.values()) tier.close()
  }

  /** Also while nothing comes and nothing commits. */
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

  /** Those that have not been read. Where the topic was made anew or its log was cut, what came from there before goes on by itself. */
  function unreadOf(topic: string, records: LogRecord[]): LogRecord[] {
    const progress = progressOf(topic)
    const from = progress.follow(records, handle.position(topic, handle.shard))
    if (from !== undefined) turnedBack(topic, from)
    return records[0]!.offset >= progress.readTo() ? records : records.filter(({ offset }) => offset >= progress.readTo())
  }

  function turnedBack(topic: string, from: number): void {
    const moved = shard.rescue() + (tiers.get(topic)?.rescue() ?? 0)
    if (topic === deliveries.name) lanes.turnedBack(from)
    handle.write([])
    logger.error({ topic, partition: handle.shard, from, moved }, 'the log is another one from here on; what had been read of it goes on')
  }

  return {
    restore({ topic, key, value }) {
      if (!key) return
      if (topic === deliveryCatchUps.name) {
        const parsed = catchUpKeys.parse(key.toString())
        if (parsed && 'replay' in parsed) replays.restore(parsed.replay, value)
        else if (parsed && 'redrive' in parsed) redrives.restore(parsed.redrive, value)
        else if (parsed) states.restoreRange(parsed, value)
        return
      }
      const parsed = deliveryStateKeys.parse(key.toString())
      if (!parsed) return
      if ('open' in parsed) events.restore(parsed.open, value)
      else if ('lane' in parsed) lanes.restore(parsed.lane, parsed.subject, value)
      else if ('health' in parsed) announce.restoreHealth(parsed.health, value)
      else if ('notice' in parsed) announce.restoreNotice(parsed.notice, value)
      else if ('asked' in parsed) askedFor.restore(parsed.asked, value)
      else if ('endpoint' in parsed) states.restoreEndpoint(parsed.endpoint, value)
      else if ('failed' in parsed) {
        failedBlocks.restore({ organizationId: parsed.failed, environment: parsed.environment }, parsed.block, value)
      } else if ('position' in parsed) {
        if (value) inputs.get(parsed.position)?.restorePosition(value)
      } else if ('done' in parsed) inputs.get(parsed.done)?.restoreBlock(parsed.block, value)
    },
    start() {
      watched.add(seen)
      for (const [topic, progress] of inputs) handle.assign(topic, handle.shard, progress.position() ?? 'earliest', progress.known())
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
      if (topic === deliveries.name) fresh.receive(unread, nextOffset)
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
        ...askedFor.seal(handle.shard),
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
