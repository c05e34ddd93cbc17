/**
 * The interpreter: an input changes the run, which then goes on as far as it can without another. It is deterministic:
 * the same inputs in the same order give the same run, so that a run is a snapshot and the inputs since.
 */
import type { ActionType } from '../language/definition.ts'
import { takeAnswer } from './answers.ts'
import type { Step } from './program.ts'
import {
  currentStep,
  type Effect,
  type Ending,
  eachFiber,
  type Fiber,
  type Input,
  RUN_LIMITS,
  type Run,
  type StepRecord,
} from './run.ts'
import { completeFiber, end, errorOf, failStep, proceed } from './settle.ts'
import { beginStep } from './steps.ts'
import { isDelayed, nextWakeMs, takeRefusal, takeResume, takeWake, updateClock } from './timers.ts'

export interface Advance {
  /** Inputs that changed the run, in order: `run.state.inputs` is the number of the last. Journal these, and no others. */
  accepted: Input[]
  /**
   * Transactional effects commit with the accepted inputs; the others begin when `afterInput` has committed. Numbers
   * ascend.
   */
  effects: Effect[]
  records: StepRecord[]
  /** The walk goes on with `continueRun`; inputs wait until it is over. */
  hasYielded: boolean
  /** When `wake` is due; null: never. */
  wakeAtMs: number | null
  /** Nothing is under way but what may take long: delays, retries, verdicts, children. */
  isWaiting: boolean
  ended: Ending | null
}

/** Takes an input, and walks at most `sliceSteps`. One that comes during a walk is taken behind it; one that nothing waits for changes nothing. */
export function advance(run: Run, input: Input, sliceSteps: number = RUN_LIMITS.sliceSteps): Advance {
  run.inbox.push(input)
  return walk(run, sliceSteps)
}

/** Goes on with a walk that has yielded. */
export const continueRun = (run: Run, sliceSteps: number = RUN_LIMITS.sliceSteps): Advance => walk(run, sliceSteps)

function walk(run: Run, sliceSteps: number): Advance {
  run.out = { effects: [], records: [], accepted: [] }
  let left = sliceSteps
  while (left-- > 0 && run.state.ended === null) {
    const fiber = run.ready[0]
    if (fiber !== undefined) moveOn(run, fiber)
    else {
      const input = run.inbox.shift()
      if (input === undefined) break
      // As where the input before was the last of its walk: a restored run takes each in a walk of its own.
      updateClock(run)
      take(run, input)
    }
  }
  return outcomeOf(run)
}

/** One step of a fiber, or the way out of a body. */
function moveOn(run: Run, fiber: Fiber): undefined {
  const step = currentStep(run, fiber)
  if (step === undefined) return leaveBody(run, fiber)
  if (step.isDisabled) fiber.frames.at(-1)!.at++
  else if (run.state.stepsLeft-- > 0) beginStep(run, fiber, step)
  else failStep(run, fiber, step, errorOf(fiber, step, 'step_limit_exceeded', STEP_LIMIT))
}

const STEP_LIMIT = `A run has at most ${RUN_LIMITS.steps} steps, iterations counted.`

function leaveBody(run: Run, fiber: Fiber): undefined {
  fiber.frames.pop()
  const around = currentStep(run, fiber)
  if (around === undefined) completeFiber(run, fiber)
  else proceed(run, fiber, around)
}

function take(run: Run, input: Input): undefined {
  const { state } = run
  const nowMs = Math.max(state.nowMs, input.nowMs)
  if (!isWanted(run, input, nowMs)) return
  state.nowMs = nowMs
  state.inputs++
  run.out.accepted.push(input)
  if (input.kind === 'start') run.ready.push(state.root)
  else if (input.kind === 'cancel') end(run, 'cancelled', null, null)
  else if (input.kind === 'answer') takeAnswer(run, input)
  else if (input.kind === 'resume') takeResume(run)
  else if (input.kind === 'refuse') takeRefusal(run, input)
  else takeWake(run)
}

function isWanted(run: Run, input: Input, nowMs: number): boolean {
  if (run.state.ended !== null) return false
  if (input.kind === 'start') return run.state.inputs === 0
  if (input.kind === 'answer') {
    const step = run.pending.get(input.path)?.step
    return step?.kind === 'asked' && step.attempt === input.attempt
  }
  if (input.kind === 'resume') return run.state.inputs > 0
  if (input.kind === 'refuse') return isDelayed(run)
  return input.kind === 'cancel' || (nextWakeMs(run) ?? Number.POSITIVE_INFINITY) <= nowMs
}

function outcomeOf(run: Run): Advance {
  const { ended } = run.state
  const hasYielded = ended === null && (run.ready.length > 0 || run.inbox.length > 0)
  if (!hasYielded) updateClock(run)
  return {
    ...run.out,
    hasYielded,
    wakeAtMs: ended === null && !hasYielded ? nextWakeMs(run) : null,
    isWaiting: ended === null && !hasYielded && [...eachFiber(run.state.root)].every(fiber => mayWaitLong(run, fiber)),
    ended,
  }
}

const LONG: ReadonlySet<ActionType> = new Set(['create_event', 'call_workflow'])

function mayWaitLong(run: Run, fiber: Fiber): boolean {
  if (fiber.step === null) return false
  return fiber.step.kind !== 'asked' || LONG.has((currentStep(run, fiber) as Step).type)
}
