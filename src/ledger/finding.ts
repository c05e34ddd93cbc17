/** What the ledger can find (C.4, kind `ledger`): two figures that must agree to the unit, and do not. */
import type { Environment } from '../control-plane/records.ts'

export interface Finding {
  organizationId: string
  environment: Environment
  /**
   * `counter`: the enforced counter against the audit; `sequence`: a number that is not in the audit exactly once; `usage`, `attempts`: a
   * meter against the rows that it counts; `log`: the end of the organization's log against the counter.
   */
  check: 'counter' | 'sequence' | 'usage' | 'attempts' | 'log'
  /** `YYYY-MM`, UTC; null where it is not about a month. */
  month: string | null
  expected: number
  actual: number
  message: string
  /** Sequence numbers: `17`, `20-22`. */
  missing?: string[]
  repeated?: string[]
}

/** The same for the same fault, so that it is told once. */
export const keyOf = ({ check, environment, month }: Finding): string => `${check}/${environment}/${month ?? '-'}`
