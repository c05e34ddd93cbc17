/**
 * How many deliveries wait for their next attempt, by retry topic, and how long the oldest has waited there. A reader of a retry topic stops at
 * the first record that is not due, so most of what waits has not been read: the broker is asked for the ends.
 */
import type { Clock } from '../clock.ts'

/** Asking the broker is not free: two scrapers ask once. */
const FRESH_MS = 5_000

/** A partition of a topic of deliveries, as its reader stands. */
export interface ReadSoFar {
  topic: string
  partition: number
  /** Where reading goes on. */
  readTo: number
  /** Read and not ended. */
  open: number
  /** When the oldest came that waits to be loaded. */
  oldestAtMs: number | undefined
}

export interface RetryDepth {
  /** `1s` to `12h`; `fresh`: deliveries that have not been tried yet. */
  tier: string
  /** At most: what has not been read is counted in offsets, and the end of a transaction takes one as well. */
  records: number
  oldestSeconds: number
}

export function createRetryDepth(deps: {
  clock: Clock
  /** All that this process reads now. */
  read(): ReadSoFar[]
  /** The ends of these partitions, by `<topic>/<partition>`. */
  ends(partitions: Array<{ topic: string; partition: number }>): Promise<ReadonlyMap<string, number>>
}): () => Promise<RetryDepth[]> {
  const { clock } = deps
  let known: Promise<ReadonlyMap<string, number>> | undefined
  let askedAtMs = Number.NEGATIVE_INFINITY

  function ends(partitions: ReadSoFar[]): Promise<ReadonlyMap<string, number>> {
    if (known === undefined || clock.monotonicMs() - askedAtMs > FRESH_MS) {
      askedAtMs = clock.monotonicMs()
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
