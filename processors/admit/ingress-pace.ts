/**
 * The operator's limit on an organization, for its own Kafka producers: their records are read no faster. Emits over
 * HTTP were limited before they came; they count, so that both together stay within it, and never wait here.
 */
import type { Clock } from '../../src/clock.ts'
import { type Bucket, createBucket } from '../../src/ingress/emit-limits.ts'
import type { Organization } from '../../src/model/organizations.ts'

export interface IngressPace {
  /** How long the next record must wait, ms; 0: it may be judged now, and is counted. `isOwn`: of an own producer. */
  waitMs(organization: Organization | undefined, isOwn: boolean): number
}

/** A partition that waits goes on with a few records, not with one. */
const LEAST_WAIT_MS = 50

export function createIngressPace({ clock }: { clock: Clock }): IngressPace {
  const buckets = new Map<string, Bucket>()

  return {
    waitMs(organization, isOwn) {
      const perSecond = organization?.limits?.emitsPerSecond ?? null
      if (organization === undefined || perSecond === null) return 0
      const { id } = organization
      const bucket = buckets.get(id) ?? createBucket(clock, perSecond)
      buckets.set(id, bucket)
      if (isOwn) {
        const wait = bucket.take(1, perSecond)
        return wait === 0 ? 0 : Math.max(wait, LEAST_WAIT_MS)
      }
      bucket.spend(1, perSecond)
      return 0
    },
  }
}
