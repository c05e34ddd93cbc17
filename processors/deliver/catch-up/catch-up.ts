/**
 * One way through a stretch of an organization's log for one webhook: what it wants of it is delivered in order, one at a time per subject,
 * on its own rate. Only the place in the log is kept, never a pile: while the endpoint fails or is switched off, the way stands still.
 *
 *     search ─► page ─► record ──not wanted──► next
 *                          └──wanted──► its subject free? slot? rate? ─► delivered (first attempt) ─► next
 */
import type { Clock } from '../../../src/clock.ts'
import { readEventHeaders } from '../../../src/events/log-record.ts'
import type { LogRecord } from '../../../src/kafka/ports.ts'
import type { LogPages } from '../../../src/kafka/read/log-pages.ts'
import type { Logger } from '../../../src/observability/logger.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { LogCursor } from '../../../topics/delivery-catch-ups.ts'
import { type Cursor, createCursor } from './log-cursor.ts'

export interface Stretch {
  topic: string
  partitions: number
  organizationId: string
  /** Whether the event is of the stretch, or after its beginning; once true it stays so along a partition. */
  begins(event: EventFacts): boolean
  /** Whether the partition need not be read from this event on, for now. */
  ends(event: EventFacts): boolean
  /** Which of these are to be delivered, in the same order. */
  choose(batch: Candidate[]): Candidate[] | Promise<Candidate[]>
}

export interface Candidate {
  event: EventFacts
  payload: Buffer
  offset: number
  /** When the webhook had it before, if that has been asked for and it had. */
  originalDeliveredAtMs?: number | null
}

export interface CatchUp {
  /** Goes through the stretch to its present end; resolves when the first attempt of everything has been made, `false` if it was stopped. */
  pass(): Promise<boolean>
  cursors(): LogCursor[]
  /** Looks again whether it may go on. */
  nudge(): void
  stop(): void
}

/** Records looked at in one go. */
const BATCH_RECORDS = 200
/** While the endpoint fails, one is tried in this time (scaled). */
const FAILING_PAUSE_MS = 30_000
const TROUBLE_PAUSE_MS = 1_000

export function createCatchUp(deps: {
  pages: LogPages
  clock: Clock
  logger: Logger
  timeScale: number
  stretch: Stretch
  /** As stored; empty at first. */
  cursors: LogCursor[]
  inFlightMax(): number
  ratePerSecond?: number
  /** Nothing more is to begin now: the webhook is off, or the replay paused. */
  halted(): boolean
  /** The endpoint has failed again and again. */
  failing(): boolean
  /** Hands it to the engine, which calls back when its first attempt has been made or it was taken care of otherwise. */
  deliver(candidate: Candidate, left: () => void): void
  /** There is something new to store. */
  moved(): void
}): CatchUp {
  const { pages, clock, stretch } = deps
  const cursors = new Map<number, Cursor>(deps.cursors.map(each => [each.partition, createCursor(each)]))
  const busy = new Set<string>()
  let outstanding = 0
  let stopped = false
  let wake: () => void = () => undefined
  let nextAtMs = 0

  async function cursorOf(partition: number): Promise<Cursor> {
    const known = cursors.get(partition)
    if (known) return known
    const offset = await pages.search(stretch.topic, partition, record => stretch.begins(factsOf(record)))
    const made = createCursor({ partition, offset, done: [] })
    cursors.set(partition, made)
    return made
  }

  const factsOf = (record: LogRecord) => readEventHeaders(record.headers, stretch.organizationId)

  async function partitionPass(partition: number): Promise<void> {
    const cursor = await cursorOf(partition)
    while (!stopped) {
      const { records, nextOffset, stableEnd } = await pages.read(stretch.topic, partition, cursor.next())
      for (let at = 0; at < records.length && !stopped; at += BATCH_RECORDS) {
        if (!(await batchPass(cursor, records.slice(at, at + BATCH_RECORDS)))) return
      }
      if (stopped) return
      cursor.advance(nextOffset)
      deps.moved()
      if (nextOffset >= stableEnd) return
    }
  }

  /** False when the stretch ends in it. */
  async function batchPass(cursor: Cursor, records: LogRecord[]): Promise<boolean> {
    const candidates: Candidate[] = []
    let endsAt: number | undefined
    for (const record of records) {
      const event = factsOf(record)
      if (stretch.ends(event)) {
        endsAt = record.offset
        break
      }
      if (stretch.begins(event) && !cursor.isDone(record.offset)) candidates.push({ event, payload: record.value!, offset: record.offset })
    }
    for (const candidate of await stretch.choose(candidates)) {
      await turn(candidate.event.subject ?? '')
      if (stopped) return false
      begin(cursor, candidate)
    }
    cursor.advance(endsAt ?? records.at(-1)!.offset + 1)
    return endsAt === undefined
  }

  function begin(cursor: Cursor, candidate: Candidate): void {
    const lane = candidate.event.subject ?? ''
    busy.add(lane)
    outstanding++
    cursor.begin(candidate.offset)
    cursor.advance(candidate.offset + 1)
    let over = false
    deps.deliver(candidate, () => {
      if (over) return
      over = true
      outstanding--
      busy.delete(lane)
      cursor.end(candidate.offset)
      deps.moved()
      wake()
    })
  }

  /** Resolves when the next one of this subject may begin. */
  async function turn(lane: string): Promise<void> {
    while (!stopped && (deps.halted() || busy.has(lane) || outstanding >= deps.inFlightMax())) await changed()
    if (deps.failing()) nextAtMs = Math.max(nextAtMs, clock.monotonicMs() + FAILING_PAUSE_MS * deps.timeScale)
    const waitMs = nextAtMs - clock.monotonicMs()
    if (waitMs > 0 && !stopped) await sleep(waitMs)
    if (deps.ratePerSecond !== undefined) nextAtMs = Math.max(clock.monotonicMs(), nextAtMs) + 1000 / deps.ratePerSecond
  }

  const changed = () =>
    new Promise<void>(resolve => {
      wake = resolve
    })

  /** Ends early when stopped. */
  const sleep = (ms: number) =>
    new Promise<void>(resolve => {
      const timer = clock.after(ms, resolve)
      const before = wake
      wake = () => {
        before()
        if (!stopped) return
        timer.cancel()
        resolve()
      }
    })

  async function pass(): Promise<boolean> {
    for (let partition = 0; partition < stretch.partitions && !stopped; partition++) await patientPass(partition)
    while (outstanding > 0 && !stopped) await changed()
    return !stopped
  }

  /** What cannot be read now is read later: the broker or the history may be away for a while. */
  async function patientPass(partition: number): Promise<void> {
    while (!stopped) {
      try {
        return await partitionPass(partition)
      } catch (error) {
        deps.logger.warn({ topic: stretch.topic, error: String(error) }, 'a catch-up cannot go on; trying again')
        await sleep(TROUBLE_PAUSE_MS)
      }
    }
  }

  return {
    pass,
    cursors: () => [...cursors.values()].map(cursor => cursor.stored()),
    nudge: () => wake(),
    stop() {
      stopped = true
      wake()
    },
  }
}
