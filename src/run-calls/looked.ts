/** Questions about runs, and the answers of their owner; JSON in `options` of the command and in the answer's value. */
import type { RunRow, StepRow } from '../../topics/audit-runs.ts'

/** `runs`: those of the environment, live ones and those that ended lately. `names`: of `$env`, that live runs read. */
export interface LookQuestion {
  about?: 'run' | 'runs' | 'names'
  runId?: string
  workflowId?: string
  /** Of a watch: the number of the last step that is known. */
  after?: number
}

export interface LookedRun {
  /** Null: the owner does not know it. */
  run: RunRow | null
  /** Those behind number `after`; earlier ones are in the history. */
  steps: StepRow[]
  after: number
  wasLive: boolean
}

export interface WatchedSteps {
  /** The run behind these steps; null where more of them follow, or if it is not known. */
  run: RunRow | null
  isKnown: boolean
  steps: StepRow[]
  /** The number of the step before them. */
  after: number
}
