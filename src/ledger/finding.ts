/**
 * A finding of the ledger: two figures that must agree to the unit, and do not. See docs/specification/usage.md#ledger.
 */
import type { Environment } from '../model/environments.ts'

export { PLATFORM } from '../model/names.ts'

export interface Finding {
  /** `PLATFORM` for a topic shared by all. */
  organizationId: string
  environment: Environment
  /**
   * `counter`: the enforced counter against the audit; `sequence`: a number that is not in the audit exactly once;
   * `usage`, `attempts`: a meter against the rows that it counts; `log`: the end of the organization's log against the
   * counter; `queue`: what a queue took in against what became of it, or against the matching events of the log; `gap`: records lost before they were read, or missing from the log afterwards: `expected` is the position
   * of the reader, `actual` the offset at which it resumed.
   */
  check: 'counter' | 'sequence' | 'usage' | 'attempts' | 'log' | 'queue' | 'gap'
  /** `YYYY-MM`, UTC; null for a finding of no month. */
  month: string | null
  expected: number
  actual: number
  message: string
  /** Sequence numbers: `17`, `20-22`. */
  missing?: string[]
  repeated?: string[]
  /** Of a queue, and which figures differ. */
  queueId?: string
  of?: 'balance' | 'matched'
  /** Of a gap. */
  topic?: string
  partition?: number
  reason?: 'retention' | 'truncated' | 'replaced'
}

/** Identifies a fault, so that it is announced once. */
export const keyOf = (finding: Finding): string => {
  const { check, environment, month, topic, partition, expected, actual, queueId, of } = finding
  if (check === 'queue') return `queue/${environment}/${queueId}/${of}`
  return check === 'gap' ? `gap/${topic}/${partition}/${expected}-${actual}` : `${check}/${environment}/${month ?? '-'}`
}
