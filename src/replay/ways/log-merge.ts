/**
 * An organization's log, read by sequence number. Numbers are dense and ascend in every partition, so the merge knows
 * which one comes next:
 *
 *     p0   7  9 12 │          next is 10: a head has it ─► it goes out
 *     p1   8 10    │          next is 11: no head has it ─► not visible yet, or gone
 *
 * It waits for a number that no head has and never skips it: the markers of its transaction may be late, its partition
 * new, its broker unavailable. A number is proved gone (retention, a topic cut by hand) when all partitions have been
 * read up to their uncommitted ends, queried after the number was known to be in the log.
 */
import type { Clock, Timer } from '../../clock.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { LogEnds } from '../../kafka/read/log-ends.ts'
import type { LogPages } from '../../kafka/read/log-pages.ts'
import type { Logger } from '../../logger.ts'
import type { LogWatch } from './log-watch.ts'

export interface NumberedRecord {
  number: number
  record: LogRecord
}

/** The next items: records with consecutive numbers, or numbers that are proved to be gone from the log. */
export type MergeRead = { records: NumberedRecord[] } | { gone: { from: number; through: number } }

export interface LogSource {
  pages: LogPages
  ends: LogEnds
  /** Observers of the merge. */
  watch?: LogWatch
}

export interface LogMerge {
  /** The next items that are visible now; waits for the first one. Undefined: closed, or (with `until`) finished. */
  read(): Promise<MergeRead | undefined>
  /** The next number; undefined before the first read of a merge that begins at a time. */
  next(): number | undefined
  /** By partition, an offset before which nothing remains to be read. */
  positions(): Map<number, number>
  /** How long the next number has been waited for, ms. */
  waitingMs(): number
  close(): void
}

/** Of all partitions together, so that a log with many partitions takes no more memory. */
const PAGES_BYTES = 1024 * 1024
const PAGE_BYTES_MIN = 32 * 1024
/** Records returned at once. */
const BATCH_RECORDS = 200
const WAIT_MS = { first: 50, longest: 1_000 }
const WAITED_MS_MAX = 5_000

interface PartitionCursor {
  /** The offset of the next page. */
  position: number
  page: NumberedRecord[]
  at: number
  bytes: number
}

interface Proof {
  number: number
  through: number
  ends: ReadonlyMap<number, number>
}

