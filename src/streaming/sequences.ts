/**
 * Events by their sequence numbers: what a receiver asks for that has noticed a gap. The numbers ascend in each
 * partition, so a range is found in the log itself, by halves.
 */
import type { LogRecord } from '../kafka/ports.ts'
import { ClarionError } from '../model/codes.ts'
import type { Position } from './cursor.ts'
import { createLogScan, type LogScan, sequenceOf } from './log-scan.ts'
import type { PageCache } from './page-cache.ts'
import type { Log, Resume } from './resume.ts'
import type { Selection } from './selection.ts'
import { OffsetAhead, OffsetExpired, type StrictPages } from './strict-pages.ts'

/** Both ends included. */
export interface SequenceRange {
  first: number
  last: number
}

export interface SequencePage {
  records: LogRecord[]
  position: Position
  isAtEnd: boolean
}

export interface Sequences {
  /**
   * A page of the range, from `cursor` on if there is one. Throws `invalid_range` for numbers beyond the newest one,
   * `cursor_expired` where retention has deleted some.
   */
  read(request: {
    log: Log
    range: SequenceRange
    cursor: string | undefined
    selection: Pick<Selection, 'matches'>
    limit: number
  }): Promise<SequencePage>
}

export const RANGE_MAX = 100_000
const READ_BYTES = 4 * 1024 * 1024
const PATTERN = /^([1-9]\d{0,14})-([1-9]\d{0,14})$/

/** `101-250`. Throws `validation_failed`, `invalid_range`. */
export function parseRange(text: string): SequenceRange {
  const match = PATTERN.exec(text)
  if (match === null) {
    const message = 'must be two sequence numbers with a dash, such as 101-250'
    const details = [{ path: '/sequence', rule: 'pattern', message }]
    throw new ClarionError('validation_failed', `'sequence' ${message}.`, { details })
  }
  const range = { first: Number(match[1]), last: Number(match[2]) }
  if (range.first > range.last) throw invalid('ends before it begins')
  if (range.last - range.first >= RANGE_MAX)
    throw invalid(`has more than ${RANGE_MAX.toLocaleString('en-US')} numbers: read it in parts`)
  return range
}

const invalid = (problem: string) => {
  const details = [{ path: '/sequence', rule: 'range', message: problem }]
  return new ClarionError('invalid_range', `The range ${problem}.`, { details })
}

export function createSequences(deps: {
  pages: StrictPages
  cache: PageCache
  resume: Resume
  cursors: { read(log: Log, text: string): Position }
  /** The newest number that is known, which may be a moment old. */
  newest: (log: Log) => number
}): Sequences {
  const { pages, cache, resume, cursors } = deps
  const offsetsOf = (log: Log, sequence: number) =>
    pages.offsetsFrom(log.topic, record => sequenceOf(record) >= sequence)

  async function refuseBeyondNewest(log: Log, { last }: SequenceRange): Promise<void> {
    if (last <= deps.newest(log)) return
    const [offsets, bounds] = await Promise.all([offsetsOf(log, last), pages.bounds(log.topic)])
    if (offsets.every((offset, partition) => offset >= (bounds[partition]?.stableEnd ?? 0n)))
      throw invalid(`ends beyond the newest event, which has the number ${deps.newest(log)}`)
  }

  async function start(log: Log, { first }: SequenceRange, cursor: string | undefined): Promise<Position> {
    if (cursor !== undefined) return resume.check(log, cursors.read(log, cursor))
    return { offsets: await offsetsOf(log, first), sequence: first - 1 }
  }

  /** Numbers are dense: one that is missing was deleted, if its partition begins here, or is not visible yet. */
  async function refuseDeleted(log: Log, position: Position, before: number): Promise<void> {
    const bounds = await pages.bounds(log.topic)
    const isDeleted = bounds.some(
      ({ earliest }, partition) => earliest > 0n && (position.offsets[partition] ?? 0n) <= earliest,
    )
    if (!isDeleted) return
    const lostEvents = before - 1 - position.sequence
    throw resume.expired(log, { position: { ...position, sequence: before - 1 }, lostEvents })
  }

  return {
    async read({ log, range, cursor, selection, limit }) {
      const from = await start(log, range, cursor)
      await refuseBeyondNewest(log, range)
      const position = { ...from, sequence: Math.max(from.sequence, range.first - 1) }
      const isBeyond = (record: LogRecord) => sequenceOf(record) > range.last
      const scan = createLogScan({ cache, topic: log.topic, from: position, isBeyond })
      const { records, missing } = await readDense(scan, selection, limit).catch(error => passedBy(log, scan, error))
      const reached = scan.position()
      const next = missing ?? range.last + 1
      const isShort = scan.isAtEnd && reached.sequence < range.last
      if (records.length === 0 && reached.sequence === position.sequence && (missing !== undefined || isShort))
        await refuseDeleted(log, reached, next)
      return { records, position: reached, isAtEnd: reached.sequence >= range.last || scan.isFinished }
    },
  }

  /** Retention has passed the place that was found just now, or the log was cut. */
  async function passedBy(log: Log, scan: LogScan, error: unknown): Promise<never> {
    if (!(error instanceof OffsetExpired) && !(error instanceof OffsetAhead)) throw error
    await resume.check(log, scan.position())
    const message = 'The log is being changed: repeat the call.'
    throw new ClarionError('service_unavailable', message, { retryAfterS: 1, cause: error })
  }

  /** Up to the first number that is missing: `missing` is the one that was found instead. */
  async function readDense(scan: LogScan, selection: Pick<Selection, 'matches'>, limit: number) {
    const records: LogRecord[] = []
    let bytes = 0
    while (!scan.isAtEnd) {
      await scan.load()
      for (let record = scan.peek(); record !== undefined; record = scan.peek()) {
        const number = sequenceOf(record)
        const last = scan.position().sequence
        if (number > last + 1) return { records, missing: number }
        scan.pass(record)
        // A cursor may lie before the range.
        if (number <= last) continue
        bytes += record.sizeBytes ?? 0
        if (selection.matches(record)) records.push(record)
        if (records.length >= limit || bytes >= READ_BYTES) return { records, missing: undefined }
      }
    }
    return { records, missing: undefined }
  }
}
