/**
 * One reading of a stretch of an organization's log for one target: selected events are handed over in order, one at a
 * time per subject, at a rate of its own. Only the position is kept: while the target takes nothing, the way pauses.
 *
 *     log ─► record ──not selected──► next
 *               ├──selected──► its subject free? slot? rate? ─► handed over (first attempt) ─► next
 *               └──skipped───► noted ─► next
 */

import type { EventFacts } from '../../../topics/deliveries.ts'
import type { ReplayPlace } from '../../../topics/delivery-catch-ups.ts'
import type { Clock } from '../../clock.ts'
import { readEventHeaders } from '../../events/log-record.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { Logger } from '../../logger.ts'
import type { HandedOver } from './ends.ts'
import { createLogMerge, type LogMerge, type LogSource, type NumberedRecord } from './log-merge.ts'
import { createNumberCursor, type NumberCursor } from './number-cursor.ts'
import type { ReadTurns } from './read-turns.ts'
import { stretchEnds } from './stretch-ends.ts'
import { createWaiting } from './waiting.ts'

export interface Stretch {
  topic: string
  organizationId: string
  /** Nothing begins before this time, ms: the stretch includes everything recorded until then. */
  completeAtMs: number
  /**
   * Whether the event belongs to the stretch or lies after its beginning; once true, it stays true along a partition.
   */
  begins(event: EventFacts, record: LogRecord): boolean
  /** Whether the partition holds nothing more of the stretch. */
  ends(event: EventFacts): boolean
  /** Selects the records to hand over or to skip, in the same order. Computes only: it may be called again. */
  choose(batch: Candidate[]): Candidate[] | Promise<Candidate[]>
}

export interface Candidate {
  event: EventFacts
  payload: Buffer
  number: number
  /** In the log; absent for an event that the history has kept. */
  place?: { partition: number; offset: number }
  /** When the webhook first received it, if it did. */
  originalDeliveredAtMs?: number | null
  /** Of a redrive: the deliveries of the event; each of them counts. */
  deliveryIds?: string[]
  /** It is not handed over, for this reason. */
  without?: { outcome: 'skipped' | 'failed'; reason: string }
}

export interface Way {
  /** Reads the stretch; resolves when the first attempt of everything has been made. False: it was stopped. */
  pass(): Promise<boolean>
  position(): ReplayPlace
  /** Checks again whether it may go on. */
  nudge(): void
  stop(): void
}

/** The events of a stretch in the order of their numbers, however they are found. */
export type StretchReader = Pick<LogMerge, 'read' | 'close' | 'positions'>

export interface WayDeps {
  log: LogSource
  clock: Clock
  logger: Logger
  stretch: Stretch
  /** As stored. */
  position: ReplayPlace
  inFlightMax(): number
  ratePerSecond: number
  /** Nothing more may begin now: the replay is paused, or its target waits. */
  halted(): boolean
  /** Hands it over; the callee calls back after its first attempt, or when it has ended otherwise. */
  deliver(candidate: Candidate, left: (end?: HandedOver) => void): void
  /** Events of one subject need not wait for each other. */
  keepsOrder?: boolean | undefined
  /** The state has changed and must be stored. */
  moved(): void
  /** It is dealt with, without having been handed over. */
  settle?(candidate: Candidate): void
  /** These numbers have left the log unread. */
  expired?(count: number): void
  /** The stretch need not be read further: the target is gone, or nothing more was admitted. */
  isOver?(): boolean
  /** Whether one more may be handed over; if not, `isOver` holds from now on. */
  admits?(): boolean
  /** Too much is written and not committed. */
  isCrowded?(): boolean
  /** Instead of the log. */
  open?(from: number | undefined): Promise<StretchReader>
  /** Limits how many read at once; absent: no limit. */
  turns?: ReadTurns | undefined
}

const TROUBLE_PAUSE_MS = 1_000
/** Numbers dealt with ahead of the oldest one in flight: they are stored one by one. */
const AHEAD_MAX = 4_096

/** For now the choice cannot be made; it is repeated, and nothing is wrong. */
export class NotYet extends Error {}

