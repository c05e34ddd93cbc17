/** The iterations of a loop: which begins next, and what they leave. */
import { patternWork } from '../../events/conditions-hold.ts'
import { TemplateError } from '../language/evaluation.ts'
import type { Control, Step } from './program.ts'
import { createFiber, type Fiber, type Looping, pathOf, RUN_LIMITS, type Run, type RunError } from './run.ts'
import { evaluationOf } from './scopes.ts'

export type Iterated = { kind: 'running' } | { kind: 'ended' } | { kind: 'failed'; error: RunError }

type LoopControl = Extract<Control, { kind: 'loop' }>
const RUNNING: Iterated = { kind: 'running' }

/** Begins as many iterations as may be under way. The loop is the fiber's current step. */
export function beginIterations(run: Run, fiber: Fiber, step: Step): Iterated {
  const loop = fiber.step as Looping
  const { loop: settings } = step.control as LoopControl
  while (loop.active.length < settings.concurrency && mayBegin(run, loop)) {
    const more = hasMore(run, fiber, step, loop)
    if (typeof more !== 'boolean') return more
    if (!more) break
    beginIteration(run, fiber, step, loop)
  }
  return loop.active.length > 0 ? RUNNING : { kind: 'ended' }
}

/** Every loop has one iteration; further ones begin while the run has few. */
const mayBegin = (run: Run, loop: Looping): boolean => loop.active.length === 0 || run.state.fibers < RUN_LIMITS.fibers

function hasMore(run: Run, fiber: Fiber, step: Step, loop: Looping): boolean | Iterated {
  if (loop.items !== null) return loop.next < loop.items.length
  const { holds, iterationsMax } = (step.control as LoopControl).loop
  try {
    if (!holds!(evaluationOf(run, fiber, step, loop.next), patternWork())) return false
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return { kind: 'failed', error: loopError(fiber, step, error.code, error.message) }
  }
  return loop.next < iterationsMax || { kind: 'failed', error: limitError(fiber, step, iterationsMax) }
}

const loopError = (fiber: Fiber, step: Step, code: string, message: string): RunError => ({
  actionKey: step.key,
  path: pathOf(fiber, step),
  code,
  message,
})

export const limitError = (fiber: Fiber, step: Step, most: number): RunError =>
  loopError(fiber, step, 'loop_limit_exceeded', `The loop would run more than ${most} iterations.`)

function beginIteration(run: Run, fiber: Fiber, step: Step, loop: Looping): void {
  const i = loop.next++
  const item = loop.items === null ? undefined : loop.items[i]
  const { body } = step.control as LoopControl
  const child = createFiber(fiber, `${pathOf(fiber, step)}[${i}]/`, body, { key: step.key, i, item })
  loop.active.push(child)
  run.ready.push(child)
  run.state.fibers++
}

export const bytesOfVariables = ({ variableBytes }: Fiber): number =>
  Object.values(variableBytes).reduce((sum, bytes) => sum + bytes, 0)

/** Takes what an iteration left, and begins others. */
export function collect(run: Run, fiber: Fiber, step: Step, child: Fiber, error: RunError | null): Iterated {
  const loop = fiber.step as Looping
  const { loop: settings } = step.control as LoopControl
  loop.active = loop.active.filter(each => each !== child)
  const { i } = child.iteration!
  run.state.bytes -= child.bytes + bytesOfVariables(child)
  run.state.fibers--
  if (error !== null) {
    if (!settings.continuesOnError) return { kind: 'failed', error }
    loop.errors.push({ i, ...error })
  }
  if (settings.keepsOutputs) {
    loop.outputs[i] = error === null ? child.outputs : null
    if (error === null) loop.bytes += child.bytes
    if (error === null) run.state.bytes += child.bytes
    if (loop.bytes > RUN_LIMITS.outputBytes) return { kind: 'failed', error: tooLarge(fiber, step) }
  }
  return beginIterations(run, fiber, step)
}

const tooLarge = (fiber: Fiber, step: Step): RunError =>
  loopError(
    fiber,
    step,
    'run_data_exceeded',
    'The outputs of the iterations are larger than 1 MB: set keepOutputs to false.',
  )

/** The answer of the loop when all its iterations are over. */
export function iterationOutput(loop: Looping, step: Step): unknown {
  if (loop.items === null) return { count: loop.next }
  const errors = [...loop.errors].sort((a, b) => a.i - b.i)
  const output = { count: loop.next, failed: errors.length, errors }
  return (step.control as LoopControl).loop.keepsOutputs ? { ...output, outputs: loop.outputs } : output
}
