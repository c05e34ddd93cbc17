/**
 * One replay reads a stretch of an organization's log for one webhook: selected events are delivered in order, one at a
 * time per subject, at the replay's own rate. Only the position in the log is kept: while the webhook is paused, held
 * or catching up, the replay pauses.
 *
 *     merge ─► record ──not selected──► next
 *                 └──selected──► its subject free? slot? rate? ─► delivered (first attempt) ─► next
 */

import type { EventFacts } from '../../../topics/deliveries.ts'
import type { ReplayPlace } from '../../../topics/delivery-catch-ups.ts'
import type { Clock } from '../../clock.ts'
import { readEventHeaders } from '../../events/log-record.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { Logger } from '../../logger.ts'
import { createLogMerge, type LogMerge, type LogSource, type NumberedRecord } from './log-merge.ts'
import { createNumberCursor, type NumberCursor } from './number-cursor.ts'

export interface Stretch {
  topic: string
  organizationId: string
  /** Nothing begins before this time, ms: the stretch includes everything recorded until then. */
  completeAtMs: number
  /**
   * Whether the event belongs to the stretch or lies after its beginning; once true, it stays true along a partition.
   */
  begins(event: EventFacts): boolean
  /** Whether the partition holds nothing more of the stretch. */
  ends(event: EventFacts): boolean
  /** Selects the records to deliver, in the same order. */
  choose(batch: Candidate[]): Candidate[] | Promise<Candidate[]>
}

export interface Candidate {
  event: EventFacts
  payload: Buffer
  number: number
  /** When the webhook first received it, if the replay skips delivered events and it did. */
  originalDeliveredAtMs?: number | null
}

export interface CatchUp {
  /** Reads the stretch; resolves when the first attempt of everything has been made, with `false` if it was stopped. */
  pass(): Promise<boolean>
  position(): ReplayPlace
  /** Checks again whether it may go on. */
  nudge(): void
  stop(): void
}

const TROUBLE_PAUSE_MS = 1_000

export function createCatchUp(deps: {
  log: LogSource
  clock: Clock
  logger: Logger
  stretch: Stretch
  /** As stored. */
  position: ReplayPlace
  inFlightMax(): number
  ratePerSecond: number
  /** Nothing more may begin now: the replay is paused, or the webhook waits. */
  halted(): boolean
  /** Hands it to the engine, which calls back after its first attempt, or when it has ended otherwise. */
  deliver(candidate: Candidate, left: () => void): void
  /** The state has changed and must be stored. */
  moved(): void
}): CatchUp {
  const { log, clock, stretch } = deps
  const busy = new Set<string>()
  let cursor: NumberCursor | undefined
  let merge: LogMerge | undefined
  let outstanding = 0
  let stopped = false
  let wake: () => void = () => undefined
  let nextAtMs = 0
  if (deps.position.nextNumber >= 0) cursor = createNumberCursor(deps.position.nextNumber, deps.position.doneNumbers)

  const factsOf = (record: LogRecord) => readEventHeaders(record.headers, stretch.organizationId)

  /** Whether a process of the previous release, which kept offsets, had finished the record. */
  function wasDone({ partition, offset }: LogRecord): boolean {
    const before = deps.position.cursors.find(each => each.partition === partition)
    return before !== undefined && (offset < before.offset || before.done.includes(offset))
  }

  /** By partition, the end of the stretch as far as the log reaches now. */
  async function endsOfStretch(): Promise<Map<number, number>> {
    const found = new Map<number, number>()
    for (const [partition, end] of await log.ends.all(stretch.topic)) found.set(partition, await endIn(partition, end))
    return found
  }

  async function endIn(partition: number, end: number): Promise<number> {
    let offset = await log.pages.search(stretch.topic, partition, record => stretch.ends(factsOf(record)))
    while (offset < end && !stopped) {
      const page = await log.pages.read(stretch.topic, partition, offset)
      const last = page.records.find(record => stretch.ends(factsOf(record)))
      if (last) return Math.min(last.offset, end)
      if (page.nextOffset === offset) return end
      offset = page.nextOffset
    }
    return end
  }

  async function open(): Promise<LogMerge> {
    const untilMs = stretch.completeAtMs - clock.nowMs()
    if (untilMs > 0) await sleep(untilMs)
    const until = await endsOfStretch()
    const from = cursor?.next() ?? ((record: LogRecord) => stretch.begins(factsOf(record)) && !wasDone(record))
    return createLogMerge({ ...deps, topic: stretch.topic, from, until, through: () => Number.MAX_SAFE_INTEGER })
  }

  async function batchPass(records: NumberedRecord[]): Promise<void> {
    cursor ??= createNumberCursor(records[0]!.number, [])
    const numbers = cursor
    const candidates = records
      .filter(({ record, number }) => !numbers.isDone(number) && !wasDone(record))
      .map(({ record, number }): Candidate => ({ event: factsOf(record), payload: record.value!, number }))
      .filter(({ event }) => stretch.begins(event))
    const begun = await chosen(candidates)
    // Stopped before the choice was made: the batch comes again.
    if (stopped) return
    for (const candidate of begun) {
      await turn(candidate.event.subject ?? '')
      if (stopped) return
      begin(numbers, candidate)
    }
    numbers.advance(records.at(-1)!.number + 1)
    deps.moved()
  }

  /** ClickHouse may be unavailable for a while. */
  async function chosen(candidates: Candidate[]): Promise<Candidate[]> {
    while (!stopped) {
      try {
        return await stretch.choose(candidates)
      } catch (error) {
        deps.logger.warn({ topic: stretch.topic, error: String(error) }, 'a replay cannot go on; trying again')
        await sleep(TROUBLE_PAUSE_MS)
      }
    }
    return []
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

  /** Resolves when the next one of this subject may begin. */
  async function turn(lane: string): Promise<void> {
    while (!stopped && (deps.halted() || busy.has(lane) || outstanding >= deps.inFlightMax())) await changed()
    const waitMs = nextAtMs - clock.monotonicMs()
    if (waitMs > 0 && !stopped) await sleep(waitMs)
    nextAtMs = Math.max(clock.monotonicMs(), nextAtMs) + 1000 / deps.ratePerSecond
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

  async function openWithRetries(): Promise<void> {
    while (!stopped && merge === undefined) {
      try {
        merge = await open()
      } catch (error) {
        deps.logger.warn(
          { topic: stretch.topic, error: String(error) },
          'the log of an organization cannot be read now; trying again',
        )
        await sleep(TROUBLE_PAUSE_MS)
      }
    }
  }

  return {
    async pass() {
      await openWithRetries()
      for (let read = await merge?.read(); read !== undefined && !stopped; read = await merge?.read()) {
        if ('records' in read) await batchPass(read.records)
        else cursor?.advance(read.gone.through + 1)
      }
      while (outstanding > 0 && !stopped) await changed()
      merge?.close()
      return !stopped
    },
    position: () => (cursor === undefined ? deps.position : { ...deps.position, ...cursor.stored() }),
    nudge: () => wake(),
    stop() {
      stopped = true
      merge?.close()
      wake()
    },
  }
}
