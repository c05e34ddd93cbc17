/** Beginning a step: what is computed is over at once, an effect is asked for, a loop begins its iterations. */
import { timeOf } from '../../events/condition-operators.ts'
import { patternWork } from '../../events/conditions-hold.ts'
import { identityOf } from '../../json/canonical-json.ts'
import { resolvedProblem } from '../language/check-with.ts'
import { TemplateError } from '../language/evaluation.ts'
import { beginIterations, limitError } from './iterations.ts'
import type { Control, Step } from './program.ts'
import { type EffectType, type Fiber, pathOf, RUN_LIMITS, type Run } from './run.ts'
import { evaluationOf, ownerOfVariables } from './scopes.ts'
import { endPhase, errorOf, failRun, failStep, settleLoop, sizeProblem, succeed, suspend } from './settle.ts'
import { jsonSize } from './size.ts'

type Begin = (run: Run, fiber: Fiber, step: Step, given: Record<string, unknown>) => undefined

/** Begins the fiber's current step, whose turn in the run has been counted. */
export function beginStep(run: Run, fiber: Fiber, step: Step): undefined {
  const answered = answerAtHand(run, fiber, step)
  if (answered !== undefined) return succeed(run, fiber, step, answered.output, { status: answered.status })
  guarded(run, fiber, step, () => {
    if (step.control !== undefined) return beginControl(run, fiber, step, step.control)
    const given = inputOf(run, fiber, step)
    if (given === undefined) return
    run.given.set(pathOf(fiber, step), given)
    const begin = BEGIN[step.type] ?? ask
    begin(run, fiber, step, given)
  })
}

/** The step's `with`, computed and checked; undefined when the step has failed by it. */
function inputOf(run: Run, fiber: Fiber, step: Step): Record<string, unknown> | undefined {
  const given = step.input(evaluationOf(run, fiber, step)) as Record<string, unknown>
  if (!step.isComputed) return given
  const problem = step.type === 'sql_query' ? undefined : resolvedProblem(step.type, given)
  if (problem === undefined) return given
  run.given.set(pathOf(fiber, step), given)
  failStep(run, fiber, step, errorOf(fiber, step, 'with_invalid', problem))
  return undefined
}

/** Templates that cannot be evaluated fail their step. */
function guarded(run: Run, fiber: Fiber, step: Step, work: () => undefined): undefined {
  try {
    work()
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    failStep(run, fiber, step, errorOf(fiber, step, error.code, error.message))
  }
}

/** An answer that no effect is needed for: a mock, a copy from an earlier run, a placeholder. */
function answerAtHand(
  run: Run,
  fiber: Fiber,
  step: Step,
): { output: unknown; status: 'mocked' | 'copied' } | undefined {
  const { debug, known } = run.start
  if (debug !== undefined && Object.hasOwn(debug.mocks, step.key))
    return { output: debug.mocks[step.key], status: 'mocked' }
  const path = pathOf(fiber, step)
  if (known !== undefined && step.effect !== 'pure' && Object.hasOwn(known, path))
    return { output: known[path], status: 'copied' }
  // An event is judged and goes nowhere.
  if (debug?.sideEffects !== 'mock' || step.type === 'respond' || step.type === 'create_event') return undefined
  if (step.effect !== 'outward' && step.effect !== 'transactional') return undefined
  return { output: step.example, status: 'mocked' }
}

/** Asks for the effect of the fiber's current step. */
export function ask(run: Run, fiber: Fiber, step: Step, given: unknown, attempt = 1): undefined {
  const { state } = run
  const path = pathOf(fiber, step)
  const effect = ++state.effects
  const dueAtMs = step.timeoutMs === null ? null : state.nowMs + step.timeoutMs
  const startedAtMs = fiber.step?.startedAtMs ?? state.nowMs
  suspend(run, fiber, { kind: 'asked', attempt, effect, startedAtMs, dueAtMs })
  run.pending.set(path, fiber)
  run.out.effects.push(performOf(run, path, step, { given, attempt, effect, dueAtMs, isRepeated: false }))
}

export function performOf(
  { state }: Run,
  path: string,
  step: Step,
  asked: { given: unknown; attempt: number; effect: number; dueAtMs: number | null; isRepeated: boolean },
) {
  const waitsForCommit = step.effect === 'keyed' || step.effect === 'outward'
  return {
    kind: 'perform' as const,
    number: asked.effect,
    path,
    key: step.key,
    type: step.type as EffectType,
    effect: step.effect,
    with: asked.given,
    attempt: asked.attempt,
    deadlineMs: asked.dueAtMs,
    afterInput: waitsForCommit ? state.unsettled : 0,
    isRepeated: asked.isRepeated,
  }
}

/** Another attempt, its templates computed again: the fiber has not moved, so they give the same. */
export function askAgain(run: Run, fiber: Fiber, step: Step, attempt: number): undefined {
  guarded(run, fiber, step, () => {
    const given = inputOf(run, fiber, step)
    if (given === undefined) return
    run.given.set(pathOf(fiber, step), given)
    ask(run, fiber, step, given, attempt)
  })
}

function beginControl(run: Run, fiber: Fiber, step: Step, control: Control): undefined {
  if (control.kind === 'loop') return beginLoop(run, fiber, step)
  const evaluation = evaluationOf(run, fiber, step)
  if (control.kind === 'condition') {
    const result = control.holds(evaluation, patternWork())
    const branch = result ? 'then' : 'else'
    return enter(run, fiber, step, result ? control.whenTrue : control.whenFalse, { result, branch }, branch)
  }
  const given = step.input(evaluation) as { value: unknown }
  run.given.set(pathOf(fiber, step), given)
  const chosen = control.cases.findIndex(each => isEqual(each.value(evaluation), given.value))
  const block = control.cases[chosen]?.block ?? control.otherwise
  enter(run, fiber, step, block, { case: chosen < 0 ? null : chosen }, chosen < 0 ? 'default' : `cases/${chosen}`)
}

