/**
 * Feeds one webhook from its range: early entries first, then its log by number. The caller sets how much may be out at
 * once (`window`); events with the same subject follow each other.
 *
 *     early ─┐
 *            ├─► owed? ─► its subject free? ─► into the engine ─► left (ended, or on its own schedule) | back
 *     log ───┘
 */
import type { Timer } from '../../../src/clock.ts'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import { deliveryId } from '../../../src/model/ids.ts'
import type { LogMerge } from '../../../src/replay/ways/log-merge.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { RetryRecord } from '../../../topics/deliveries-retry.ts'
import type { EarlyEntry } from '../../../topics/delivery-catch-ups.ts'
import { type Fed, sourceless } from '../delivery.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { FeederPorts } from './feeder-ports.ts'
import { lanePass } from './lane-pass.ts'
import {
  createOwedFromLog,
  type IsLaneFull,
  type LogItem,
  laneKey,
  subjectOf as subjectOfRecord,
} from './owed-from-log.ts'

export interface Feeder {
  /** Begins deliveries as far as the window allows. */
  nudge(): void
  /**
   * Deliveries that are out and wait for a slot or an answer; not those that wait for their turn in an ordered lane.
   */
  out(): number
  /** Whether everything owed has begun. */
  isDry(): boolean
  /** Drops pages that were read ahead. */
  rest(): void
  close(): void
}

/** Read back at once. */
const EARLY_BATCH = 100
const TROUBLE_PAUSE_MS = 1_000

type EarlyItem = { entry: EarlyEntry; record: RetryRecord }
type Item = EarlyItem | LogItem

const isEarly = (item: Item): item is EarlyItem => 'entry' in item

export function createFeeder(
  ports: FeederPorts & {
    range: OwedRange
    /** How many more may begin now. */
    allowance(): number
    /** Whether an event without a subject waits until the former one without a subject has left. */
    isInLine(): boolean
    aheadMax: number
    /** For an ordered webhook, whether a lane has enough members in hand; undefined where there is no order. */
    isLaneFull(): IsLaneFull | undefined
    /** Everything owed has begun. */
    onDry(): void
    onChange(): void
  },
): Feeder {
  const { range, clock } = ports
  const busy = new Set<string>()
  const log = createOwedFromLog({ ...ports, isBusy: () => running, lanesRead: () => lanesRead })
  let lanesRead: LogMerge | undefined
  let earlyRead: EarlyItem[] = []
  let out = 0
  let running = false
  let again = false
  let closed = false
  let pause: Timer | undefined

  async function nextEarly(): Promise<EarlyItem | undefined> {
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

  /**
   * The one with the lowest number. Early entries lie before the log's, except for deliveries that were in flight in a
   * crash.
   */
  async function nextItem(): Promise<Item | undefined> {
    const first = await nextEarly()
    const segment = log.segment()
    if (first && (!segment || segment.passed >= first.entry.number)) return first
    const next = await log.next()
    return !first || (next && next.number < first.entry.number) ? next : first
  }

  function mayBegin(): boolean {
    if (closed || ports.allowance() <= 0) return false
    const oldest = range.oldestOutstanding()
    const next = ports.isLaneFull() ? undefined : log.head()
    return oldest === undefined || next === undefined || next - oldest < ports.aheadMax
  }

  async function run(): Promise<void> {
    if (range.skipped().size > 0) await passLanes()
    while (mayBegin()) {
      const item = await nextItem()
      if (closed) return
      if (!item) {
        if (isDry()) ports.guarded(ports.onDry)
        return
      }
      // The state may have changed while this was reading.
      if (!mayBegin() || !isStillOwed(item)) {
        if (!mayBegin()) return
        continue
      }
      const subject = subjectOf(item)
      if (subject !== undefined && busy.has(subject)) return
      ports.guarded(() => begin(item, subject))
    }
  }

  const passLanes = () =>
    lanePass({
      ...{ ...ports, range, mayBegin },
      isLaneFull: ports.isLaneFull() ?? (() => false),
      isClosed: () => closed,
      begin: item => ports.guarded(() => beginOfLog(item)),
      reads(merge) {
        lanesRead = merge
      },
    })

  const isStillOwed = (item: Item) => (isEarly(item) ? range.early.isWaiting(item.entry) : range.isOwed(item.number))

  /** Subjects of which the next delivery must not overtake this one. */
  function subjectOf(item: Item): string | undefined {
    const subject = isEarly(item) ? item.record.event.subject : subjectOfRecord(item.record)
    return subject !== null ? laneKey(subject) : ports.isInLine() ? '' : undefined
  }

  function begin(item: Item, subject: string | undefined): void {
    if (isEarly(item)) {
      beginEarly(item, subject)
      return
    }
    log.shift()
    // In this order: an event that the range has passed and that is not out counts as left.
    range.begin(item.number)
    range.pass(item.segment, item.number)
    beginOfLog(item, subject)
  }

  /**
   * Counts a delivery that goes into the engine, and how it comes back: it ends for the feeder when `end` is called
   * first.
   */
  function outOf(subject: string | undefined): { end(then: () => void): void; queued(): void } {
    if (subject !== undefined) busy.add(subject)
    out++
    let isQueued = false
    let ended = false
    return {
      end(then) {
        if (ended) return
        ended = true
        if (!isQueued) out--
        if (subject !== undefined && !isQueued) busy.delete(subject)
        then()
        ports.onChange()
        nudge()
      },
      queued() {
        if (ended || isQueued) return
        isQueued = true
        out--
        // Those behind it go into the same lane.
        if (subject !== undefined) busy.delete(subject)
        nudge()
      },
    }
  }

  function beginEarly({ entry, record }: EarlyItem, subject: string | undefined): void {
    earlyRead = earlyRead.filter(each => each.entry !== entry)
    range.early.begin(entry)
    const { end, queued } = outOf(subject)
    const left = () => {
      range.early.remove(entry)
      range.count = Math.max(0, range.count - 1)
      range.touch()
    }
    const fed: Fed = {
      keys: undefined,
      left: () => end(left),
      back: () => end(() => range.early.restart(entry)),
      queued,
    }
    ports.take(
      { ...record, dueAtMs: Math.round(clock.nowMs()) },
      { source: SOURCELESS, fed, countedAs: entry.isCounted ? 'away' : 'nothing' },
    )
  }

  function beginOfLog({ number, record, keys }: LogItem, subject?: string): void {
    range.begin(number)
    const event = readEventHeaders(record.headers, range.organizationId)
    range.oldestAtMs = event.recordedAtMs
    const { end, queued } = outOf(subject)
    const back = () => {
      range.restart(number)
      log.rest()
    }
    const fed: Fed = { keys, left: () => end(() => range.leave(number)), back: () => end(back), queued }
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

  const isDry = () => range.early.left() === 0 && log.segment() === undefined && range.skipped().size === 0

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
        ports.logger.warn(
          { webhook: range.webhookId, error: String(error) },
          'a webhook cannot be fed from its log now; trying again',
        )
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
      if (!running) log.rest()
    },
    close() {
      closed = true
      pause?.cancel()
      lanesRead?.close()
      log.close()
    },
  }
}

/** A fed delivery has no input record to end. */
const SOURCELESS = sourceless()
