/**
 * How far one partition of a log has been gone through, when several of its records can be on their way at once and end in any order:
 * the offset before which all have, and those beyond it that have.
 */
import type { LogCursor } from '../../../topics/delivery-catch-ups.ts'

export interface Cursor {
  readonly partition: number
  /** Where reading goes on. */
  next(): number
  /** Whether this record was dealt with before a restart. */
  isDone(offset: number): boolean
  /** The record is on its way. */
  begin(offset: number): void
  /** It is dealt with: its first attempt has been made, or it was none of ours. */
  end(offset: number): void
  /** Reading has come to this offset. */
  advance(nextOffset: number): void
  stored(): LogCursor
}

export function createCursor({ partition, offset, done }: LogCursor): Cursor {
  const begun = new Set<number>()
  const ended = new Set<number>(done)
  let next = offset

  const lowest = () => {
    let low = next
    for (const each of begun) if (each < low) low = each
    return low
  }

  return {
    partition,
    next: () => next,
    isDone: each => ended.has(each),
    begin: each => void begun.add(each),
    end(each) {
      begun.delete(each)
      ended.add(each)
      const low = lowest()
      for (const one of ended) if (one < low) ended.delete(one)
    },
    advance(nextOffset) {
      next = nextOffset
    },
    stored() {
      const low = lowest()
      return { partition, offset: low, done: [...ended].filter(each => each >= low).sort((a, b) => a - b) }
    },
  }
}
