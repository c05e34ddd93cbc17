/**
 * Deliveries that wait for their next attempt, by retry topic, and the age of the oldest. A reader of a retry topic
 * stops at the first record that is not due, so most waiting records are unread: their number follows from the broker's
 * end offsets.
 */
import type { Clock } from '../clock.ts'

/** Reading from the broker is not free: two scrapers share one reading. */
const FRESH_MS = 5_000

/** A partition of a delivery topic, with the state of its reader. */
export interface ReadSoFar {
  topic: string
  partition: number
  /** The next offset to read. */
  readTo: number
  /** Records that were read and whose deliveries have not ended. */
  open: number
  /** Arrival of the oldest record that waits to be loaded. */
  oldestAtMs: number | undefined
}

export interface RetryDepth {
  /** `1s` to `12h`; `fresh`: deliveries without an attempt yet. */
  tier: string
  /** An upper bound: unread records are counted in offsets, and the end of a transaction takes one too. */
  records: number
  oldestSeconds: number
}

export function createRetryDepth(deps: {
  clock: Clock
  /** All partitions that this process reads now. */
  read(): ReadSoFar[]
  /** The ends of these partitions, by `<topic>/<partition>`. */
  ends(partitions: Array<{ topic: string; partition: number }>): Promise<ReadonlyMap<string, number>>
}): () => Promise<RetryDepth[]> {
  const { clock } = deps
  let known: Promise<ReadonlyMap<string, number>> | undefined
  let readAtMs = Number.NEGATIVE_INFINITY

  function ends(partitions: ReadSoFar[]): Promise<ReadonlyMap<string, number>> {
    if (known === undefined || clock.monotonicMs() - readAtMs > FRESH_MS) {
      readAtMs = clock.monotonicMs()
      known = deps.ends(partitions)
      known.catch(() => {
        known = undefined
      })
    }
    return known
  }

  return async () => {
    const partitions = deps.read()
    const ended = partitions.length === 0 ? new Map<string, number>() : await ends(partitions)
    const nowMs = clock.nowMs()
    const tiers = new Map<string, RetryDepth>()
    for (const { topic, partition, readTo, open, oldestAtMs } of partitions) {
      const tier = tierOf(topic)
      const depth = tiers.get(tier) ?? { tier, records: 0, oldestSeconds: 0 }
      tiers.set(tier, depth)
      depth.records += open + Math.max(0, (ended.get(`${topic}/${partition}`) ?? 0) - readTo)
      depth.oldestSeconds = Math.max(depth.oldestSeconds, oldestAtMs === undefined ? 0 : (nowMs - oldestAtMs) / 1000)
    }
    return [...tiers.values()]
  }
}

const tierOf = (topic: string) => (topic === 'deliveries' ? 'fresh' : topic.replace('deliveries.retry-', ''))
