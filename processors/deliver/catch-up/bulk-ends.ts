/**
 * Ends owed events of ranges in bulk when they will not be sent (`expiry.ts` decides). One pass through a log ends them
 * for all its webhooks, in transactions of at most 2,000 rows.
 */
import type { Clock, Timer } from '../../../src/clock.ts'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import type { LogRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/logger.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import {
  closeWhenWaiting,
  createLogMerge,
  type LogSource,
  type NumberedRecord,
} from '../../../src/replay/ways/log-merge.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import type { BulkEnded } from '../outcome/bulk-ended.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { WebhookStates } from '../state/webhook-states.ts'
import type { CatchUpSources } from './catch-ups.ts'
import type { EarlyRecords } from './early-records.ts'
import { createExpiry, type Target } from './expiry.ts'
import { isUnlisted, recordedAt, type SubscribersOf } from './listed-records.ts'
import { createLogRetention } from './log-retention.ts'
import { owedOf, topicOf } from './owed-from-log.ts'

const PASS_MS = 60_000
const ROWS_PER_TRANSACTION = 2_000
const ROWS_PER_SECOND = 5_000
const TROUBLE_PAUSE_MS = 1_000

export interface BulkEnds {
  start(): void
  /** A segment is to end, or early entries of a deleted webhook. */
  nudge(): void
  close(): void
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
  /** Retention of an organization's log, as configured on its topic. */
  retentionMs: CatchUpSources['retentionMs']
  isReadAgain(): boolean
  /** Writes the results of these ends, all of one webhook, into the current transaction. */
  end(ended: BulkEnded[]): void
  subscribersOf: SubscribersOf
  /** An early entry whose event no longer exists. */
  lost(range: OwedRange, entry: EarlyEntry): Promise<void>
  /** Numbers that the log no longer holds. */
  gone(range: OwedRange, from: number, through: number): Promise<void>
  /** Resolves when everything written so far has committed. */
  committed(): Promise<void>
  /** The range may have ended. */
  settled(): void
  guarded(work: () => void): void
}): BulkEnds {
  const { clock, states, view, timeScale } = deps
  const retention = createLogRetention(deps)
  const { targetsOf, mayEnd, endOfEntry } = createExpiry({
    ...deps,
    retentionMs: range => retention.of(topicOf(range)),
  })
  let timer: Timer | undefined
  let running = false
  let again = false
  let closed = false
  let rows = 0

  const webhookOf = (range: OwedRange) => view.find('webhook', range.organizationId, range.webhookId)

  async function run(): Promise<void> {
    if (!deps.isReadAgain()) return
    const byLog = new Map<string, OwedRange[]>()
    await retention.refresh(states.ranges().map(topicOf))
    const passes: Array<() => Promise<void>> = []
    for (const range of states.ranges()) {
      passes.push(() => earlyPass(range))
      const topic = topicOf(range)
      byLog.set(topic, [...(byLog.get(topic) ?? []), range])
    }
    for (const [topic, ranges] of byLog) passes.push(() => logPass(topic, ranges.flatMap(targetsOf)))
    await runAll(passes)
  }

  /** An error with one log does not keep others from their turn. */
  async function runAll(passes: Array<() => Promise<void>>): Promise<void> {
    const errors: unknown[] = []
    for (const each of passes) if (!closed) await each().catch(error => errors.push(error))
    if (errors.length > 0) throw errors[0]
  }

  async function logPass(topic: string, targets: Target[]): Promise<void> {
    const needed = targets.filter(mayEnd)
    if (needed.length === 0) return
    const from = Math.min(...needed.map(target => target.from))
    const through = () => Math.max(...needed.map(({ segment }) => segment.throughNumber))
    const merge = createLogMerge({ ...deps, topic, from, through })
    const closing = closeWhenWaiting(merge, clock)
    try {
      while (!closed && needed.some(isUnder) && merge.next()! <= through()) {
        const read = await merge.read()
        if (!read || closed) return
        if ('records' in read) await recordsPass(needed, read.records)
        else for (const target of needed) await gonePass(target, read.gone.from, read.gone.through)
      }
    } finally {
      closing.cancel()
      merge.close()
    }
  }

  const isUnder = ({ ended, range }: Target) => !ended && states.get(range.webhookId)?.range === range

  async function recordsPass(targets: Target[], records: NumberedRecord[]): Promise<void> {
    const facts = new Map<LogRecord, EventFacts>()
    for (const target of targets.filter(isUnder)) await recordsOf(target, records, facts)
    if (rows >= ROWS_PER_TRANSACTION) await commit()
    else deps.handle.write([])
  }

  /** Ends the expired events of the target, up to the first event that stays. */
  async function recordsOf(
    target: Target,
    records: NumberedRecord[],
    facts: Map<LogRecord, EventFacts>,
  ): Promise<void> {
    const { range, segment, from, endOf } = target
    const own = records.filter(({ number }) => number >= from && number <= segment.throughNumber)
    // Without a list of subscribers it need not be looked up if it stays in any case.
    const unknown = own.findIndex(({ record }) => isUnlisted(record) && endOf(record) === 'stop')
    const looked = unknown < 0 ? own : own.slice(0, unknown)
    const listed = await owedOf(range, segment, looked, deps.subscribersOf)
    // The shard drains: what is not ended now must stay owed.
    if (closed || !isUnder(target)) return
    const stays = listed.findIndex(({ record }) => endOf(record) === 'stop')
    const ended: BulkEnded[] = []
    for (const { number, record, keys } of stays < 0 ? listed : listed.slice(0, stays)) {
      const end = endOf(record)
      if (end === undefined || end === 'stop' || !range.isOwed(number)) continue
      const event = facts.get(record) ?? readEventHeaders(record.headers, range.organizationId)
      facts.set(record, event)
      const id = deliveryId(event.eventId, range.webhookId)
      ended.push({ ...target, ...end, event, deliveryId: id, keys, entry: undefined })
    }
    deps.guarded(() => {
      if (ended.length > 0) deps.end(ended)
      for (const { event } of ended) range.leave(event.sequence)
    })
    rows += ended.length
    const first = listed[stays] ?? own[unknown]
    const passed = first ? first.number - 1 : (own.at(-1)?.number ?? -1)
    if (passed >= from) range.pass(segment, passed)
    if (first) range.oldestAtMs = recordedAt(first.record)
    if (first || records.at(-1)!.number >= segment.throughNumber) target.ended = true
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
    if (closed || !isUnder(target)) return
    target.range.pass(target.segment, last)
    if (last >= target.segment.throughNumber) target.ended = true
  }

  async function earlyPass(range: OwedRange): Promise<void> {
    if (range.early.left() === 0) return
    const webhook = webhookOf(range)
    const waiting = range.early.waiting(ROWS_PER_TRANSACTION)
    const due = waiting.filter(entry => endOfEntry(range, entry) !== undefined)
    if (due.length === 0) return
    const found = await deps.early.read(range, due)
    if (closed) return
    deps.guarded(() => endEntries(range, webhook, found))
    for (const [entry, record] of found) {
      if (closed) return
      if (!record && range.early.isWaiting(entry)) await deps.lost(range, entry)
    }
    if (closed) return
    if (waiting.length === ROWS_PER_TRANSACTION) {
      await commit()
      await earlyPass(range)
    } else deps.handle.write([])
  }

  /** Removes no entry before its end is written, and waits for nothing in between. */
  function endEntries(
    range: OwedRange,
    webhook: Webhook | undefined,
    found: ReadonlyMap<EarlyEntry, RetryRecord | undefined>,
  ): void {
    const ended: BulkEnded[] = []
    for (const [entry, record] of found) {
      const end = record && range.early.isWaiting(entry) ? endOfEntry(range, entry) : undefined
      if (!end) continue
      const { event, deliveryId } = record!
      ended.push({ ...end, range, webhook, event, deliveryId, keys: undefined, entry })
    }
    // One reason at a time: each batch has one.
    for (const reason of new Set(ended.map(each => each.reason))) deps.end(ended.filter(each => each.reason === reason))
    for (const { entry } of ended) {
      range.early.remove(entry!)
      range.count = Math.max(0, range.count - 1)
    }
    rows += ended.length
    range.touch()
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
        deps.logger.warn({ error: String(error) }, 'expired deliveries could not be ended; trying again')
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