export function createLogMerge(deps: {
  log: LogSource
  clock: Clock
  logger: Logger
  topic: string
  /**
   * The first number, or a condition that holds from some record of each partition on: the merge begins with the lowest
   * number for which it does.
   */
  from: number | ((record: LogRecord) => boolean)
  /** Numbers up to this one are known to be in the log. */
  through(): number
  /** Offsets by partition at which the merge ends. */
  until?: ReadonlyMap<number, number>
  /** Offsets by partition before which nothing from `from` on lies; saves a search. */
  hints?: ReadonlyMap<number, number>
}): LogMerge {
  const { clock, topic, until } = deps
  const { pages, ends } = deps.log
  const cursors = new Map<number, PartitionCursor>()
  let next = typeof deps.from === 'number' ? deps.from : undefined
  let proof: Proof | undefined
  let pauseMs = WAIT_MS.first
  let waitingSinceMs: number | undefined
  let closed = false
  let pause: { timer: Timer; resolve(): void } | undefined

  async function cursorAt(partition: number, reached: (record: LogRecord) => boolean): Promise<PartitionCursor> {
    const hint = typeof deps.from === 'number' ? deps.hints?.get(partition) : undefined
    const cursor: PartitionCursor = {
      position: hint ?? (await pages.search(topic, partition, reached)),
      page: [],
      at: 0,
      bytes: 0,
    }
    cursors.set(partition, cursor)
    return cursor
  }

  /** Reads the cursor's next page, past numbers that have gone out. False: nothing new is visible. */
  async function fill(partition: number, cursor: PartitionCursor): Promise<boolean> {
    const bytesMax = Math.max(PAGE_BYTES_MIN, Math.floor(PAGES_BYTES / cursors.size))
    const { records, nextOffset } = await pages.read(topic, partition, cursor.position, bytesMax)
    const progress = nextOffset > cursor.position
    cursor.position = Math.max(cursor.position, nextOffset)
    cursor.page = records
      .map(record => ({ number: numberOf(record), record }))
      .filter(({ number }) => next === undefined || number >= next)
    cursor.at = 0
    cursor.bytes = cursor.page.reduce((sum, { record }) => sum + (record.value?.length ?? 0), 0)
    return progress
  }

  /** The cursor's first record that has not gone out, if it is in memory and before the end of the merge. */
  function headOf(partition: number, cursor: PartitionCursor): NumberedRecord | undefined {
    const head = cursor.page[cursor.at]
    return head !== undefined && until !== undefined && head.record.offset >= (until.get(partition) ?? 0)
      ? undefined
      : head
  }

  const isEmpty = (cursor: PartitionCursor) => cursor.at >= cursor.page.length

  async function openCursors(): Promise<void> {
    const partitions = [...(until ?? (await ends.all(topic))).keys()]
    if (typeof deps.from === 'function' && next === undefined) {
      const reached = deps.from
      await Promise.all(partitions.map(async partition => fillAny(partition, await cursorAt(partition, reached))))
      const heads = [...cursors].map(
        ([partition, cursor]) => headOf(partition, cursor)?.number ?? Number.POSITIVE_INFINITY,
      )
      next = Math.min(...heads)
      cursors.clear()
      if (next === Number.POSITIVE_INFINITY) return
    }
    const first = next!
    await Promise.all(partitions.map(partition => cursorAt(partition, record => numberOf(record) >= first)))
  }

  /** Reads pages until one has records, or nothing more is visible. */
  async function fillAny(partition: number, cursor: PartitionCursor): Promise<void> {
    while (isEmpty(cursor) && !closed && (await fill(partition, cursor)));
  }

  async function addPartitions(partitions: Iterable<number>): Promise<void> {
    const first = next!
    for (const partition of partitions)
      if (!cursors.has(partition)) await cursorAt(partition, record => numberOf(record) >= first)
  }

  /** The records in memory with consecutive numbers from the next one on. */
  function takeVisible(): NumberedRecord[] {
    const taken: NumberedRecord[] = []
    for (let found = true; found && taken.length < BATCH_RECORDS; ) {
      found = false
      for (const [partition, cursor] of cursors) {
        for (
          let head = headOf(partition, cursor);
          head?.number === next && taken.length < BATCH_RECORDS;
          head = headOf(partition, cursor)
        ) {
          taken.push(head!)
          cursor.at++
          next!++
          found = true
        }
      }
    }
    return taken
  }

  /** Whether the cursor provably cannot hold the next number any more. */
  function isPast(partition: number, cursor: PartitionCursor | undefined, end: number): boolean {
    if (cursor === undefined) return false
    return (
      !isEmpty(cursor) ||
      cursor.position >= end ||
      (until !== undefined && cursor.position >= (until.get(partition) ?? 0))
    )
  }

  /** Numbers proved gone; `ended`: nothing before `until` is left; undefined: not proved yet. */
  async function prove(): Promise<{ from: number; through: number } | 'ended' | undefined> {
    const number = next!
    if (proof?.number !== number) {
      const through = deps.through()
      // It is not known whether any event has this number yet.
      if (through < number) return undefined
      proof = { number, through, ends: until ?? (await ends.all(topic)) }
    }
    await addPartitions(proof.ends.keys())
    for (const [partition, end] of proof.ends) {
      const cursor = cursors.get(partition)!
      while (!closed && isEmpty(cursor) && cursor.position < end && (await fill(partition, cursor)));
    }
    if (![...proof.ends].every(([partition, end]) => isPast(partition, cursors.get(partition), end))) return undefined
    const heads = [...cursors]
      .map(([partition, cursor]) => headOf(partition, cursor)?.number)
      .filter(each => each !== undefined)
    if (heads.length === 0 && until !== undefined) return 'ended'
    const lowest = heads.length === 0 ? proof.through + 1 : Math.min(...heads)
    // Meanwhile it has become visible.
    return lowest <= number ? undefined : { from: number, through: lowest - 1 }
  }

  const sleep = (ms: number) =>
    new Promise<void>(resolve => {
      pause = { timer: clock.after(ms, resolve), resolve }
    })

  async function attempt(): Promise<MergeRead | 'ended' | 'wait'> {
    if (cursors.size === 0) await openCursors()
    if (cursors.size === 0) return 'ended'
    await Promise.all([...cursors].map(([partition, cursor]) => fillAny(partition, cursor)))
    const records = takeVisible()
    if (records.length > 0) return { records }
    const proved = await prove()
    if (proved === 'ended') return 'ended'
    if (proved !== undefined) {
      next = proved.through + 1
      return { gone: proved }
    }
    const late = takeVisible()
    return late.length > 0 ? { records: late } : 'wait'
  }

  const waitingMs = () => (waitingSinceMs === undefined ? 0 : clock.monotonicMs() - waitingSinceMs)
  const bytes = () => [...cursors.values()].reduce((sum, cursor) => sum + (isEmpty(cursor) ? 0 : cursor.bytes), 0)
  const forget = deps.log.watch?.opened({ waitingMs, bytes })

  return {
    async read() {
      while (!closed) {
        let found: MergeRead | 'ended' | 'wait' = 'wait'
        try {
          found = await attempt()
        } catch (error) {
          deps.logger.warn(
            { topic, error: String(error) },
            'the log of an organization cannot be read now; trying again',
          )
        }
        if (closed || found === 'ended') return undefined
        if (found !== 'wait') {
          pauseMs = WAIT_MS.first
          waitingSinceMs = undefined
          return found
        }
        waitingSinceMs ??= clock.monotonicMs()
        await sleep(pauseMs)
        pauseMs = Math.min(pauseMs * 2, WAIT_MS.longest)
      }
      return undefined
    },
    next: () => next,
    positions: () =>
      new Map(
        [...cursors].map(([partition, cursor]) => [
          partition,
          cursor.page[cursor.at]?.record.offset ?? cursor.position,
        ]),
      ),
    waitingMs,
    close() {
      closed = true
      forget?.()
      pause?.timer.cancel()
      pause?.resolve()
    },
  }
}

/** Closes the merge once it has waited for a number for five seconds, so that nothing else waits for it. */
export function closeWhenWaiting(merge: LogMerge, clock: Clock): Pick<Timer, 'cancel'> {
  let timer: Timer | undefined
  const look = () => {
    if (merge.waitingMs() >= WAITED_MS_MAX) merge.close()
    else timer = clock.after(WAITED_MS_MAX, look)
  }
  look()
  return { cancel: () => timer?.cancel() }
}

/** The number of the event in a log record. */
export function numberOf(record: LogRecord): number {
  const header = record.headers.sequence
  if (header === undefined)
    throw new Error(`The record at ${record.topic}/${record.partition}/${record.offset} has no number`)
  return Number(header.toString('latin1'))
}
