/**
 * The owed events of one webhook in its log, by number, a page in memory at a time. Events of an ordered lane that has
 * enough members in hand are passed over; `lane-pass.ts` begins them later.
 */

import type { LogRecord } from '../../../src/kafka/ports.ts'
import { createLogMerge, type LogMerge, type NumberedRecord } from '../../../src/replay/ways/log-merge.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import { events } from '../../../topics/events.ts'
import type { OwedRange } from '../state/owed-range.ts'
import type { Segment } from '../state/segments.ts'
import type { FeederPorts } from './feeder-ports.ts'
import { type ListedRecord, listedRecords, recordedAt } from './listed-records.ts'

/** Maximum number of lanes that are passed over at the same time. */
const LANES_MAX = 10_000

export type LogItem = ListedRecord & { segment: Segment }
/** Whether a lane, named by its subject, has enough members in hand. */
export type IsLaneFull = (subject: EventFacts['subject']) => boolean

export interface OwedFromLog {
  /** The first event that may begin; undefined: none, or none is visible now. Resolves once it has been read. */
  next(): Promise<LogItem | undefined>
  /** The event from `next` has begun. */
  shift(): void
  /** The number of the next event, if it is in memory. */
  head(): number | undefined
  /** The segment that is fed now; undefined: all has begun. */
  segment(): Segment | undefined
  /** Drops pages that were read ahead. */
  rest(): void
  close(): void
}

export function createOwedFromLog(
  ports: Pick<FeederPorts, 'log' | 'turns' | 'clock' | 'logger' | 'gone' | 'subscribersOf'> & {
    range: OwedRange
    /** Undefined where there is no order. */
    isLaneFull(): IsLaneFull | undefined
    /** Whether a read or a begin is under way: pages are dropped after it. */
    isBusy(): boolean
    /** Reads for the webhook's lanes meanwhile. */
    lanesRead(): LogMerge | undefined
    onChange(): void
  },
): OwedFromLog {
  const { range } = ports
  const topic = topicOf(range)
  let merge: { of: LogMerge; segment: Segment } | undefined
  let batch: ListedRecord[] = []
  let batchThrough = -1
  /** Offsets before which nothing from this number on lies. */
  let hint: { number: number; positions: ReadonlyMap<number, number> } | undefined
  let leave: (() => void) | undefined
  let mustRest = false
  let closed = false

  const fedSegment = () =>
    range.segments.find(({ mode, passed, throughNumber }) => isFed(mode) && passed < throughNumber)

  async function next(): Promise<LogItem | undefined> {
    for (let segment = fedSegment(); segment !== undefined && !closed; segment = fedSegment()) {
      const first = merge?.segment === segment ? batch[0] : undefined
      // Events read ahead may belong to the segment later, when their records have ended.
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

  /**
   * Whether the event stays in the log until its lane has capacity; undefined: too many lanes wait, so the whole range
   * does.
   */
  function skip({ number, record }: ListedRecord): boolean | undefined {
    const isFull = ports.isLaneFull()
    if (!isFull) return false
    const subject = subjectOf(record)
    const lane = laneKey(subject)
    const from = range.skipped().get(lane)
    if (from !== undefined) {
      // Events that came back unended lie before.
      if (number < from) range.skip(lane, number)
      return true
    }
    if (!isFull(subject)) return false
    if (range.skipped().size >= LANES_MAX) return undefined
    range.skip(lane, number)
    return true
  }

  async function readOn(segment: Segment): Promise<void> {
    if (mustRest) rest()
    if (!leave) {
      leave = await ports.turns.enter({
        organizationId: range.organizationId,
        isIdle: () => fedSegment() === undefined,
        onDemand: giveWay,
      })
      // Its turn has come.
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
    batch = await owedOf(range, segment, read.records, ports.subscribersOf)
    batchThrough = read.records.at(-1)!.number
  }

  /** Others wait to read. A number that is not visible in the log may take long to appear. */
  function giveWay(): void {
    if (!ports.isBusy()) {
      rest()
      return
    }
    mustRest = true
    for (const reading of [merge?.of, ports.lanesRead()]) if (reading && reading.waitingMs() > 0) reading.close()
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

  return {
    next,
    shift: () => void batch.shift(),
    head: () => batch[0]?.number,
    segment: fedSegment,
    rest,
    close() {
      closed = true
      rest()
    },
  }
}

export const topicOf = ({ organizationId, environment }: OwedRange): string =>
  events.nameFor(organizationId, environment)

export const isFed = (mode: Segment['mode']): boolean => mode === 'open' || mode === 'draining'

/** The records whose events the segment owes, as far as the log shows. */
export async function owedOf(
  range: OwedRange,
  segment: Segment,
  records: readonly NumberedRecord[],
  subscribersOf: FeederPorts['subscribersOf'],
): Promise<ListedRecord[]> {
  const { sinceMs } = segment
  const possible = records.filter(
    ({ number, record }) => !wasDone(range, number, record) && (sinceMs === null || recordedAt(record) >= sinceMs),
  )
  return listedRecords(range, possible, subscribersOf)
}

/** Whether a process of the previous release, which kept offsets, had finished it. */
function wasDone({ closedThrough, cursors }: OwedRange, number: number, { partition, offset }: LogRecord): boolean {
  if (number > closedThrough) return false
  const before = cursors.find(each => each.partition === partition)
  return before !== undefined && (offset < before.offset || before.done.includes(offset))
}

/** Lanes are named by their subjects; the lane without a subject has an empty name. */
export const subjectOf = ({ headers }: LogRecord): string | null => headers.ce_subject?.toString() ?? null
export const laneKey = (subject: string | null): string => (subject === null ? '' : `=${subject}`)
export const subjectOfLane = (lane: string): string | null => (lane === '' ? null : lane.slice(1))
