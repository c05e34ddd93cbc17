/** The progress of admission, from its changelog; implemented by `admission-progress.ts`. */

/** The positions of admission; fed from the state topic `admission.counters`. */
export interface Positions {
  /** The next offset of this partition that admission will judge; undefined while unknown. */
  position(topic: string, partition: number): number | undefined
}

/** The enforced counters of the months that are still counted; fed from `admission.counters`. */
export interface LiveUsage {
  /** Emits that count against the quota, 0 if there were none. `month`: `YYYY-MM`, UTC. */
  used(organizationId: string, environment: 'live' | 'test', month: string): number
}
