/** A reader's place in a log: an offset per partition. A log gets more partitions, which begin at 0. */
export interface Place {
  readonly offsets: readonly number[]
  of(partition: number): number
  moveTo(partition: number, offset: number): void
}

export function createPlace(start: readonly bigint[]): Place {
  const offsets = start.map(Number)
  return {
    offsets,
    of: partition => offsets[partition] ?? 0,
    moveTo(partition, offset) {
      // A new partition may have events before the new ones in front of it have any.
      while (offsets.length < partition) offsets.push(0)
      offsets[partition] = offset
    },
  }
}
