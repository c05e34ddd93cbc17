/** How far admission has come, as its changelog says; `admission-progress.ts` fills them. */

/** How far admission has come; fed from the state topic `admission.counters`. */
export interface Positions {
  /** The next offset that admission will judge of this partition; undefined while nothing is known. */
  position(topic: string, partition: number): number | undefined
}

/** The enforced counters of the months that are still counted; fed from `admission.counters`. */
export interface LiveUsage {
  /** Emits that count against the quota, 0 if there were none. `month`: `YYYY-MM`, UTC. */
  used(organizationId: string, environment: 'live' | 'test', month: string): number
}
