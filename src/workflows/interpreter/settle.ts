/** Continues after the end of a step, an iteration or the run. */
import { setOwn } from '../language/compile-template.ts'
import { bytesOfVariables, collect, type Iterated, iterationOutput } from './iterations.ts'
import type { Step } from './program.ts'
import {
  type Asked,
  currentStep,
  type Ending,
  type EndStatus,
  eachFiber,
  type Fiber,
  type Looping,
  pathOf,
  RUN_LIMITS,
  type Run,
  type RunError,
  type StepRecord,
  type StepState,
} from './run.ts'
import { visibleVariables } from './scopes.ts'
import { jsonSize } from './size.ts'

/** How a step came to its output. */
export interface Outcome {
  status?: StepRecord['status']
  branch?: string
  /** Bodies follow: the fiber goes into one, not to the next step. */
  entersBody?: boolean
  /** The output is kept elsewhere. */
  isKept?: boolean
}

const FATAL: ReadonlySet<string> = new Set(['step_limit_exceeded'])
const STATUS_OF: Readonly<Record<string, EndStatus>> = { chain_depth_exceeded: 'truncated', run_timeout: 'timed_out' }

/** Keeps the output of the fiber's current step and goes on; one that is too large fails the step. */
export function succeed(run: Run, fiber: Fiber, step: Step, output: unknown, outcome: Outcome = {}): undefined {
  if (outcome.isKept !== false) {
    const bytes = jsonSize(output, RUN_LIMITS.outputBytes + 1)
    const problem = sizeProblem(run, bytes)
    if (problem !== undefined) return failStep(run, fiber, step, errorOf(fiber, step, 'run_data_exceeded', problem))
    keep(run, fiber, step.key, output, bytes)
  }
  record(run, fiber, step, {
    status: outcome.status ?? 'succeeded',
    output,
    error: null,
    branch: outcome.branch ?? null,
  })
  if (outcome.entersBody !== true) proceed(run, fiber, step)
}

export function sizeProblem(run: Run, bytes: number): string | undefined {
  if (bytes > RUN_LIMITS.outputBytes) return 'The output is larger than 1 MB, or nests deeper than 100 levels.'
  return run.state.bytes + bytes > RUN_LIMITS.dataBytes
    ? 'The outputs of the run are larger than 4 MB together.'
    : undefined
}

function keep(run: Run, fiber: Fiber, key: string, output: unknown, bytes: number): undefined {
  setOwn(fiber.outputs, key, output)
  fiber.bytes += bytes
  run.state.bytes += bytes
}

/** To the next step, unless the run was to stop at this one. */
export function proceed(run: Run, fiber: Fiber, step: Step): undefined {
  leave(run, fiber, step)
  fiber.frames.at(-1)!.at++
  if (run.start.debug?.stopAt === step.key) end(run, 'succeeded', null, `stopped at ${step.key}`)
}

/** The step is not under way any more. */
function leave(run: Run, fiber: Fiber, step: Step): undefined {
  const path = pathOf(fiber, step)
  run.pending.delete(path)
  run.given.delete(path)
  if (fiber.step === null) return
  fiber.step = null
  run.ready.push(fiber)
}

/** The fiber waits: others go on. */
export function suspend(run: Run, fiber: Fiber, state: StepState): undefined {
  fiber.step = state
  drop(run, fiber)
}

export const errorOf = (fiber: Fiber, step: Step, code: string, message: string): RunError => ({
  actionKey: step.key,
  path: pathOf(fiber, step),
  code,
  message: message.slice(0, 500),
})

/** The step has failed for good; its `onError` decides. The error may come from a body of it. */
export function failStep(run: Run, fiber: Fiber, step: Step, error: RunError): undefined {
  record(run, fiber, step, { status: 'failed', output: null, error, branch: null })
  if (FATAL.has(error.code)) return failRun(run, error)
  if (step.onError === 'fail') {
    leave(run, fiber, step)
    return unwind(run, fiber, error)
  }
  const output = { error: { actionKey: error.actionKey, code: error.code, message: error.message } }
  keep(run, fiber, step.key, output, jsonSize(output, RUN_LIMITS.outputBytes))
  if (step.onError === 'continue') return proceed(run, fiber, step)
  leave(run, fiber, step)
  fiber.frames.push({ block: step.onError.block, at: 0, isBranch: true })
}

/** Out of the body in which the error was, to an action around it that may catch it. */
function unwind(run: Run, fiber: Fiber, error: RunError): undefined {
  const left = fiber.frames.pop()
  const around = currentStep(run, fiber)
  if (around === undefined) return failFiber(run, fiber, error)
  if (left?.isBranch === true) return unwind(run, fiber, error)
  failStep(run, fiber, around, error)
}

function failFiber(run: Run, fiber: Fiber, error: RunError): undefined {
  if (fiber.parent === null) return failRun(run, error)
  afterIteration(run, fiber, error)
}

