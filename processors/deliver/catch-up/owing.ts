/**
 * What webhooks are owed beyond their share: when a range opens, how it is fed, and when its webhook is live again.
 *
 *     live ──too much waits──► held (one probe at a time) ──a success──► catching up ──all begun──► live
 *       │ └──paused, something comes──► paused ──activated──────────────────►┘ │
 *       └──too much waits, but the endpoint takes it (`busy`)───────────────►  └──20 failures──► held
 *
 * What comes while a range is open is absorbed: its record ends together with others every two seconds, and only the range's last number moves.
 */
import type { Clock, Random, Timer } from '../../../src/clock.ts'
import type { Webhook } from '../../../src/control-plane/records.ts'
import type { ControlView } from '../../../src/control-plane/view.ts'
import type { Ids } from '../../../src/events/ids.ts'
import { deliveryId } from '../../../src/events/ids.ts'
import type { LogRecord, OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { shardOf } from '../../../src/kafka/shards.ts'
import type { Logger } from '../../../src/observability/logger.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { EarlyEntry, WaitCause } from '../../../topics/delivery-catch-ups.ts'
import { type Delivery, type Origin, sourceless } from '../delivery.ts'
import type { DeliverLimits } from '../limits.ts'
import { EARLY_INPUTS } from '../state/early-entries.ts'
import type { OpenEvents } from '../state/open-events.ts'
import { type OwedRange, SEGMENTS_MAX } from '../state/owed-range.ts'
import { FAILING_AT, type WebhookStates } from '../state/webhook-states.ts'
import type { EarlyRecords } from './early-records.ts'
import { createFeeder, type Feeder, type FeederPorts } from './feeder.ts'
import type { LogSource } from './log-merge.ts'
import { createRate, type Rate } from './rate.ts'

const PROBE_MS = { first: 30_000, longest: 600_000 }
const JITTER = 0.1
/** Catching up for so long, an endpoint is well: a relapse begins with short pauses again. */
const WELL_AFTER_MS = 60_000
/** Failures after the probe, without a success between, that end the catch-up. */
const RELAPSE_AT = 3
/** What comes for a range that has nothing else to feed is written sooner. */
const AWAITED_MS = 100
/** A window is halved once in this time at most. */
const HALVE_MS = 1_000
/** Range records a second of one shard, at most. */
const RANGE_RECORDS_PER_SECOND = 64

export type Arrival = Pick<Delivery, 'event' | 'payload' | 'webhookId' | 'source' | 'createdAtMs'>

export interface Owing {
  start(): void
  /** Whether any webhook is owed anything. */
  areAny(): boolean
  /** What has just been read from `deliveries`: true if a range is open that it is part of now. */
  absorbs(arrival: Arrival): boolean
  /** The same for a webhook that is off, whose range it opens. */
  absorbPaused(arrival: Arrival, webhook: Webhook): boolean
  /** A part of a record that was read again has ended before. */
  passed(event: EventFacts, webhookId: string): void
  /** A delivery waits for a slot. */
  queued(webhook: Webhook): void
  /** Opens the webhook's range, or keeps it open. */
  open(webhook: Webhook, cause: WaitCause): OwedRange
  /** It has waited too long, or its webhook is paused: it waits with the range. Answers false when there is no room. */
  defer(delivery: Delivery, webhook: Webhook): boolean
  /** An attempt has ended. `retryAfterMs`: for how long its receiver wants to be left alone. */
  attempted(delivery: Delivery, ok: boolean, retryAfterMs: number | undefined): void
  /** Whether the webhook is owed something. */
  isWaiting(webhookId: string): boolean
  /** A range, if one is there. */
  find(webhookId: string): OwedRange | undefined
  /** Begins what may begin. */
  nudge(): void
  /** What was absorbed and is not written yet ends its records now. */
  flush(): void
  committed(): void
  seal(partition: number): OutRecord[]
  close(): void
}

/** What comes from its shard. */
export interface OwingShard {
  take(record: RetryRecord, origin: Origin): void
  /** Deliveries of the webhook that wait for a slot and have made no attempt. */
  unattempted(webhookId: string): Delivery[]
  waiting(webhookId: string): number
  /** Those that wait for their turn in a lane. */
  lined(webhookId: string): number
  /** It waits with the range from now on. */
  deferred(delivery: Delivery): void
  isCrowded(): boolean
  /** Fed deliveries in hand, of all webhooks. */
  fedOut(): number
}

interface Life {
  range: OwedRange
  feeder: Feeder
  rate: Rate
  pending: Array<{ arrival: Arrival; left: boolean }>
  probe: Timer | undefined
  /** A probe may go out. */
  isProbing: boolean
  lastAttemptAtMs: number
  /** Since it was last held or activated. */
  successes: number
  failures: number
  feedingSinceMs: number
  halvedAtMs: number
  notBeforeMs: number
  notBefore: Timer | undefined
}

export function createOwing(
  deps: Omit<FeederPorts, 'take' | 'early' | 'log'> & {
    handle: ShardHandle
    view: ControlView
    states: WebhookStates
    events: OpenEvents
    early: EarlyRecords
    log: LogSource
    shard: OwingShard
    shards: number
    limits: DeliverLimits
    ids: Ids
    random: Random
    timeScale: number
    /** Whether what was read before a restart has been read again, as far as it had ended. */
    isReadAgain(): boolean
    /** Whether a lane of an ordered webhook has members enough in hand. */
    isLaneFull(webhookId: string, subject: string | null, linedMax: number): boolean
    /** A segment is to end in bulk. */
    onClosing(): void
    onTransition(from: string, to: string): void
    /** A webhook is owed nothing any more. */
    onEnd(): void
    clock: Clock
    logger: Logger
    lost(range: OwedRange, entry: EarlyEntry): Promise<void>
    wasMatched(range: OwedRange, batch: LogRecord[]): Promise<ReadonlySet<LogRecord>>
  },
): Owing {
  const { handle, view, states, events, clock, limits, shard, timeScale } = deps
  const lives = new Map<OwedRange, Life>()
  let flushTimer: Timer | undefined
  /** Ranges that were written together last. */
  let flushed = 0
  let forget: () => void = () => undefined
  let started = false
  let closed = false

  const webhookOf = (range: OwedRange) => view.find('webhook', range.organizationId, range.webhookId)
  const stepMs = (ms: number) => ms * timeScale
  const isFeeding = (range: OwedRange) => range.window > 0

  function lifeOf(range: OwedRange): Life {
    const known = lives.get(range)
    if (known) return known
    const life: Life = {
      range,
      feeder: createFeeder({
        ...deps,
        range,
        take: (record, origin) => shard.take(record, origin),
        allowance: () => allowance(life),
        isInLine: () => range.cause === 'paused',
        aheadMax: limits.fedAheadMax,
        isLaneFull: () =>
          webhookOf(range)?.ordering === 'none' ? undefined : subject => deps.isLaneFull(range.webhookId, subject, limits.linedMax),
        onDry: () => goLive(life),
        onChange: () => handle.write([]),
      }),
      rate: createRate(clock),
      pending: [],
      probe: undefined,
      isProbing: false,
      lastAttemptAtMs: 0,
      successes: 0,
      failures: 0,
      feedingSinceMs: clock.nowMs(),
      halvedAtMs: 0,
      notBeforeMs: 0,
      notBefore: undefined,
    }
    range.ratePerSecond = () => life.rate.perSecond()
    lives.set(range, life)
    return life
  }

  function allowance(life: Life): number {
    const { range, feeder } = life
    if (closed || !started || !deps.isReadAgain() || !webhookOf(range)?.active) return 0
    if (clock.nowMs() < life.notBeforeMs || shard.isCrowded()) return 0
    const slots = limits.inFlightMax / 2 - shard.fedOut()
    if (isFeeding(range)) return Math.min(slots, range.window - feeder.out())
    return life.isProbing && feeder.out() === 0 ? slots : 0
  }

  // Opening, absorbing

  function open(webhook: Webhook, cause: WaitCause): OwedRange {
    const known = states.get(webhook.id)?.range
    if (known?.isOpen && known.cause === cause) return known
    const { organizationId, environment } = webhook
    const range =
      known ??
      states.open(webhook.id, { organizationId, environment, replayId: deps.ids.next('rpl'), cause, sinceMs: Math.round(clock.nowMs()) })
    deps.onTransition(known ? known.cause : 'live', cause)
    const life = lifeOf(range)
    if (!range.isOpen) range.sinceMs = Math.round(clock.nowMs())
    range.isOpen = true
    range.cause = cause
    range.touch()
    handle.write([])
    if (cause === 'held') hold(life, webhook)
    else if (cause === 'busy' || cause === 'ordered') feed(life, webhook.maxInFlight)
    else rest(life)
    return range
  }

  function rest(life: Life): void {
    life.range.window = 0
    life.isProbing = false
    life.probe?.cancel()
    life.probe = undefined
    life.feeder.rest()
  }

  function absorb(range: OwedRange, arrival: Arrival): void {
    const life = lifeOf(range)
    const { event, webhookId } = arrival
    events.absorb(event, webhookId)
    range.expect(event.sequence, false)
    if (range.cause === 'paused' && !isFeeding(range)) range.pausedThrough = Math.max(range.pausedThrough, event.sequence)
    const { payload, source, createdAtMs } = arrival
    const isKept = isFeeding(range) && range.count + life.pending.length < limits.keptMax && !shard.isCrowded()
    life.pending.push({ arrival: { event, webhookId, source, createdAtMs, payload: isKept ? payload : NOTHING }, left: false })
    flushSoon(range)
    if (isFeeding(range)) life.feeder.nudge()
  }

  function flushSoon(range: OwedRange): void {
    if (flushTimer || closed) return
    const isAwaited = isFeeding(range) && lifeOf(range).feeder.isDry()
    const paceMs = Math.max(isAwaited ? AWAITED_MS : limits.absorbMs, (1_000 * flushed) / RANGE_RECORDS_PER_SECOND)
    flushTimer = clock.after(paceMs, () => {
      flushTimer = undefined
      deps.guarded(flush)
    })
  }

  function flush(): void {
    flushed = 0
    for (const life of lives.values()) {
      if (life.pending.length > 0) flushed++
      flushOf(life)
    }
  }

  function flushOf(life: Life): void {
    if (life.pending.length === 0) return
    const { range } = life
    for (const { arrival, left } of life.pending) {
      const { source, event } = arrival
      if (!left) source.progress.end(source.record, source.place)
      range.take(event.sequence, event.recordedAtMs, left)
    }
    range.expectNothing()
    life.pending = []
    range.touch()
    handle.write([])
    if (isFeeding(range) || life.isProbing) life.feeder.nudge()
  }

  // Held

  function hold(life: Life, webhook: Webhook): void {
    const { range } = life
    const wasWell = isFeeding(range) && clock.nowMs() - life.feedingSinceMs >= stepMs(WELL_AFTER_MS)
    if (range.probeStepMs === 0 || wasWell) range.probeStepMs = stepMs(PROBE_MS.first)
    rest(life)
    life.successes = 0
    life.failures = 0
    scheduleProbe(life, range.probeStepMs)
    // What waits without an attempt is owed from now on; retries keep their schedule.
    for (const delivery of shard.unattempted(webhook.id)) deferOne(range, delivery)
  }

  function scheduleProbe(life: Life, inMs: number): void {
    const { range } = life
    life.probe?.cancel()
    range.nextProbeAtMs = Math.round(clock.nowMs() + inMs * (1 + JITTER * (deps.random.uniform() - 0.5)))
    range.touch()
    armProbe(life)
  }

  function armProbe(life: Life): void {
    life.probe?.cancel()
    life.probe = clock.after(Math.max(0, life.range.nextProbeAtMs - clock.nowMs()), () => {
      life.probe = undefined
      deps.guarded(() => probe(life))
    })
  }

  function probe(life: Life): void {
    const { range } = life
    if (range.cause !== 'held' || isFeeding(range)) return
    // Somebody else has just tried.
    const nextMs = life.lastAttemptAtMs + range.probeStepMs - clock.nowMs()
    if (life.lastAttemptAtMs > 0 && nextMs > 0) {
      scheduleProbe(life, nextMs)
      return
    }
    flushOf(life)
    life.isProbing = true
    life.feeder.nudge()
    // Nothing has come yet, or it cannot be read now.
    scheduleProbe(life, range.probeStepMs)
  }

  // Catching up

  function feed(life: Life, window: number): void {
    const { range } = life
    if (!isFeeding(range)) life.feedingSinceMs = clock.nowMs()
    life.isProbing = false
    life.probe?.cancel()
    life.probe = undefined
    range.window = window
    range.touch()
    handle.write([])
    life.feeder.nudge()
  }

  function attemptOk(life: Life, webhook: Webhook): void {
    const { range } = life
    life.successes++
    life.failures = 0
    if (!webhook.active) return
    if (isFeeding(range)) {
      if (range.window >= webhook.maxInFlight) return
      range.window = Math.min(range.window + 1, webhook.maxInFlight)
      return
    }
    if (range.cause !== 'held') return
    deps.onTransition('held', 'catching up')
    feed(life, 1)
  }

  function attemptFailed(life: Life, webhook: Webhook, inARow: number): void {
    const { range } = life
    life.failures++
    if (!webhook.active) return
    if (!isFeeding(range)) {
      if (range.cause !== 'held') return
      if (life.isProbing) {
        life.isProbing = false
        life.feeder.rest()
        range.probeStepMs = Math.min(range.probeStepMs * 2, stepMs(PROBE_MS.longest))
        scheduleProbe(life, range.probeStepMs)
      }
      return
    }
    if (inARow >= FAILING_AT || (life.successes <= 1 && life.failures >= RELAPSE_AT)) {
      deps.onTransition('catching up', 'held')
      range.cause = 'held'
      hold(life, webhook)
      return
    }
    if (clock.nowMs() - life.halvedAtMs < HALVE_MS) return
    life.halvedAtMs = clock.nowMs()
    range.window = Math.max(1, Math.floor(range.window / 2))
  }

  /** All that is in segments and early entries has been begun: what has come since goes on live, behind it. */
  function goLive(life: Life): void {
    const { range } = life
    // A probe that finds nothing: all of it has ended, and nothing has come since.
    const isIdle = range.isOpen && life.isProbing && range.isEmpty() && range.outstanding() === 0 && life.pending.length === 0
    if (isIdle) {
      range.isOpen = false
      range.close('draining')
      deps.onTransition('held', 'live')
    }
    if (!isFeeding(range) || !range.isOpen) {
      endIfEmpty(life)
      return
    }
    const webhook = webhookOf(range)
    if (!webhook?.active) return
    // In an ordered lane nothing may overtake what is out; what comes after a restart would.
    const mustWait = webhook.ordering !== 'none' && (range.outstanding() > 0 || range.early.size() > 0 || range.skipped().size > 0)
    // What was queued when the range opened goes first.
    const isLined = shard.lined(webhook.id) > limits.linedMax / 2
    const isQueued = isLined || shard.waiting(webhook.id) + life.pending.length > Math.max(limits.waitingFairShare, limits.waitingMax / 2)
    const isKept = life.pending.every(({ arrival, left }) => left || arrival.payload !== NOTHING)
    if (mustWait || isQueued || !isKept || range.segments.length >= SEGMENTS_MAX) {
      flushOf(life)
      return
    }
    const behind = life.pending
    life.pending = []
    range.expectNothing()
    range.isOpen = false
    range.close('draining')
    deps.onTransition(range.cause, 'live')
    endIfEmpty(life)
    for (const { arrival, left } of behind) if (!left) goOn(arrival)
    handle.write([])
  }

  function goOn({ event, payload, webhookId, source, createdAtMs }: Arrival): void {
    events.unabsorb(event, webhookId, source.webhookIds ?? [webhookId])
    const dueAtMs = Math.min(createdAtMs, Math.round(clock.nowMs()))
    const id = deliveryId(event.eventId, webhookId)
    const facts = { event, payload, webhookId, deliveryId: id, attempts: 0, dueAtMs, createdAtMs }
    shard.take({ ...facts, trigger: 'live', replayId: null, once: false }, { source, countedAs: 'hand', fresh: true })
  }

  function endIfEmpty(life: Life): void {
    const { range } = life
    if (range.isOpen || !range.isEmpty() || range.outstanding() > 0) return
    end(life)
  }

  function end(life: Life): void {
    life.feeder.close()
    life.probe?.cancel()
    life.notBefore?.cancel()
    lives.delete(life.range)
    states.end(life.range.webhookId)
    deps.onEnd()
    handle.write([])
  }

  // Early entries

  function deferOne(range: OwedRange, delivery: Delivery): boolean {
    if (delivery.fed) {
      shard.deferred(delivery)
      return true
    }
    const { source, event, attempts, attemptsBefore = 0, createdAtMs, dueAtMs, once, trigger, replayId } = delivery
    const input = EARLY_INPUTS.indexOf(source.progress.topic ?? '')
    if (input < 0) return false
    const { offset } = source.record
    const where = { input, offset, place: source.place, number: event.sequence }
    const facts = { attempts, attemptsBefore, createdAtMs: Math.round(createdAtMs), dueAtMs: Math.round(dueAtMs), once, trigger, replayId }
    const isCounted = delivery.countedAs !== 'nothing'
    if (!range.early.add({ ...where, ...facts, isCounted })) return false
    range.count++
    range.oldestAtMs ??= event.recordedAtMs
    range.touch()
    if (delivery.countedAs === 'hand') events.away(event)
    shard.deferred(delivery)
    return true
  }

  // The control plane

  function follow(webhookId: string, before: Webhook | undefined): void {
    const range = states.get(webhookId)?.range
    if (!range || closed) return
    const life = lifeOf(range)
    const webhook = webhookOf(range)
    if (!webhook) {
      gone(life)
      return
    }
    if (!webhook.active) {
      pause(life)
      return
    }
    if (range.cause === 'paused' && !isFeeding(range)) {
      activate(life, webhook)
      return
    }
    if (before && isOtherEndpoint(before, webhook) && range.cause === 'held' && !isFeeding(range)) {
      range.probeStepMs = stepMs(PROBE_MS.first)
      life.lastAttemptAtMs = 0
      probe(life)
      return
    }
    if (isFeeding(range)) range.window = Math.min(range.window, webhook.maxInFlight)
    life.feeder.nudge()
  }

  function pause(life: Life): void {
    const { range } = life
    if (range.cause !== 'paused') deps.onTransition(range.cause, 'paused')
    range.cause = 'paused'
    range.isOpen = true
    rest(life)
    range.touch()
    handle.write([])
  }

  function activate(life: Life, webhook: Webhook): void {
    const { range } = life
    flushOf(life)
    range.activatedAtMs = Math.round(clock.nowMs())
    deps.onTransition('paused', 'catching up')
    const resumeAfterMs = webhook.resumeAfter === null ? 0 : Date.parse(webhook.resumeAfter)
    if (resumeAfterMs > range.sinceMs) {
      range.leaveOut(resumeAfterMs)
      deps.onClosing()
    }
    life.successes = 0
    life.failures = 0
    feed(life, 1)
  }

  function gone(life: Life): void {
    const { range } = life
    flushOf(life)
    if (view.organization(range.organizationId)?.status === 'deleted') {
      end(life)
      return
    }
    rest(life)
    range.isOpen = false
    range.close('webhook_deleted')
    handle.write([])
    deps.onClosing()
  }

  function queued(webhook: Webhook): void {
    const waiting = shard.waiting(webhook.id)
    const state = states.get(webhook.id)
    if (state?.range?.isOpen) return
    const failures = state?.endpoint?.failures ?? 0
    const isTooMany = waiting > limits.waitingMax || (waiting > limits.waitingFairShare && shard.isCrowded())
    const isDead = failures >= FAILING_AT && waiting + (state?.endpoint?.inRetry ?? 0) > limits.waitingFailingMax
    if (isTooMany || isDead) open(webhook, isDead || failures > 0 ? 'held' : 'busy')
  }

  const isOurs = (organizationId: string) => shardOf(organizationId, deps.shards) === handle.shard

  return {
    start() {
      started = true
      for (const { webhookId, organizationId } of states.endpoints()) {
        if (!view.find('webhook', organizationId, webhookId)) states.forget(webhookId)
      }
      const known = new Map<string, Webhook>()
      for (const range of states.ranges()) {
        const webhook = webhookOf(range)
        if (webhook) known.set(range.webhookId, webhook)
      }
      forget = view.onChange((kind, organizationId, id) => {
        if (kind !== 'webhook' || !isOurs(organizationId)) return
        const before = known.get(id)
        const now = view.find('webhook', organizationId, id)
        if (!now) known.delete(id)
        else if (states.get(id)) known.set(id, now)
        if (before && now && isOtherEndpoint(before, now)) states.forgetFailures(id)
        deps.guarded(() => follow(id, before))
      })
      for (const range of states.ranges()) {
        const life = lifeOf(range)
        const webhook = webhookOf(range)
        if (!webhook) gone(life)
        else if (!webhook.active) pause(life)
        else if (range.cause === 'paused' && !isFeeding(range)) activate(life, webhook)
        else if (isFeeding(range)) feed(life, Math.max(1, Math.min(range.window, webhook.maxInFlight)))
        else armProbe(life)
      }
    },
    areAny: () => states.size() > 0,
    absorbs(arrival) {
      const { event, webhookId } = arrival
      const range = states.get(webhookId)?.range
      if (range?.isOpen) {
        if (event.sequence <= Math.max(range.lastNumber(), range.pendingThrough)) return false
        absorb(range, arrival)
        return true
      }
      return false
    },
    absorbPaused(arrival, webhook) {
      const range = open(webhook, 'paused')
      if (arrival.event.sequence <= Math.max(range.lastNumber(), range.pendingThrough)) return false
      absorb(range, arrival)
      return true
    },
    passed(event, webhookId) {
      const range = states.get(webhookId)?.range
      if (!range?.isOpen || event.sequence <= Math.max(range.lastNumber(), range.pendingThrough)) return
      range.expect(event.sequence, true)
      lifeOf(range).pending.push({ arrival: { ...EMPTY_ARRIVAL, event, webhookId }, left: true })
      flushSoon(range)
    },
    queued,
    open,
    defer(delivery, webhook) {
      const state = states.get(delivery.webhookId)
      const cause = !webhook.active ? 'paused' : (state?.endpoint?.failures ?? 0) > 0 ? 'held' : 'busy'
      const range = state?.range?.isOpen ? state.range : open(webhook, cause)
      // It may have been deferred with the others just now.
      return delivery.stage === 'over' || deferOne(range, delivery)
    },
    attempted(delivery, ok, retryAfterMs) {
      const { webhookId, event } = delivery
      const webhook = delivery.attempt!.webhook
      if (ok) {
        const state = states.get(webhookId)
        if (!state) return
        states.succeeded(webhookId)
        if (!state.range) return
        const life = lifeOf(state.range)
        life.lastAttemptAtMs = clock.nowMs()
        if (delivery.fed) life.rate.add(1)
        attemptOk(life, webhook)
        life.feeder.nudge()
        return
      }
      if (!view.find('webhook', event.organizationId, webhookId)) {
        states.forget(webhookId)
        return
      }
      const inARow = states.failed(webhookId, event.organizationId, clock.nowMs())
      const range = states.get(webhookId)?.range
      if (!range) {
        if (webhook.active) queued(webhook)
        return
      }
      const life = lifeOf(range)
      life.lastAttemptAtMs = clock.nowMs()
      if (delivery.fed) life.rate.add(1)
      if (retryAfterMs !== undefined) leaveAlone(life, retryAfterMs)
      attemptFailed(life, webhook, inARow)
      if (!isFeeding(range) || range.isOpen) return
      queued(webhook)
    },
    isWaiting: webhookId => states.get(webhookId)?.range !== undefined,
    find: webhookId => states.get(webhookId)?.range,
    nudge() {
      for (const life of lives.values()) life.feeder.nudge()
    },
    flush,
    committed() {
      for (const life of [...lives.values()]) {
        if (isFeeding(life.range)) life.feeder.nudge()
        if (!life.range.isOpen) endIfEmpty(life)
      }
    },
    seal: states.seal,
    close() {
      closed = true
      forget()
      flushTimer?.cancel()
      for (const life of lives.values()) {
        life.feeder.close()
        life.probe?.cancel()
        life.notBefore?.cancel()
      }
    },
  }

  function leaveAlone(life: Life, ms: number): void {
    const untilMs = clock.nowMs() + ms
    if (untilMs <= life.notBeforeMs) return
    life.notBeforeMs = untilMs
    life.notBefore?.cancel()
    life.notBefore = clock.after(ms, () => {
      life.notBefore = undefined
      life.feeder.nudge()
    })
  }
}

const NOTHING = Buffer.alloc(0)
const EMPTY_ARRIVAL = {
  payload: NOTHING,
  source: sourceless(),
  createdAtMs: 0,
}

const isOtherEndpoint = (before: Webhook, now: Webhook) =>
  before.url !== now.url ||
  before.encryptedSecret !== now.encryptedSecret ||
  before.encryptedHeaders !== now.encryptedHeaders ||
  before.timeoutMs !== now.timeoutMs
