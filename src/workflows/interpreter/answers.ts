/** The answer to an effect: the step goes on, is tried again, or fails. */
import type { Step } from './program.ts'
import { type Asked, currentStep, type Fiber, type Input, pathOf, type Run, type StepError } from './run.ts'
import { errorOf, failStep, succeed, suspend } from './settle.ts'

type Answer = Extract<Input, { kind: 'answer' }>

const RETRY_MAX_MS = 3_600_000

/** Something waits for it: `advance` has looked. */
export function takeAnswer(run: Run, answer: Answer): undefined {
  const fiber = run.pending.get(answer.path)!
  const step = currentStep(run, fiber)!
  const isError = 'error' in answer
  if (!isReproducible(step)) run.state.unsettled = run.state.inputs
  if (isError) takeError(run, fiber, step, answer.error)
  else succeed(run, fiber, step, answer.output)
}

/**
 * Whether the same effect would be answered the same once more, whatever happened meanwhile. That of a table step would
 * as long as its store answers in time, which is not for certain.
 */
const isReproducible = ({ effect }: Step): boolean => effect === 'transactional'

/** An attempt has failed. */
export function takeError(run: Run, fiber: Fiber, step: Step, error: StepError): undefined {
  const { attempt, startedAtMs } = fiber.step as Asked
  if (error.isTransient !== true || attempt >= step.attemptsMax)
    return failStep(run, fiber, step, errorOf(fiber, step, error.code, error.message))
  run.pending.delete(pathOf(fiber, step))
  const waitMs = Math.min(Math.max(step.backoffMs(attempt), error.retryAfterMs ?? 0), RETRY_MAX_MS)
  suspend(run, fiber, { kind: 'retry', attempt, startedAtMs, dueAtMs: run.state.nowMs + Math.round(waitMs) })
}