const isEqual = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === 'object' && typeof other === 'object' && identityOf(one) === identityOf(other))

function enter(run: Run, fiber: Fiber, step: Step, block: number, output: unknown, branch: string): undefined {
  const frames = fiber.frames.length
  succeed(run, fiber, step, output, { branch, entersBody: true })
  run.given.delete(pathOf(fiber, step))
  // Its output may have been too much for the run.
  const hasKept = fiber.outputs[step.key] === output && fiber.frames.length === frames && run.state.ended === null
  if (hasKept) fiber.frames.push({ block, at: 0, isBranch: false })
}

function beginLoop(run: Run, fiber: Fiber, step: Step): undefined {
  const { loop } = step.control as Extract<Control, { kind: 'loop' }>
  let items: unknown[] | null = null
  if (loop.holds === undefined) {
    const given = inputOf(run, fiber, step)
    if (given === undefined) return
    run.given.set(pathOf(fiber, step), given)
    items = given.items as unknown[]
    if (items.length > loop.iterationsMax)
      return failStep(run, fiber, step, limitError(fiber, step, loop.iterationsMax))
  }
  const itemsBytes = items === null ? 0 : jsonSize(items, RUN_LIMITS.outputBytes + 1)
  const problem = sizeProblem(run, itemsBytes)
  if (problem !== undefined) return failStep(run, fiber, step, errorOf(fiber, step, 'run_data_exceeded', problem))
  run.state.bytes += itemsBytes
  suspend(run, fiber, {
    kind: 'loop',
    attempt: 1,
    startedAtMs: run.state.nowMs,
    ...{ items, itemsBytes, next: 0, active: [], outputs: [], bytes: 0, errors: [] },
  })
  settleLoop(run, fiber, step, beginIterations(run, fiber, step))
}

const BEGIN: Partial<Record<Step['type'], Begin>> = {
  set_variable(run, fiber, step, { value }) {
    const bytes = jsonSize(value, RUN_LIMITS.outputBytes + 1)
    const owner = ownerOfVariables(run, fiber)
    const before = owner.variableBytes[step.key] ?? 0
    const problem = sizeProblem(run, bytes - before)
    if (problem !== undefined) return failStep(run, fiber, step, errorOf(fiber, step, 'run_data_exceeded', problem))
    owner.variables[step.key] = value
    owner.variableBytes[step.key] = bytes
    run.state.bytes += bytes - before
    // The output is the variable itself: it is not kept twice.
    succeed(run, fiber, step, { value }, { isKept: false })
  },
  transform: (run, fiber, step, { template }) => succeed(run, fiber, step, { value: template }),
  stop(run, fiber, step, { reason }) {
    succeed(run, fiber, step, {})
    endPhase(run, (reason as string | undefined) ?? null)
  },
  fail(run, fiber, step, { reason }) {
    const error = errorOf(fiber, step, 'workflow_failed', reason as string)
    succeed(run, fiber, step, {})
    failRun(run, error, reason as string)
  },
  delay: beginDelay,
  respond: beginRespond,
}

function beginDelay(run: Run, fiber: Fiber, step: Step, { seconds, until }: Record<string, unknown>): undefined {
  const { nowMs } = run.state
  const dueAtMs = until === undefined ? nowMs + Math.round((seconds as number) * 1000) : timeOf(until)
  if (dueAtMs === undefined || dueAtMs > nowMs + RUN_LIMITS.lifeMs)
    return failStep(run, fiber, step, errorOf(fiber, step, 'with_invalid', `${UNTIL} within the five days of a run.`))
  if (dueAtMs <= nowMs) return endDelay(run, fiber, step, dueAtMs)
  suspend(run, fiber, { kind: 'delay', attempt: 1, startedAtMs: nowMs, dueAtMs })
}

const UNTIL = 'until must be a date-time with a zone (RFC 3339)'

/** When the delay began is part of its output, and a run that was restored would begin it later. */
export function endDelay(run: Run, fiber: Fiber, step: Step, dueAtMs: number): undefined {
  run.state.unsettled = run.state.inputs
  succeed(run, fiber, step, { until: new Date(dueAtMs).toISOString() })
}

/** The answer is part of the run's own commit, so nothing comes back. */
function beginRespond(run: Run, fiber: Fiber, step: Step, given: Record<string, unknown>): undefined {
  const { state } = run
  if (state.hasResponded)
    return failStep(run, fiber, step, errorOf(fiber, step, 'already_responded', 'The request has been answered.'))
  state.hasResponded = true
  const { status = 200, headers = {}, body = {} } = given
  const asked = {
    given: { status, headers, body },
    attempt: 1,
    effect: ++state.effects,
    dueAtMs: null,
    isRepeated: false,
  }
  run.out.effects.push(performOf(run, pathOf(fiber, step), step, asked))
  succeed(run, fiber, step, { status })
  if (given.continue !== true) endPhase(run, null)
}

/** The input of a step under way, computed once more. */
export function givenAgain(run: Run, fiber: Fiber, step: Step): unknown {
  const { warnings } = run.state
  run.state.warnings = []
  try {
    return step.input(evaluationOf(run, fiber, step))
  } finally {
    run.state.warnings = warnings
  }
}
