/** Due times: ends of delays, next attempts, deadlines of steps, and the run's own time. */
import { takeError } from './answers.ts'
import { type Asked, currentStep, eachFiber, type Fiber, pathOf, RUN_LIMITS, type Run } from './run.ts'
import { abort, end, errorOf, failRun, failStep } from './settle.ts'
import { askAgain, endDelay, performOf } from './steps.ts'

/** The earliest due time; null: none. */
export function nextWakeMs(run: Run): number | null {
  let next = deadlineOf(run)
  for (const fiber of eachFiber(run.state.root)) {
    const due = dueOf(fiber)
    if (due !== null && due < next) next = due
  }
  return next === Number.POSITIVE_INFINITY ? null : next
}

const dueOf = ({ step }: Fiber): number | null => (step === null || step.kind === 'loop' ? null : step.dueAtMs)

/** Of the run: what its time without delays leaves, and its life. */
function deadlineOf({ start, state }: Run): number {
  const life = start.startedAtMs + RUN_LIMITS.lifeMs
  return state.runsSinceMs === null ? life : Math.min(life, state.runsSinceMs + state.leftMs)
}

/** Everything that is due now, in the order of the tree. */
export function takeWake(run: Run): undefined {
  const { state } = run
  if (deadlineOf(run) <= state.nowMs) return timeOut(run)
  for (const fiber of [...eachFiber(state.root)]) {
    const due = dueOf(fiber)
    if (due !== null && due <= state.nowMs && state.ended === null && isLive(run, fiber)) takeDue(run, fiber)
  }
}

/** An iteration may have been given up for another that was due before it. */
function isLive(run: Run, fiber: Fiber): boolean {
  for (const each of eachFiber(run.state.root)) if (each === fiber) return true
  return false
}

function takeDue(run: Run, fiber: Fiber): undefined {
  const step = currentStep(run, fiber)!
  const state = fiber.step!
  if (state.kind === 'delay') return endDelay(run, fiber, step, state.dueAtMs)
  if (state.kind === 'retry') return askAgain(run, fiber, step, state.attempt + 1)
  run.state.unsettled = run.state.inputs
  abort(run, pathOf(fiber, step))
  takeError(run, fiber, step, { code: step.timeoutCode, message: 'There was no answer in time.', isTransient: true })
}

/**
 * After a restore, effects under way are asked for again and have their whole time. What is transactional may have been
 * answered before the crash, and something outside may have begun by that answer: it has no deadline any more, since a
 * timeout would be another answer.
 */
export function takeResume(run: Run): undefined {
  for (const [path, fiber] of run.pending) {
    const step = currentStep(run, fiber)!
    const asked = fiber.step as Asked
    const isFirm = step.effect === 'transactional'
    asked.dueAtMs = isFirm || step.timeoutMs === null ? null : run.state.nowMs + step.timeoutMs
    if (isFirm) continue
    const { attempt, effect, dueAtMs } = asked
    const given = run.given.get(path)
    run.out.effects.push(performOf(run, path, step, { given, attempt, effect, dueAtMs, isRepeated: true }))
  }
}

function timeOut(run: Run): undefined {
  const { state, start } = run
  state.unsettled = state.inputs
  const isOld = start.startedAtMs + RUN_LIMITS.lifeMs <= state.nowMs
  const message = isOld ? 'A run lives for five days at most.' : `The run took more than ${start.timeoutMs / 1000} s.`
  const error = { actionKey: '', path: null, code: 'run_timeout', message }
  if (isOld) return end(run, 'timed_out', error, null)
  failRun(run, error)
}

/** The run's time stops while nothing of it waits but in delays. */
export function updateClock({ state }: Run): undefined {
  let leaves = 0
  let delayed = 0
  for (const fiber of eachFiber(state.root)) {
    if (fiber.step?.kind === 'loop') continue
    leaves++
    if (fiber.step?.kind === 'delay') delayed++
  }
  const isParked = leaves === delayed
  if (isParked && state.runsSinceMs !== null) {
    state.leftMs -= state.nowMs - state.runsSinceMs
    state.runsSinceMs = null
  } else if (!isParked && state.runsSinceMs === null) state.runsSinceMs = state.nowMs
}

/** Whether anything of it waits for a time: a delay, or the next attempt. */
export function isDelayed(run: Run): boolean {
  for (const { step } of eachFiber(run.state.root)) if (step?.kind === 'delay' || step?.kind === 'retry') return true
  return false
}

export function takeRefusal(run: Run, { code, message }: { code: string; message: string }): undefined {
  const { state } = run
  state.unsettled = state.inputs
  for (const fiber of [...eachFiber(state.root)]) {
    const kind = fiber.step?.kind
    if ((kind !== 'delay' && kind !== 'retry') || state.ended !== null || !isLive(run, fiber)) continue
    const step = currentStep(run, fiber)!
    failStep(run, fiber, step, errorOf(fiber, step, code, message))
  }
}
