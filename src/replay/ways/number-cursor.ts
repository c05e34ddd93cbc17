/**
 * Progress through a log by sequence number when several events can be out at once and leave in any order: the number
 * up to which all have left, and those beyond it that have.
 */
export interface NumberCursor {
  /** The number at which reading goes on. */
  next(): number
  /** Whether this number had left before a restart. */
  isDone(number: number): boolean
  begin(number: number): void
  /** It has left: its first attempt has been made, or it has ended otherwise. */
  end(number: number): void
  /** Reading has reached this number: all before it have begun, or were not selected. */
  advance(next: number): void
  /** Numbers between the oldest one that is out and the next. */
  ahead(): number
  stored(): { nextNumber: number; doneNumbers: number[] }
}

export function createNumberCursor(nextNumber: number, doneNumbers: readonly number[]): NumberCursor {
  const begun = new Set<number>()
  const ended = new Set<number>(doneNumbers)
  let next = nextNumber

  const lowest = () => {
    let low = next
    for (const each of begun) if (each < low) low = each
    return low
  }

  return {
    next: () => next,
    isDone: number => ended.has(number),
    begin: number => void begun.add(number),
    end(number) {
      begun.delete(number)
      ended.add(number)
      const low = lowest()
      for (const one of ended) if (one < low) ended.delete(one)
    },
    advance(number) {
      next = number
    },
    ahead: () => (begun.size === 0 ? 0 : next - lowest()),
    stored() {
      const low = lowest()
      return { nextNumber: low, doneNumbers: [...ended].filter(each => each >= low).sort((a, b) => a - b) }
    },
  }
}
