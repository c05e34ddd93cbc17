import type { DriftFinding, Observation } from '../../model/drift.ts'
import type { DecisionView } from '../store/overlay.ts'

/** The observations of the state at the moment of the decision. */
export interface LookOrder {
  organizationId: string
  covers(finding: DriftFinding): boolean
  observe(current: DecisionView): readonly Observation[]
  /** Its announcements are made elsewhere. */
  silent?: boolean
}
