/**
 * Poison-record isolation. After a transaction failed because of its records, its input is taken one record at a time,
 * so that one poison record cannot stop a shard. A record that makes a transaction fail twice by itself is handed on as
 * isolated.
 */

export interface PoisonIsolation {
  /**
   * Whether some input is being isolated: take one record per transaction. One that cannot be taken, since its
   * organization is paused, must not slow all others down meanwhile.
   */
  any(isTakeable: (partition: string) => boolean): boolean
  /** Whether a lone record is in the transaction being filled. */
  alone(): boolean
  /** Input up to `nextOffset` went into the transaction being filled. */
  note(topic: string, partition: number, nextOffset: number): void
  /** A lone record enters, `nextOffset` being the position after it; true if it is to be treated as isolated. */
  enter(topic: string, partition: number, nextOffset: number): boolean
  sealed(): void
  committed(): void
  /**
   * The transaction under way (and the one being filled) failed because of its records, or a fault while judging them.
   */
  failed(): void
  /** It failed for reasons other than its records. */
  reset(): void
  /** The partition is no input any more. */
  forget(topic: string, partition: number): void
}

const FAILURES_UNTIL_ISOLATED = 2

export function createPoisonIsolation(): PoisonIsolation {
  /** Partition → offset up to which records are taken one by one. */
  const upTo = new Map<string, number>()
  const failures = new Map<string, number>()
  let filling = new Map<string, number>()
  let underWay = new Map<string, number>()
  let lone: { partition: string; nextOffset: number } | undefined

  return {
    any: isTakeable => upTo.size > 0 && [...upTo.keys()].some(isTakeable),
    alone: () => lone !== undefined,
    note: (topic, partition, nextOffset) => void filling.set(`${topic}/${partition}`, nextOffset),
    enter(topic, partition, nextOffset) {
      lone = { partition: `${topic}/${partition}`, nextOffset }
      return (failures.get(`${lone.partition}/${nextOffset}`) ?? 0) >= FAILURES_UNTIL_ISOLATED
    },
    sealed() {
      underWay = filling
      filling = new Map()
    },
    committed() {
      underWay = new Map()
      if (!lone) return
      failures.delete(`${lone.partition}/${lone.nextOffset}`)
      // The last record of this partition to isolate has gone through.
      if (lone.nextOffset >= (upTo.get(lone.partition) ?? 0)) upTo.delete(lone.partition)
      lone = undefined
    },
    failed() {
      if (lone) {
        const key = `${lone.partition}/${lone.nextOffset}`
        failures.set(key, (failures.get(key) ?? 0) + 1)
      }
      for (const [partition, offset] of [...underWay, ...filling])
        upTo.set(partition, Math.max(offset, upTo.get(partition) ?? 0))
      this.reset()
    },
    reset() {
      lone = undefined
      underWay = new Map()
      filling = new Map()
    },
    forget: (topic, partition) => void upTo.delete(`${topic}/${partition}`),
  }
}
