/**
 * Where a reader of the log starts, and where a finite one ends.
 *
 *     from    latest | earliest | a time | a cursor
 *     until   a time, past or ahead | a cursor
 */
import { ClarionError } from '../model/codes.ts'
import { parseTime } from '../model/time.ts'
import type { Cursors, Origin, Position } from './cursor.ts'
import { factsOf } from './selection.ts'
import { type Bounds, OffsetAhead, OffsetExpired, type Page, type StrictPages } from './strict-pages.ts'

/** The log of one environment of an organization. */
export interface Log extends Origin {
  topic: string
}

/** The end of a finite read: records recorded at `timeMs` or later, or those from `offsets` on, are beyond it. */
export type Limit = { timeMs: number } | { offsets: readonly bigint[] }

/** Events that retention has deleted before a reader came to them. */
export interface LogGap {
  /** Where reading can go on: only partitions whose position has expired move. */
  position: Position
  /** By `sequence`; null where it is not known. */
  lostEvents: number | null
}

export interface Resume {
  /**
   * `path` is the parameter, for errors. A time before the oldest event starts there. Throws `invalid_cursor`,
   * `cursor_expired`, `validation_failed`, and `KafkaError` while the log cannot be read.
   */
  start(log: Log, from: string, path: string): Promise<Position>
  limit(log: Log, until: string, path: string): Limit
  /** A position as of now; see `gap` for one that has expired. Throws `cursor_expired`. */
  check(log: Log, position: Position): Promise<Position>
  /** For a reader that may not stop at a position that has expired. */
  gap(log: Log, position: Position): Promise<LogGap>
  expired(log: Log, gap: LogGap): ClarionError
}

export function createResume({ pages, cursors }: { pages: StrictPages; cursors: Cursors }): Resume {
  const earliestOf = (bounds: readonly Bounds[]): Position => ({
    offsets: bounds.map(({ earliest }) => earliest),
    sequence: 0,
  })

  async function check(log: Log, position: Position): Promise<Position> {
    const bounds = await pages.bounds(log.topic, position.offsets.length)
    const offsets = bounds.map((_, partition) => position.offsets[partition] ?? 0n)
    if (position.offsets.length > bounds.length || (await isAhead(log, offsets, bounds)))
      throw aheadOf(log, earliestOf(bounds))
    // A partition that is younger than the cursor has lost nothing before its own start.
    const isExpired = offsets.some((offset, partition) => offset < bounds[partition]!.earliest)
    if (isExpired) throw expired(log, await gap(log, { ...position, offsets }))
    return { ...position, offsets }
  }

  /** A cursor lies at most where committed records end; the exact end is looked up where it seems to lie beyond. */
  async function isAhead({ topic }: Log, offsets: readonly bigint[], bounds: readonly Bounds[]): Promise<boolean> {
    for (const [partition, offset] of offsets.entries()) {
      if (offset <= bounds[partition]!.stableEnd) continue
      try {
        await pages.read(topic, partition, offset, 1)
      } catch (error) {
        if (error instanceof OffsetAhead) return true
        if (!(error instanceof OffsetExpired)) throw error
      }
    }
    return false
  }

  async function gap(log: Log, position: Position): Promise<LogGap> {
    const bounds = await pages.bounds(log.topic, position.offsets.length)
    const offsets = bounds.map(({ earliest }, partition) => {
      const offset = position.offsets[partition] ?? 0n
      return offset < earliest ? earliest : offset
    })
    const first = bounds.length === 1 ? await firstSequence(log, bounds[0]!) : undefined
    const before = position.sequence > 0 || position.offsets[0] === 0n ? position.sequence : undefined
    const isKnown = first !== undefined && before !== undefined
    return {
      position: { offsets, sequence: isKnown ? first - 1 : 0 },
      lostEvents: isKnown ? Math.max(0, first - 1 - before) : null,
    }
  }

  async function firstSequence({ topic }: Log, { earliest, stableEnd }: Bounds): Promise<number | undefined> {
    for (let offset = earliest; offset < stableEnd; ) {
      const page = await pages.read(topic, 0, offset, FIRST_BYTES).catch(goneOn)
      const [first] = page.records
      if (first !== undefined) return factsOf(first).sequence
      if (page.nextOffset <= offset) return undefined
      offset = page.nextOffset
    }
    return undefined
  }

  /** Retention has moved on since the bounds were read. */
  function goneOn(error: unknown): Pick<Page, 'records' | 'nextOffset'> {
    if (error instanceof OffsetExpired) return { records: [], nextOffset: error.earliest }
    throw error
  }

  const earliestCursor = (log: Log, { offsets, sequence }: Position) => cursors.encode(log, offsets, sequence)

  const expired = (log: Log, { position, lostEvents }: LogGap) =>
    new ClarionError(
      'cursor_expired',
      'Events at the cursor are no longer kept: continue at error.earliestCursor, or start anew.',
      { facts: { earliestCursor: earliestCursor(log, position), lostEvents } },
    )

  const aheadOf = (log: Log, earliest: Position) =>
    new ClarionError(
      'cursor_expired',
      'The log ends before the cursor, so it was restored or cut: continue at error.earliestCursor, or start anew.',
      { facts: { earliestCursor: earliestCursor(log, earliest), lostEvents: null, reason: 'ahead' } },
    )

  return {
    async start(log, from, path) {
      if (from === 'latest')
        return { offsets: (await pages.bounds(log.topic)).map(({ stableEnd }) => stableEnd), sequence: 0 }
      if (from === 'earliest') return earliestOf(await pages.bounds(log.topic))
      const timeMs = timeOf(from, path)
      if (timeMs !== undefined) return { offsets: await pages.offsetsAt(log.topic, timeMs), sequence: 0 }
      return check(log, cursors.read(log, from))
    },
    limit(log, until, path) {
      const timeMs = timeOf(until, path)
      return timeMs === undefined ? { offsets: cursors.decode(log, until) } : { timeMs }
    },
    check,
    gap,
    expired,
  }
}

const FIRST_BYTES = 16 * 1024
/** No cursor begins like a date. */
const DATE = /^\d{4}-\d\d/
/** Cursors of every release so far begin with an A. */
const WORD = /^[B-Zb-z][A-Za-z]{0,15}$/

/** Undefined: not a time, so it may be a cursor. Throws `validation_failed` for what was meant as a time or a word. */
function timeOf(text: string, path: string): number | undefined {
  const timeMs = parseTime(text)
  if (timeMs !== undefined || !(DATE.test(text) || WORD.test(text))) return timeMs
  const message =
    parseTime(text.replace(' ', '+')) === undefined
      ? `must be ${path === 'from' ? 'latest, earliest, ' : ''}a cursor, or a date-time with a zone (RFC 3339), such as 2026-07-25T17:20:00Z`
      : 'has a space where its zone begins, which is what + means in a query: write %2B, or give the time in UTC with Z'
  const details = [{ path: `/${path}`, rule: 'format', message }]
  throw new ClarionError('validation_failed', `'${path}' ${message}.`, { details })
}
