/**
 * Feeds one webhook from its range: early entries first, then its log by number. How much may be out at once is the caller's to say (`window`);
 * events with the same subject follow each other.
 *
 *     early ─┐
 *            ├─► owed? ─► its subject free? ─► into the engine ─► left (ended, or on its own schedule) | back
 *     log ───┘
 */
import type { Clock, Timer } from '../../../src/clock.ts'
import { deliveryId } from '../../../src/events/ids.ts'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import { readSubscribers, SUBSCRIBERS_HEADER } from '../../../src/events/subscribers.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import type { Logger } from '../../../src/observability/logger.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import { events } from '../../../topics/events.ts'
import { type Fed, type Origin, sourceless } from '../delivery.ts'
import type { OwedRange, Segment } from '../state/owed-range.ts'
import type { EarlyRecords } from './early-records.ts'
import { createLogMerge, type LogMerge, type LogSource, type NumberedRecord } from './log-merge.ts'
import type { ReadTurns } from './read-turns.ts'

export interface Feeder {
  /** Begins what may begin. */
  nudge(): void
  /** What is out and waits for a slot or an answer; not what waits for its turn in an ordered lane. */
  out(): number
  /** Whether everything that is owed has been begun. */
  isDry(): boolean
  /** Lets go of what has been read ahead. */
  rest(): void
  close(): void
}

export interface FeederPorts {
  log: LogSource
  turns: ReadTurns
  early: EarlyRecords
  clock: Clock
  logger: Logger
  /** Into the engine, due now. */
  take(record: RetryRecord, origin: Origin): void
  /** An early entry of which the event is gone. */
  lost(range: OwedRange, entry: EarlyEntry): Promise<void>
  /** Numbers that have left the log before they were fed. */
  gone(range: OwedRange, from: number, through: number): Promise<void>
  /** Which of these events, without a list of subscribers, the webhook is owed. */
  wasMatched(range: OwedRange, batch: LogRecord[]): Promise<ReadonlySet<LogRecord>>
  guarded(work: () => void): void
}

/** Read back at once. */
const EARLY_BATCH = 100
const TROUBLE_PAUSE_MS = 1_000
/** Lanes that are passed over at the same time. */
const LANES_MAX = 10_000

type Item = { entry: EarlyEntry; record: RetryRecord } | { number: number; record: LogRecord; segment: Segment }

