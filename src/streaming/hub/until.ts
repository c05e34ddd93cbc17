/** The end of a finite read: a cursor, or a time, which may lie ahead. */
import type { Clock } from '../../clock.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { Limit } from '../resume.ts'
import { recordedAtOf } from '../strict-pages.ts'

export interface Until {
  /** There is no end. */
  readonly isNone: boolean
  readonly isTime: boolean
  /** Whether the partition is read on. */
  isOpen(partition: number): boolean
  /** Whether this record is beyond the end; its partition is closed then. */
  ends(partition: number, record: LogRecord): boolean
  /** Whether every partition is at its end. */
  isReached(offsets: readonly number[]): boolean
  /** Whether the end can have been reached without a record beyond it: what is committed now decides. */
  isDue(): boolean
}

/** Events are committed some moments after their time of recording. */
const LATE_MS = 2_000

const NONE: Until = {
  isNone: true,
  isTime: false,
  isOpen: () => true,
  ends: () => false,
  isReached: () => false,
  isDue: () => false,
}

export function createUntil(limit: Limit | undefined, clock: Pick<Clock, 'nowMs'>): Until {
  if (limit === undefined) return NONE
  return 'timeMs' in limit ? untilTime(limit.timeMs, clock) : untilOffsets(limit.offsets.map(Number))
}

function untilTime(timeMs: number, clock: Pick<Clock, 'nowMs'>): Until {
  const closed = new Set<number>()
  return {
    isNone: false,
    isTime: true,
    isOpen: partition => !closed.has(partition),
    ends(partition, record) {
      if (recordedAtOf(record) < timeMs) return false
      closed.add(partition)
      return true
    },
    isReached: offsets => offsets.every((_, partition) => closed.has(partition)),
    isDue: () => clock.nowMs() >= timeMs + LATE_MS,
  }
}

/** Partitions that the cursor does not know came later than it. */
function untilOffsets(end: readonly number[]): Until {
  const closed = new Set<number>()
  const endOf = (partition: number) => end[partition] ?? 0
  return {
    isNone: false,
    isTime: false,
    isOpen: partition => endOf(partition) > 0 && !closed.has(partition),
    ends(partition, record) {
      if (record.offset < endOf(partition)) return false
      closed.add(partition)
      return true
    },
    isReached: offsets => offsets.every((offset, partition) => closed.has(partition) || offset >= endOf(partition)),
    isDue: () => true,
  }
}
