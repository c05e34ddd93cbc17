/** What an action's performer is given, and what it answers. */
import type { Code } from '../../../src/model/codes.ts'
import type { Perform, StepError } from '../../../src/workflows/interpreter/run.ts'
import type { StepCodeName } from '../../../src/workflows/step-codes.ts'
import type { RunFacts } from '../../../topics/run-journal.ts'
import type { LiveRun } from '../live-run.ts'
import type { RunPort } from '../port.ts'
import type { OutwardKind } from './outward.ts'

export type StepAnswer = { output: unknown } | { error: StepError }

/** The same for every attempt of the step, and for no other step. */
export const stepIdOf = ({ runId }: RunFacts, path: string): string => `${runId}/${path}`

export interface StepCall {
  live: LiveRun
  effect: Perform
  stepId: string
}

export interface InwardCall extends StepCall {
  runs: RunPort
  nowMs: number
}

export interface OutwardCall extends StepCall {
  /** What is left of the step's time. */
  timeoutMs: number
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal
}

/**
 * `inward`: writes records into the transaction that is being filled, and never waits; without an answer, that comes
 * later as an input. `outward`: what leaves the process; it begins when all that it builds on has committed, and its turn
 * among those of its `kind` has come; without a kind it has a queue of its own. What it throws ends the step as a fault of the platform.
 */
export type ActionPerformer =
  | { way: 'inward'; perform(call: InwardCall): StepAnswer | undefined }
  | { way: 'outward'; kind: OutwardKind | null; perform(call: OutwardCall): Promise<StepAnswer> }

export const failed = (
  code: StepCodeName | Code,
  message: string,
  more: Partial<StepError> = {},
): { error: StepError } => ({
  error: { code, message, ...more },
})