/** The fiber has no step left. */
export function completeFiber(run: Run, fiber: Fiber): undefined {
  drop(run, fiber)
  if (fiber.parent !== null) return afterIteration(run, fiber, null)
  endPhase(run, null)
}

function afterIteration(run: Run, fiber: Fiber, error: RunError | null): undefined {
  drop(run, fiber)
  const parent = fiber.parent!
  const step = currentStep(run, parent)!
  const iterated = collect(run, parent, step, fiber, error)
  if (iterated.kind === 'failed') abandonLoop(run, parent)
  settleLoop(run, parent, step, iterated)
}

/** After one or more iterations, or before the first. */
export function settleLoop(run: Run, fiber: Fiber, step: Step, iterated: Iterated): undefined {
  if (iterated.kind === 'running') return
  const loop = fiber.step as Looping
  run.state.bytes -= loop.bytes + loop.itemsBytes
  if (iterated.kind === 'failed') return failStep(run, fiber, step, iterated.error)
  succeed(run, fiber, step, iterationOutput(loop, step))
}

function abandonLoop(run: Run, fiber: Fiber): undefined {
  const loop = fiber.step as Looping
  for (const child of loop.active) abandon(run, child)
  loop.active = []
}

/** Ends everything that a fiber has under way. */
function abandon(run: Run, from: Fiber): undefined {
  for (const fiber of eachFiber(from)) {
    drop(run, fiber)
    run.state.bytes -= fiber.bytes + bytesOfVariables(fiber)
    if (fiber.parent !== null) run.state.fibers--
    if (fiber.step?.kind === 'loop') run.state.bytes -= fiber.step.bytes + fiber.step.itemsBytes
    const step = fiber.step === null ? undefined : currentStep(run, fiber)
    if (step === undefined) continue
    record(run, fiber, step, { status: 'cancelled', output: null, error: null, branch: null })
    run.pending.delete(pathOf(fiber, step))
    run.given.delete(pathOf(fiber, step))
    if (fiber.step?.kind === 'asked') abort(run, pathOf(fiber, step))
  }
}

export function abort(run: Run, path: string): undefined {
  run.out.effects.push({ kind: 'abort', number: ++run.state.effects, path })
}

function drop(run: Run, fiber: Fiber): undefined {
  const at = run.ready.indexOf(fiber)
  if (at >= 0) run.ready.splice(at, 1)
}

/** Nothing caught the error: the run's own branch follows, once, and then its end. */
export function failRun(run: Run, error: RunError, reason: string | null = null): undefined {
  const { state, program } = run
  if (state.phase === 'error') return endPhase(run, null)
  state.error = error
  if (program.onError === undefined) return end(run, statusOf(error), error, reason)
  abandon(run, state.root)
  state.phase = 'error'
  state.stepsLeft = RUN_LIMITS.errorSteps
  state.leftMs = RUN_LIMITS.errorBranchMs
  state.runsSinceMs = state.nowMs
  const { root } = state
  state.bytes += root.bytes + bytesOfVariables(root)
  root.step = null
  root.frames = [{ block: program.onError, at: 0, isBranch: false }]
  run.ready.push(root)
}

const statusOf = ({ code }: RunError): EndStatus => STATUS_OF[code] ?? 'failed'

/** After an error, a branch that is over or stops ends the run as the error does. */
export function endPhase(run: Run, reason: string | null): undefined {
  const { error } = run.state
  end(run, error === null ? 'succeeded' : statusOf(error), error, reason)
}

export function end(run: Run, status: EndStatus, error: RunError | null, reason: string | null): undefined {
  if (run.state.ended !== null) return
  abandon(run, run.state.root)
  const ended: Ending = { status, error, reason, output: lastOutput(run) }
  run.state.ended = ended
  run.ready = []
  run.inbox = []
}

/** The output of the last action of the outermost body that ran. */
function lastOutput({ state: { root }, program }: Run): unknown {
  const keys = program.blocks[program.main]!.map(({ key }) => key)
  const last = keys.findLast(key => Object.hasOwn(root.outputs, key))
  return last === undefined ? null : root.outputs[last]
}

function record(
  run: Run,
  fiber: Fiber,
  step: Step,
  ended: Pick<StepRecord, 'status' | 'output' | 'error' | 'branch'>,
): undefined {
  const path = pathOf(fiber, step)
  const at = fiber.step
  run.out.records.push({
    ...ended,
    number: ++run.state.records,
    path,
    key: step.key,
    type: step.type,
    attempts: at === null ? 1 : (at as Asked).attempt,
    startedAtMs: at?.startedAtMs ?? run.state.nowMs,
    endedAtMs: run.state.nowMs,
    input: run.given.get(path) ?? null,
    ...(run.start.debug === undefined ? {} : { variables: visibleVariables(fiber) }),
  })
}
