/**
 * Goes through a log from a position, over all of its partitions in the order of the sequence numbers. Pages are loaded
 * by `load`; between two loads everything is synchronous, so a position is always exact.
 */
import type { LogRecord } from '../kafka/ports.ts'
import type { Position } from './cursor.ts'
import { PAGE_BYTES, type PageCache } from './page-cache.ts'
import type { Batch } from './tail.ts'

export interface LogScan {
  /** Loads a page of each partition that has no record at hand, and is not at its end. */
  load(): Promise<void>
  /** The next record; undefined: pages must be loaded first, or the end is reached. */
  peek(): LogRecord | undefined
  /** The record of `peek` has been dealt with. */
  pass(record: LogRecord): void
  /** Nothing committed is left before the end, or before the limit. */
  readonly isAtEnd: boolean
  /** The limit is reached in every partition: nothing will follow. */
  readonly isFinished: boolean
  position(): Position
  /** After `isAtEnd`: what was at its end may have more records by now. */
  reopen(): void
  /** Takes over new records without a load. False: the scan has not come to them, so it must load. */
  accept(batch: Batch): boolean
  readonly partitions: number
  /** Whether one of its partitions is known to go on beyond this scan. */
  isBehind(offsets: readonly bigint[]): boolean
}

/** `beyond`: the next record lies beyond the limit. */
type State = 'open' | 'end' | 'beyond'

interface Part {
  offset: bigint
  records: LogRecord[]
  at: number
  /** Where the page in `records` ends. */
  nextOffset: bigint
  /** Nothing committed followed the page when it was read. */
  isLast: boolean
  state: State
}

/** Of all partitions together, unless a partition's smallest page is larger. */
const LOADED_BYTES = 4 * PAGE_BYTES

export function createLogScan(deps: {
  cache: Pick<PageCache, 'read'>
  topic: string
  from: Position
  /** Records from which on a partition is not read. By default there is no limit. */
  isBeyond?: (record: LogRecord) => boolean
  /** Offsets at which partitions end; a partition that is not named here ends at its start. */
  limit?: readonly bigint[]
}): LogScan {
  const { cache, topic, isBeyond = () => false, limit } = deps
  let { sequence } = deps.from
  const parts = deps.from.offsets.map(offset => part(offset))
  const pageBytes = Math.min(PAGE_BYTES, Math.floor(LOADED_BYTES / Math.max(1, parts.length)))

  const needsPage = ({ state, at, records }: Part) => state === 'open' && at >= records.length
  const endOf = (partition: number) => limit && (limit[partition] ?? 0n)

  async function loadPart(each: Part, partition: number): Promise<void> {
    const end = endOf(partition)
    if (end !== undefined && each.offset >= end) {
      each.state = 'beyond'
      return
    }
    const { records, nextOffset, stableEnd } = await cache.read(topic, partition, each.offset, pageBytes)
    put(each, records, { nextOffset, isLast: nextOffset >= stableEnd || nextOffset === each.offset })
  }

  function put(each: Part, records: LogRecord[], page: Pick<Part, 'nextOffset' | 'isLast'>): void {
    Object.assign(each, page)
    each.records = records
    each.at = 0
    each.state = 'open'
    if (records.length === 0) passPage(each)
  }

  function passPage(each: Part): void {
    each.offset = each.nextOffset
    if (each.isLast) each.state = 'end'
  }

  function headOf(each: Part, partition: number): LogRecord | undefined {
    const record = each.records[each.at]
    if (each.state !== 'open' || record === undefined) return undefined
    const end = endOf(partition)
    if ((end === undefined || BigInt(record.offset) < end) && !isBeyond(record)) return record
    each.state = 'beyond'
    each.offset = BigInt(record.offset)
    return undefined
  }

  function first(): LogRecord | undefined {
    if (parts.length === 1) return headOf(parts[0]!, 0)
    let found: LogRecord | undefined
    for (const [partition, each] of parts.entries()) {
      const head = headOf(each, partition)
      if (head !== undefined && (found === undefined || sequenceOf(head) < sequenceOf(found))) found = head
    }
    return found
  }

  return {
    async load() {
      await Promise.all(parts.map((each, partition) => needsPage(each) && loadPart(each, partition)))
    },
    peek: () => (parts.some(needsPage) ? undefined : first()),
    pass(record) {
      const each = parts[record.partition]!
      each.at++
      if (each.at < each.records.length) each.offset = BigInt(record.offset) + 1n
      else passPage(each)
      sequence = Math.max(sequence, sequenceOf(record))
    },
    get isAtEnd() {
      return parts.every(each => each.state !== 'open')
    },
    get isFinished() {
      return parts.every(({ state }) => state === 'beyond')
    },
    position: () => ({ offsets: parts.map(({ offset }) => offset), sequence }),
    reopen() {
      for (const each of parts) if (each.state === 'end') each.state = 'open'
    },
    accept({ partition, from, records, nextOffset }) {
      const each = parts[partition]
      if (each === undefined) return false
      if (each.state === 'beyond' || nextOffset <= each.offset) return true
      if (from > each.offset || each.at < each.records.length) return false
      const offset = Number(each.offset)
      const wanted = records.filter(record => record.offset >= offset)
      put(each, wanted, { nextOffset, isLast: true })
      return true
    },
    partitions: parts.length,
    isBehind: offsets =>
      parts.some((each, partition) => each.state !== 'beyond' && (offsets[partition] ?? 0n) > each.offset),
  }
}

const part = (offset: bigint): Part => ({
  offset,
  records: [],
  at: 0,
  nextOffset: offset,
  isLast: false,
  state: 'open',
})

export const sequenceOf = ({ headers }: LogRecord): number => Number(headers.sequence?.toString('latin1') ?? 0)
