/**
 * Calls that a former owner of a shard had read and had not answered when another one took over: nothing of them has
 * committed but receipts that they settle, so each is sent again.
 */

export interface Handovers {
  /** How many owners of the shard have been read of. */
  count(shard: number): number
  /**
   * The call is at this offset of its shard; `before` it was appended, `count` was this. At once or later, `again` is
   * called if its owner leaves it unanswered.
   */
  sent(shard: number, offset: number, before: number, again: () => void): Sent
  /** A new owner carries out what is at `from` and behind it. */
  handedOver(shard: number, from: number): void
}

export interface Sent {
  /** It is answered, or nobody waits any more. */
  done(): void
}

interface Call {
  offset: number
  again: () => void
}

export function createHandovers(): Handovers {
  const calls = new Map<number, Set<Call>>()
  const last = new Map<number, { count: number; from: number }>()
  const lastOf = (shard: number) => last.get(shard) ?? { count: 0, from: 0 }

  return {
    count: shard => lastOf(shard).count,
    sent(shard, offset, before, again) {
      const { count, from } = lastOf(shard)
      // The new owner may be read of before the append is acknowledged.
      if (count !== before && offset < from) {
        again()
        return { done: () => undefined }
      }
      const ofShard = calls.get(shard) ?? new Set()
      calls.set(shard, ofShard)
      const call = { offset, again }
      ofShard.add(call)
      return { done: () => void ofShard.delete(call) }
    },
    handedOver(shard, from) {
      last.set(shard, { count: lastOf(shard).count + 1, from })
      const ofShard = calls.get(shard) ?? new Set()
      for (const call of [...ofShard]) {
        if (call.offset >= from) continue
        ofShard.delete(call)
        call.again()
      }
    },
  }
}