export function createWay(deps: WayDeps): Way {
  const { log, clock, stretch } = deps
  const busy = new Set<string>()
  let cursor: NumberCursor | undefined
  let reader: StretchReader | undefined
  let until: Map<number, number> | undefined
  /** Offsets before which nothing remains to be read, as of the last batch that was dealt with. */
  let hints: Map<number, number> | undefined
  let outstanding = 0
  let stopped = false
  /** Others wait for a turn: pages are dropped, and read again later. */
  let dropped = false
  let nextAtMs = 0
  if (deps.position.nextNumber >= 0) cursor = createNumberCursor(deps.position.nextNumber, deps.position.doneNumbers)

  const isOver = () => stopped || deps.isOver?.() === true
  const mayRead = () => !dropped && !isOver()
  const { wake, changed, sleep, isWaiting } = createWaiting(clock, mayRead)
  const factsOf = (record: LogRecord) => readEventHeaders(record.headers, stretch.organizationId)

  /** Whether a process of the previous release, which kept offsets, had finished the record. */
  function wasDone({ partition, offset }: LogRecord): boolean {
    const before = deps.position.cursors.find(each => each.partition === partition)
    return before !== undefined && (offset < before.offset || before.done.includes(offset))
  }

  const endsOfStretch = () =>
    stretchEnds({ log, topic: stretch.topic, ends: record => stretch.ends(factsOf(record)), isStopped: () => stopped })

  async function open(): Promise<StretchReader> {
    const untilMs = stretch.completeAtMs - clock.nowMs()
    if (untilMs > 0) await sleep(untilMs)
    if (deps.open) return deps.open(cursor?.next())
    until ??= await endsOfStretch()
    const begins = (record: LogRecord) => stretch.begins(factsOf(record), record) && !wasDone(record)
    const from = cursor?.next() ?? begins
    const through = () => Number.MAX_SAFE_INTEGER
    return createLogMerge({ ...deps, topic: stretch.topic, from, until, through, ...(hints && { hints }) })
  }

  async function batchPass(records: NumberedRecord[]): Promise<void> {
    cursor ??= createNumberCursor(records[0]!.number, [])
    const numbers = cursor
    const candidates = records
      .filter(({ record, number }) => !numbers.isDone(number) && !wasDone(record))
      .map(({ record, number }) => ({ record, event: factsOf(record), payload: record.value!, number }))
      .filter(({ event, record }) => stretch.begins(event, record))
      .map(({ event, payload, number, record }): Candidate => ({ event, payload, number, place: placeOf(record) }))
    for (const candidate of await chosen(candidates)) {
      await (candidate.without ? room(numbers) : turn(candidate.event.subject ?? '', numbers))
      // The rest of the batch comes again.
      if (!mayRead()) return
      if (!candidate.without && deps.admits?.() === false) return
      if (candidate.without) settle(numbers, candidate)
      else begin(numbers, candidate)
    }
    // The choice was not made, either.
    if (!mayRead()) return
    numbers.advance(records.at(-1)!.number + 1)
    deps.moved()
  }

  /** ClickHouse may be unavailable for a while. */
  async function chosen(candidates: Candidate[]): Promise<Candidate[]> {
    while (mayRead()) {
      while (mayRead() && deps.halted()) await changed()
      try {
        return await stretch.choose(candidates)
      } catch (error) {
        if (!(error instanceof NotYet))
          deps.logger.warn({ topic: stretch.topic, error: String(error) }, 'a replay cannot go on; trying again')
        await sleep(TROUBLE_PAUSE_MS)
      }
    }
    return []
  }

  function settle(numbers: NumberCursor, candidate: Candidate): void {
    numbers.begin(candidate.number)
    numbers.advance(candidate.number + 1)
    numbers.end(candidate.number)
    deps.settle?.(candidate)
    deps.moved()
  }

  function begin(numbers: NumberCursor, candidate: Candidate): void {
    const lane = candidate.event.subject ?? ''
    busy.add(lane)
    outstanding++
    numbers.begin(candidate.number)
    numbers.advance(candidate.number + 1)
    let ended = false
    deps.deliver(candidate, () => {
      if (ended) return
      ended = true
      outstanding--
      busy.delete(lane)
      numbers.end(candidate.number)
      deps.moved()
      wake()
    })
  }

  const isFull = (numbers: NumberCursor) => numbers.ahead() >= AHEAD_MAX || deps.isCrowded?.() === true

  /** Resolves when another one may be dealt with. */
  async function room(numbers: NumberCursor): Promise<void> {
    while (mayRead() && isFull(numbers)) await changed()
  }

  /** Resolves when the next one of this subject may begin. */
  async function turn(lane: string, numbers: NumberCursor): Promise<void> {
    const isHeldUp = () =>
      deps.halted() ||
      (busy.has(lane) && deps.keepsOrder !== true) ||
      outstanding >= deps.inFlightMax() ||
      isFull(numbers)
    while (mayRead() && isHeldUp()) await changed()
    const waitMs = nextAtMs - clock.monotonicMs()
    if (waitMs > 0 && mayRead()) await sleep(waitMs)
    if (mayRead()) nextAtMs = Math.max(clock.monotonicMs(), nextAtMs) + 1000 / deps.ratePerSecond
  }

  async function openWithRetries(): Promise<void> {
    while (mayRead() && reader === undefined) {
      try {
        reader = await open()
      } catch (error) {
        deps.logger.warn(
          { topic: stretch.topic, error: String(error) },
          'the log of an organization cannot be read now; trying again',
        )
        await sleep(TROUBLE_PAUSE_MS)
      }
    }
  }

  /** Reads until the end, or until others wait. True: to the end. */
  async function readOn(): Promise<boolean> {
    await openWithRetries()
    while (mayRead()) {
      const before = reader!.positions()
      const read = await reader!.read()
      if (!mayRead()) return false
      if (read === undefined) return true
      hints = before
      if ('records' in read) await batchPass(read.records)
      else {
        cursor?.advance(read.gone.through + 1)
        if (cursor) deps.expired?.(read.gone.through - read.gone.from + 1)
      }
    }
    return false
  }

  /** Does not take a turn, to read pages that nobody could use. */
  async function takeTurn(): Promise<() => void> {
    while (!isOver() && deps.halted() && cursor !== undefined) await changed()
    if (!deps.turns || isOver()) return () => undefined
    return deps.turns.enter({
      organizationId: stretch.organizationId,
      isIdle: isWaiting,
      onDemand() {
        dropped = true
        reader?.close()
        wake()
      },
    })
  }

  return {
    async pass() {
      for (let isRead = false; !isRead && !isOver(); ) {
        const leave = await takeTurn()
        dropped = false
        isRead = await readOn()
        reader?.close()
        reader = undefined
        leave()
      }
      while (outstanding > 0 && !stopped) await changed()
      return !stopped
    },
    position: () => (cursor === undefined ? deps.position : { ...deps.position, ...cursor.stored() }),
    nudge: wake,
    stop() {
      stopped = true
      reader?.close()
      wake()
    },
  }
}

const placeOf = ({ partition, offset }: LogRecord) => ({ partition, offset })
