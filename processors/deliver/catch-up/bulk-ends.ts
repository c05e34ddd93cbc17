/**
 * Ends in bulk: what is owed as a range and will not be sent. One pass through a log ends it for all its webhooks, in transactions of at most
 * 2,000 rows.
 *
 *     held longer than the schedule's length     failed     endpoint_unavailable
 *     about to leave the log                     failed     outside_retention
 *     left out by `resume: latest`               skipped    left_out
 *     the webhook was deleted                    cancelled  webhook_deleted
 */
import type { Clock, Timer } from '../../../src/clock.ts'
import type { Webhook } from '../../../src/control-plane/records.ts'
import type { ControlView } from '../../../src/control-plane/view.ts'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import type { LogRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/observability/logger.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import { events } from '../../../topics/events.ts'
import { DAY_MS } from '../../../topics/topic.ts'
import type { OwedRange, Segment } from '../state/owed-range.ts'
import type { WebhookStates } from '../state/webhook-states.ts'
import type { EarlyRecords } from './early-records.ts'
import { isUnlisted, keysOf, listsKey, recordedAt } from './feeder.ts'
import { createLogMerge, type LogSource, type NumberedRecord } from './log-merge.ts'

const PASS_MS = 60_000
const HOUR_MS = 3_600_000
const ROWS_PER_TRANSACTION = 2_000
const ROWS_PER_SECOND = 5_000
const TROUBLE_PAUSE_MS = 1_000

/** How something ends in bulk. */
export type BulkEnd = { state: 'failed' | 'skipped' | 'cancelled'; reason: string }

export interface BulkEnded extends BulkEnd {
  range: OwedRange
  webhook: Webhook | undefined
  event: EventFacts
  /** The event's subscribers; undefined for an early entry. */
  keys: readonly bigint[] | undefined
  entry: EarlyEntry | undefined
}

export interface BulkEnds {
  start(): void
  /** A segment is to end, or early entries of a webhook that is gone. */
  nudge(): void
  close(): void
}

interface Target {
  range: OwedRange
  segment: Segment
  webhook: Webhook | undefined
  /** `stop`: nothing of the segment ends from this record on. */
  endOf(record: LogRecord): BulkEnd | 'stop' | undefined
  /** Where it begins. */
  from: number
  over: boolean
}

export function createBulkEnds(deps: {
  handle: ShardHandle
  view: ControlView
  states: WebhookStates
  log: LogSource
  early: EarlyRecords
  clock: Clock
  logger: Logger
  timeScale: number
  clockOffsetMs: number
  /** Of the organizations' logs, ms. */
  retentionMs?: number
  isReadAgain(): boolean
  /** Writes what follows from these ends, of one webhook, into the transaction under way. */
  end(ended: BulkEnded[]): void
  /** Which of these events, without a list of subscribers, the webhook is owed. */
  wasMatched(range: OwedRange, batch: LogRecord[]): Promise<ReadonlySet<LogRecord>>
  /** An early entry of which the event is gone. */
  lost(range: OwedRange, entry: EarlyEntry): Promise<void>
  /** Numbers that are in the log no longer. */
  gone(range: OwedRange, from: number, through: number): Promise<void>
  /** Resolves when all that has been written up to now has committed. */
  committed(): Promise<void>
  /** The range may be over. */
  settled(): void
  guarded(work: () => void): void
}): BulkEnds {
  const { clock, states, view, timeScale } = deps
  const retentionMs = deps.retentionMs ?? events.retentionMs ?? 30 * DAY_MS
  let timer: Timer | undefined
  let running = false
  let again = false
  let closed = false
  let rows = 0

  const webhookOf = (range: OwedRange) => view.find('webhook', range.organizationId, range.webhookId)

  /** What is owed longer than this while its webhook is held has used up its time. */
  const scheduleMs = (webhook: Webhook) => webhook.retryDelaysMs.reduce((sum, ms) => sum + ms, 0) * timeScale

  function isExpired(range: OwedRange, webhook: Webhook | undefined, sinceMs: number): boolean {
    if (!webhook?.active || range.cause !== 'held' || range.window > 0) return false
    return Math.max(sinceMs, range.activatedAtMs) + scheduleMs(webhook) <= clock.nowMs()
  }

  const expiry =
    (range: OwedRange, webhook: Webhook | undefined) =>
    (record: LogRecord): BulkEnd | 'stop' => {
      const acceptedMs = record.timestampMs + deps.clockOffsetMs
      if (isExpired(range, webhook, acceptedMs)) return UNAVAILABLE
      return acceptedMs + retentionMs - HOUR_MS <= clock.nowMs() ? OUTSIDE_RETENTION : 'stop'
    }

  function targetsOf(range: OwedRange): Target[] {
    const webhook = webhookOf(range)
    return range.segments
      .filter(({ settledNumber, throughNumber }) => settledNumber < throughNumber)
      .map((segment): Target => {
        const { mode, beforeMs } = segment
        const target = { range, segment, webhook, from: segment.settledNumber + 1, over: false }
        if (mode === 'webhook_deleted') return { ...target, endOf: () => DELETED }
        if (mode === 'left_out') return { ...target, endOf: record => (recordedAt(record) < (beforeMs ?? 0) ? LEFT_OUT : undefined) }
        const endOf = expiry(range, webhook)
        if (segment.sinceMs === null) return { ...target, endOf }
        return { ...target, endOf: record => (recordedAt(record) < segment.sinceMs! ? undefined : endOf(record)) }
      })
  }

  async function run(): Promise<void> {
    if (!deps.isReadAgain()) return
    const byLog = new Map<string, OwedRange[]>()
    for (const range of states.ranges()) {
      await earlyPass(range)
      const topic = events.nameFor(range.organizationId, range.environment)
      byLog.set(topic, [...(byLog.get(topic) ?? []), range])
    }
    for (const [topic, ranges] of byLog) if (!closed) await logPass(topic, ranges.flatMap(targetsOf))
  }

  async function logPass(topic: string, targets: Target[]): Promise<void> {
    const needed = targets.filter(mayHave)
    if (needed.length === 0) return
    const from = Math.min(...needed.map(target => target.from))
    const through = () => Math.max(...needed.map(({ segment }) => segment.throughNumber))
    const merge = createLogMerge({ ...deps, topic, from, through })
    try {
      while (!closed && needed.some(isUnder) && merge.next()! <= through()) {
        const read = await merge.read()
        if (!read) return
        if ('records' in read) await recordsPass(needed, read.records)
        else for (const target of needed) await gonePass(target, read.gone.from, read.gone.through)
      }
    } finally {
      merge.close()
    }
  }

  const isUnder = ({ over, range }: Target) => !over && states.get(range.webhookId)?.range === range

  /** Spares reading the log while nothing can have come to its end: the oldest event owed is known. */
  function mayHave({ range, segment, webhook }: Target): boolean {
    if (segment.mode !== 'open' && segment.mode !== 'draining') return true
    const oldestMs = range.oldestAtMs ?? range.sinceMs
    return isExpired(range, webhook, oldestMs) || oldestMs + retentionMs - HOUR_MS <= clock.nowMs()
  }

  async function recordsPass(targets: Target[], records: NumberedRecord[]): Promise<void> {
    const facts = new Map<LogRecord, EventFacts>()
    for (const target of targets.filter(isUnder)) {
      const ended: BulkEnded[] = []
      const matched = await matchedOf(target, records)
      let passed = records[0]!.number - 1
      for (const { number, record } of records) {
        if (number < target.from) continue
        if (number > target.segment.throughNumber) {
          target.over = true
          break
        }
        const end = listsKey(record, target.range.key) || matched?.has(record) ? target.endOf(record) : undefined
        if (end === 'stop') {
          target.over = true
          target.range.oldestAtMs = recordedAt(record)
          break
        }
        if (end !== undefined && target.range.isOwed(number)) {
          const event = facts.get(record) ?? readEventHeaders(record.headers, target.range.organizationId)
          facts.set(record, event)
          ended.push({ ...target, ...end, event, keys: keysOf(record, target.range.key), entry: undefined })
        }
        passed = number
      }
      if (ended.length > 0) deps.guarded(() => deps.end(ended))
      for (const { event } of ended) target.range.leave(event.sequence)
      if (passed >= target.from) target.range.pass(target.segment, passed)
      if (target.segment.settledNumber >= target.segment.throughNumber) target.over = true
      rows += ended.length
    }
    if (rows >= ROWS_PER_TRANSACTION) await commit()
    else deps.handle.write([])
  }

  /** Of events from before the log named their subscribers, those that go to the webhook. */
  async function matchedOf({ range }: Target, records: NumberedRecord[]): Promise<ReadonlySet<LogRecord> | undefined> {
    if (records[0]!.number > range.closedThrough) return undefined
    const unlisted = records.filter(({ number, record }) => number <= range.closedThrough && isUnlisted(record))
    return deps.wasMatched(
      range,
      unlisted.map(({ record }) => record),
    )
  }

  async function commit(): Promise<void> {
    const pauseMs = (1_000 * rows) / ROWS_PER_SECOND
    rows = 0
    await deps.committed()
    await clock.sleep(pauseMs)
  }

  async function gonePass(target: Target, from: number, through: number): Promise<void> {
    if (!isUnder(target) || through < target.from) return
    const last = Math.min(through, target.segment.throughNumber)
    await deps.gone(target.range, Math.max(from, target.from), last)
    target.range.pass(target.segment, last)
    if (last >= target.segment.throughNumber) target.over = true
  }

  async function earlyPass(range: OwedRange): Promise<void> {
    if (range.early.left() === 0) return
    const webhook = webhookOf(range)
    const waiting = range.early.waiting(ROWS_PER_TRANSACTION)
    const endOf = ({ dueAtMs }: EarlyEntry): BulkEnd | undefined => {
      if (!webhook) return DELETED
      if (isExpired(range, webhook, dueAtMs)) return UNAVAILABLE
      return dueAtMs + retentionMs - HOUR_MS <= clock.nowMs() ? OUTSIDE_RETENTION : undefined
    }
    const due = waiting.filter(entry => endOf(entry) !== undefined)
    if (due.length === 0) return
    const found = await deps.early.read(range, due)
    if (closed) return
    const ended: BulkEnded[] = []
    for (const [entry, record] of found) {
      if (!range.early.isWaiting(entry)) continue
      const end = endOf(entry)
      if (!record) await deps.lost(range, entry)
      if (!record || !end) continue
      ended.push({ ...end, range, webhook, event: record.event, keys: undefined, entry })
      range.early.remove(entry)
      range.count = Math.max(0, range.count - 1)
    }
    range.touch()
    // One reason at a time: each batch has one.
    for (const reason of new Set(ended.map(each => each.reason))) {
      deps.guarded(() => deps.end(ended.filter(each => each.reason === reason)))
    }
    rows += ended.length
    if (waiting.length === ROWS_PER_TRANSACTION) {
      await commit()
      await earlyPass(range)
    } else deps.handle.write([])
  }

  function pass(): void {
    if (closed) return
    if (running) {
      again = true
      return
    }
    running = true
    run()
      .catch(async error => {
        deps.logger.warn({ error: String(error) }, 'what has come to its end could not be ended; trying again')
        again = true
        await clock.sleep(TROUBLE_PAUSE_MS)
      })
      .finally(() => {
        running = false
        if (closed) return
        deps.guarded(deps.settled)
        if (!again) return
        again = false
        pass()
      })
  }

  function schedule(): void {
    timer = clock.after(Math.max(100, PASS_MS * timeScale), () => {
      if (states.size() > 0) pass()
      schedule()
    })
  }

  return {
    start() {
      schedule()
      if (states.size() > 0) pass()
    },
    nudge: pass,
    close() {
      closed = true
      timer?.cancel()
    },
  }
}

const UNAVAILABLE: BulkEnd = { state: 'failed', reason: 'endpoint_unavailable' }
const OUTSIDE_RETENTION: BulkEnd = { state: 'failed', reason: 'outside_retention' }
const LEFT_OUT: BulkEnd = { state: 'skipped', reason: 'left_out' }
const DELETED: BulkEnd = { state: 'cancelled', reason: 'webhook_deleted' }