export function createFeeder(
  ports: FeederPorts & {
    range: OwedRange
    /** How many more may begin now. */
    allowance(): number
    /** Whether a new one waits until the former one without a subject has left. */
    isInLine(): boolean
    aheadMax: number
    /** Of an ordered webhook, whether a lane has members enough in hand; undefined where there is no order. */
    isLaneFull(): ((subject: string | null) => boolean) | undefined
    /** Everything that is owed has been begun. */
    onDry(): void
    onChange(): void
  },
): Feeder {
  const { range, clock } = ports
  const topic = events.nameFor(range.organizationId, range.environment)
  const busy = new Set<string>()
  let earlyRead: Array<{ entry: EarlyEntry; record: RetryRecord }> = []
  let merge: { of: LogMerge; segment: Segment } | undefined
  let batch: Array<{ number: number; record: LogRecord }> = []
  let batchThrough = -1
  let out = 0
  let running = false
  let again = false
  let closed = false
  /** Offsets before which nothing from this number on lies. */
  let hint: { number: number; positions: ReadonlyMap<number, number> } | undefined
  let pause: Timer | undefined
  let leave: (() => void) | undefined
  let mustRest = false

  /** Lanes are named by their subjects, and one has none. */
  const laneOf = (record: LogRecord) => record.headers.ce_subject?.toString() ?? null

  const fedSegment = () => range.segments.find(({ mode, passed, throughNumber }) => isFed(mode) && passed < throughNumber)

  async function nextEarly(): Promise<Item | undefined> {
    while (!closed && range.early.left() > 0) {
      earlyRead = earlyRead.filter(({ entry }) => range.early.isWaiting(entry))
      const first = earlyRead[0]
      if (first) return first
      const read = await ports.early.read(range, range.early.waiting(EARLY_BATCH))
      for (const [entry, record] of read) {
        if (record) earlyRead.push({ entry, record })
        else await ports.lost(range, entry)
      }
    }
    return undefined
  }

  async function nextOfLog(): Promise<Item | undefined> {
    for (let segment = fedSegment(); segment !== undefined && !closed; segment = fedSegment()) {
      const first = merge?.segment === segment ? batch[0] : undefined
      // What has been read ahead may belong to the segment later, when its records have ended.
      if (first && first.number > segment.throughNumber) range.pass(segment, segment.throughNumber)
      else if (first && range.isOwed(first.number)) {
        const skips = skip(first)
        if (skips === undefined) return undefined
        if (!skips) return { ...first, segment }
        range.pass(segment, first.number)
        batch.shift()
      } else if (first) batch.shift()
      if (first) continue
      if (merge?.segment === segment && batchThrough > segment.passed) {
        range.pass(segment, batchThrough)
        ports.onChange()
        continue
      }
      await readOn(segment)
    }
    return undefined
  }

  /** Whether the event stays in the log until its lane has room; undefined: too many lanes wait for that, so the range does. */
  function skip({ number, record }: { number: number; record: LogRecord }): boolean | undefined {
    const isFull = ports.isLaneFull()
    if (!isFull) return false
    const subject = laneOf(record)
    const lane = laneKey(subject)
    const from = range.skipped().get(lane)
    if (from !== undefined) {
      // What came back unended lies before.
      if (number < from) range.skip(lane, number)
      return true
    }
    if (!isFull(subject)) return false
    if (range.skipped().size >= LANES_MAX) return undefined
    range.skip(lane, number)
    return true
  }

  /** Begins what was passed over, of lanes that have room again, up to where the range has passed. */
  async function lanePass(): Promise<void> {
    const isFull = ports.isLaneFull() ?? (() => false)
    const free = new Map([...range.skipped()].filter(([lane]) => !isFull(subjectOfLane(lane))))
    if (free.size === 0 || !mayBegin()) return
    const first = Math.min(...free.values())
    const passed = () => range.segments.findLast(each => isFed(each.mode) && each.fromNumber <= merge.next()!)?.passed ?? -1
    const merge = createLogMerge({ ...ports, topic, from: first, through: () => range.lastNumber() })
    try {
      while (!closed && free.size > 0 && merge.next()! <= passed()) {
        const read = await merge.read()
        if (!read) return
        if ('gone' in read) continue
        for (const { number, record } of read.records) {
          const lane = laneKey(laneOf(record))
          if (!free.has(lane) || !range.isOwed(number) || number < free.get(lane)!) continue
          const segment = range.segments.find(each => isFed(each.mode) && number > each.settledNumber && number <= each.passed)
          if (!segment || !isMine(segment, record)) continue
          if (isFull(subjectOfLane(lane)) || !mayBegin()) {
            range.skip(lane, number)
            free.delete(lane)
            continue
          }
          ports.guarded(() => beginOfLog({ number, record, segment }))
        }
      }
      // The rest have come up with the range.
      if (!closed) for (const lane of free.keys()) range.unskip(lane)
    } finally {
      merge.close()
    }
  }

  /** The one with the lowest number. Early entries lie before what is in the log, but for what was in flight in a crash. */
  async function nextItem(): Promise<Item | undefined> {
    const first = await nextEarly()
    const segment = fedSegment()
    if (!first || !('entry' in first) || (segment && segment.passed < first.entry.number)) {
      const next = await nextOfLog()
      if (!first || (next && 'number' in next && 'entry' in first && next.number < first.entry.number)) return next
    }
    return first
  }

  async function readOn(segment: Segment): Promise<void> {
    if (mustRest) rest()
    if (!leave) {
      leave = await ports.turns.enter(() => {
        if (running) mustRest = true
        else rest()
      })
      // It has waited for its turn.
      if (closed) rest()
      if (closed || segment.passed >= segment.throughNumber) return
    }
    if (merge?.segment !== segment || (merge.of.next() ?? 0) > segment.passed + 1) {
      merge?.of.close()
      batch = []
      const from = segment.passed + 1
      const hints = hint && hint.number <= from ? { hints: hint.positions } : {}
      merge = { of: createLogMerge({ ...ports, topic, from, through: () => segment.throughNumber, ...hints }), segment }
    }
    const positions = merge.of.positions()
    if (positions.size > 0) hint = { number: merge.of.next()!, positions }
    const read = await merge.of.read()
    if (!read || closed) return
    if ('gone' in read) {
      await ports.gone(range, read.gone.from, Math.min(read.gone.through, segment.throughNumber))
      batchThrough = read.gone.through
      return
    }
    batch = await mine(segment, read.records)
    batchThrough = read.records.at(-1)!.number
  }

  async function mine(segment: Segment, records: NumberedRecord[]): Promise<NumberedRecord[]> {
    const unlisted = records.filter(({ number, record }) => number <= range.closedThrough && isUnlisted(record))
    const matched =
      unlisted.length === 0
        ? undefined
        : await ports.wasMatched(
            range,
            unlisted.map(({ record }) => record),
          )
    return records.filter(({ number, record }) => {
      if (number <= range.closedThrough && wasDone(record)) return false
      return isMine(segment, record) || matched?.has(record) === true
    })
  }

  const isMine = (segment: Segment, record: LogRecord) =>
    listsKey(record, range.key) && (segment.sinceMs === null || recordedAt(record) >= segment.sinceMs)

  /** Whether a process of the release before, which kept offsets, had dealt with it. */
  function wasDone({ partition, offset }: LogRecord): boolean {
    const before = range.cursors.find(each => each.partition === partition)
    return before !== undefined && (offset < before.offset || before.done.includes(offset))
  }

  function mayBegin(): boolean {
    if (closed || ports.allowance() <= 0) return false
    const oldest = range.oldestOutstanding()
    const next = ports.isLaneFull() ? undefined : batch[0]?.number
    return oldest === undefined || next === undefined || next - oldest < ports.aheadMax
  }

  async function run(): Promise<void> {
    if (range.skipped().size > 0) await lanePass()
    while (mayBegin()) {
      const item = await nextItem()
      if (closed) return
      if (!item) {
        if (isDry()) ports.guarded(ports.onDry)
        return
      }
      // Reading took its time.
      if (!mayBegin() || !isStillOwed(item)) {
        if (!mayBegin()) return
        continue
      }
      const subject = subjectOf(item)
      if (subject !== undefined && busy.has(subject)) return
      ports.guarded(() => begin(item, subject))
    }
  }

  const isStillOwed = (item: Item) => ('entry' in item ? range.early.isWaiting(item.entry) : range.isOwed(item.number))

  /** What must not be overtaken by the next one with the same. */
  function subjectOf(item: Item): string | undefined {
    const subject = 'entry' in item ? item.record.event.subject : (item.record.headers.ce_subject?.toString() ?? null)
    return subject !== null ? `=${subject}` : ports.isInLine() ? '' : undefined
  }

  function begin(item: Item, subject: string | undefined): void {
    if ('entry' in item) beginEarly(item, subject)
    else {
      batch.shift()
      // In this order: what has been passed and is not out has left.
      range.begin(item.number)
      range.pass(item.segment, item.number)
      beginOfLog(item, subject)
    }
  }

  /** Counts one that goes into the engine, and what becomes of it: it ends for the feeder when `end` is called first. */
  function outOf(subject: string | undefined): { end(then: () => void): void; lined(): void } {
    if (subject !== undefined) busy.add(subject)
    out++
    let isLined = false
    let over = false
    return {
      end(then) {
        if (over) return
        over = true
        if (!isLined) out--
        if (subject !== undefined && !isLined) busy.delete(subject)
        then()
        ports.onChange()
        nudge()
      },
      lined() {
        if (over || isLined) return
        isLined = true
        out--
        // Those behind it go into the same lane.
        if (subject !== undefined) busy.delete(subject)
        nudge()
      },
    }
  }

  function beginEarly({ entry, record }: { entry: EarlyEntry; record: RetryRecord }, subject: string | undefined): void {
    earlyRead = earlyRead.filter(each => each.entry !== entry)
    range.early.begin(entry)
    const { end, lined } = outOf(subject)
    const left = () => {
      range.early.remove(entry)
      range.count = Math.max(0, range.count - 1)
      range.touch()
    }
    const fed: Fed = { keys: undefined, left: () => end(left), back: () => end(() => range.early.restart(entry)), lined }
    ports.take(
      { ...record, dueAtMs: Math.round(clock.nowMs()) },
      { source: SOURCELESS, fed, countedAs: entry.isCounted ? 'away' : 'nothing' },
    )
  }

  function beginOfLog({ number, record }: { number: number; record: LogRecord; segment: Segment }, subject?: string): void {
    range.begin(number)
    const event = readEventHeaders(record.headers, range.organizationId)
    const keys = keysOf(record, range.key)
    range.oldestAtMs = event.recordedAtMs
    const { end, lined } = outOf(subject)
    const back = () => {
      range.restart(number)
      rest()
    }
    const fed: Fed = { keys, left: () => end(() => range.leave(number)), back: () => end(back), lined }
    const countedAs = number <= range.closedThrough ? 'nothing' : 'range'
    ports.take(recordOf(event, record.value!), { source: SOURCELESS, fed, countedAs })
  }

  function recordOf(event: EventFacts, payload: Buffer): RetryRecord {
    const dueAtMs = Math.round(clock.nowMs())
    const { webhookId } = range
    return {
      event,
      payload,
      webhookId,
      deliveryId: deliveryId(event.eventId, webhookId),
      attempts: 0,
      dueAtMs,
      trigger: 'live',
      replayId: event.sequence <= range.pausedThrough ? range.replayId : null,
      once: false,
      createdAtMs: dueAtMs,
    }
  }

  function rest(): void {
    mustRest = false
    leave?.()
    leave = undefined
    merge?.of.close()
    merge = undefined
    batch = []
    batchThrough = -1
  }

  const isDry = () => range.early.left() === 0 && fedSegment() === undefined && range.skipped().size === 0

  function nudge(): void {
    if (closed || pause) return
    if (running) {
      again = true
      return
    }
    if (!mayBegin()) return
    running = true
    run()
      .catch(error => {
        ports.logger.warn({ webhook: range.webhookId, error: String(error) }, 'a webhook cannot be fed from its log now; trying again')
        pause = clock.after(TROUBLE_PAUSE_MS, () => {
          pause = undefined
          nudge()
        })
      })
      .finally(() => {
        running = false
        if (!again) return
        again = false
        nudge()
      })
  }

  return {
    nudge,
    out: () => out,
    isDry,
    rest() {
      if (!running) rest()
    },
    close() {
      closed = true
      pause?.cancel()
      rest()
    },
  }
}

const laneKey = (subject: string | null) => (subject === null ? '' : `=${subject}`)
const subjectOfLane = (lane: string) => (lane === '' ? null : lane.slice(1))

const isFed = (mode: Segment['mode']) => mode === 'open' || mode === 'draining'

/** What is fed has no record of an input to end. */
const SOURCELESS = sourceless()

const NO_KEYS: readonly bigint[] = []

/** The subscribers of an event, by its record in the log; of one from before they were listed, `own` alone. */
export function keysOf(record: LogRecord, own: bigint): readonly bigint[] {
  const header = record.headers[SUBSCRIBERS_HEADER]
  return header === undefined ? [own] : header.length === 0 ? NO_KEYS : readSubscribers(header)
}

export const isUnlisted = (record: LogRecord): boolean => record.headers[SUBSCRIBERS_HEADER] === undefined

export function listsKey(record: LogRecord, key: bigint): boolean {
  const header = record.headers[SUBSCRIBERS_HEADER]
  return header !== undefined && readSubscribers(header).includes(key)
}

export const recordedAt = (record: LogRecord): number => Date.parse(record.headers['recorded-at']!.toString())
