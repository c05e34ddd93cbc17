/**
 * The operator's limit on what an organization emits a second. A process enforces its share of it: the limit divided by
 * the api processes that take calls. A second's worth may come at once.
 */
import type { Clock } from '../clock.ts'
import { ClarionError } from '../model/codes.ts'
import type { Organization } from '../model/organizations.ts'

export interface EmitLimits {
  /** Before the body is read: throws `rate_limited` while nothing is left. */
  check(organization: Organization): void
  /** Takes so many emits; throws `rate_limited`, and takes none, where they are more than is left. */
  take(organization: Organization, count: number): void
}

const KEYS_MAX = 10_000

export function createEmitLimits(deps: { clock: Clock; apis(): number }): EmitLimits {
  const { clock } = deps
  const buckets = new Map<string, Bucket>()

  function bucketOf({ id, limits }: Organization): { bucket: Bucket; perSecond: number } | undefined {
    const limit = limits?.emitsPerSecond ?? null
    if (limit === null) return undefined
    const perSecond = limit / deps.apis()
    let bucket = buckets.get(id)
    if (bucket === undefined) {
      if (buckets.size >= KEYS_MAX) buckets.delete(buckets.keys().next().value!)
      bucket = createBucket(clock, perSecond)
      buckets.set(id, bucket)
    }
    return { bucket, perSecond }
  }

  function refuseUnless(organization: Organization, count: number, takes: boolean): void {
    const found = bucketOf(organization)
    if (found === undefined) return
    const { bucket, perSecond } = found
    const waitMs = takes ? bucket.take(count, perSecond) : bucket.waitMs(count, perSecond)
    if (waitMs === 0) return
    throw new ClarionError(
      'rate_limited',
      `The operator has limited the organization to ${organization.limits!.emitsPerSecond} emits a second.`,
      { retryAfterS: Math.ceil(waitMs / 1_000) },
    )
  }

  return {
    check: organization => refuseUnless(organization, 1, false),
    take: (organization, count) => refuseUnless(organization, count, true),
  }
}

export interface Bucket {
  /** How long until so many may pass, ms; 0: now. Nothing is taken. */
  waitMs(count: number, perSecond: number): number
  /** The same, and takes them if they may pass. */
  take(count: number, perSecond: number): number
  /** Takes them although they are more than is left. */
  spend(count: number, perSecond: number): void
}

/** A call with more than fits into a second passes when the bucket is full, and what it took too much is owed. */
export function createBucket(clock: Clock, perSecond: number): Bucket {
  let left = burstOf(perSecond)
  let filledAtMs = clock.monotonicMs()

  function fill(rate: number): void {
    const nowMs = clock.monotonicMs()
    left = Math.min(burstOf(rate), left + ((nowMs - filledAtMs) / 1_000) * rate)
    filledAtMs = nowMs
  }

  function waitMs(count: number, rate: number): number {
    fill(rate)
    const missing = Math.min(count, burstOf(rate)) - left
    return missing <= EXACT ? 0 : Math.max(1, Math.ceil((missing / rate) * 1_000))
  }

  function spend(count: number, rate: number): void {
    fill(rate)
    left = Math.max(left - count, -MOST_OWED_S * burstOf(rate))
  }

  return {
    waitMs,
    spend,
    take(count, rate) {
      const wait = waitMs(count, rate)
      if (wait === 0) left -= count
      return wait
    },
  }
}

const burstOf = (perSecond: number): number => Math.max(1, perSecond)
/** Sums of fractions. */
const EXACT = 1e-6
const MOST_OWED_S = 2
