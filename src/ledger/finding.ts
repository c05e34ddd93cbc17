/** What the ledger can find (C.4, kind `ledger`): two figures that must agree to the unit, and do not. */
import type { Environment } from '../model/records.ts'

/** Whose findings about shared topics are: no organization has this id. */
export const PLATFORM = 'platform'

export interface Finding {
  /** `PLATFORM` where a topic is concerned that all share. */
  organizationId: string
  environment: Environment
  /**
   * `counter`: the enforced counter against the audit; `sequence`: a number that is not in the audit exactly once; `usage`, `attempts`: a
   * meter against the rows that it counts; `log`: the end of the organization's log against the counter; `gap`: records that are gone and had not been read, or
   * are in the log no longer: `expected` is where reading had come to, `actual` where it went on.
   */
  check: 'counter' | 'sequence' | 'usage' | 'attempts' | 'log' | 'gap'
  /** `YYYY-MM`, UTC; null where it is not about a month. */
  month: string | null
  expected: number
  actual: number
  message: string
  /** Sequence numbers: `17`, `20-22`. */
  missing?: string[]
  repeated?: string[]
  /** Of a gap. */
  topic?: string
  partition?: number
  reason?: 'retention' | 'truncated' | 'replaced'
}

/** The same for the same fault, so that it is told once. */
export const keyOf = ({ check, environment, month, topic, partition, expected, actual }: Finding): string =>
  check === 'gap' ? `gap/${topic}/${partition}/${expected}-${actual}` : `${check}/${environment}/${month ?? '-'}`
