/** The scopes of a step's templates, from the fiber that runs it outwards. */
import type { Evaluation } from '../language/evaluation.ts'
import { TemplateError } from '../language/evaluation.ts'
import type { ScopeName } from '../language/references.ts'
import type { Step } from './program.ts'
import { type Fiber, pathOf, RUN_LIMITS, type Run } from './run.ts'

/** `turn`: the number that a `loop_while` sees in its own condition. */
export function evaluationOf(run: Run, fiber: Fiber, step: Step, turn?: number): Evaluation {
  let left = RUN_LIMITS.outputBytes
  const report = (rule: string, message: string): void => {
    if (run.start.strict) throw new TemplateError('template_missing', message)
    if (run.state.warnings.length < RUN_LIMITS.warnings)
      run.state.warnings.push({ path: pathOf(fiber, step), rule, message })
  }
  return {
    root: scope => rootValue(run, scope),
    action: key => (turn !== undefined && key === step.key ? { i: turn } : outputOf(run, fiber, key)),
    variable: key => variableOf(fiber, key),
    environment: name => (Object.hasOwn(run.start.variables, name) ? run.start.variables[name] : run.secret(name)),
    missing(source, { scope, key }) {
      const isOptional = scope === '$action' || scope === '$var' ? run.program.steps.get(key!)?.isOptional : false
      if (isOptional !== true) report('template_missing', `{{${source}}} is not there, and reads as null.`)
    },
    mismatch: (source, filter) =>
      report('filter_type', `{{${source}}}: the filter ${filter} takes no such value; it reads as null.`),
    spend(characters) {
      left -= characters
      if (left < 0) throw new TemplateError('run_data_exceeded', 'The templates of one step made more than 1 MB.')
    },
  }
}

function rootValue({ start, state }: Run, scope: ScopeName): unknown {
  if (scope !== '$run') return start.scopes[scope]
  return {
    id: start.id,
    workflowId: start.workflowId,
    mode: start.mode,
    startedAt: new Date(start.startedAtMs).toISOString(),
    error: state.error,
  }
}

/** The output that a fiber sees: its own, then those around it; of a loop that it is in, the turn. */
function outputOf(run: Run, from: Fiber, key: string): unknown {
  for (let fiber: Fiber | null = from; fiber !== null; fiber = fiber.parent) {
    if (fiber.iteration?.key === key) return { i: fiber.iteration.i, item: fiber.iteration.item }
    if (Object.hasOwn(fiber.outputs, key)) return fiber.outputs[key]
  }
  if (run.program.steps.get(key)?.type !== 'set_variable') return undefined
  const value = variableOf(from, key)
  return value === undefined ? undefined : { value }
}

function variableOf(from: Fiber, key: string): unknown {
  for (let fiber: Fiber | null = from; fiber !== null; fiber = fiber.parent)
    if (Object.hasOwn(fiber.variables, key)) return fiber.variables[key]
  return undefined
}

/** Where a variable that a fiber sets is kept: outside of loops, but within a parallel iteration. */
export function ownerOfVariables(run: Run, from: Fiber): Fiber {
  let owner = from
  while (owner.parent !== null && owner.iteration !== null) {
    const { control } = run.program.steps.get(owner.iteration.key)!
    if (control?.kind === 'loop' && control.loop.concurrency > 1) return owner
    owner = owner.parent
  }
  return owner
}

/** All variables that a fiber sees. */
export function visibleVariables(from: Fiber): Record<string, unknown> {
  const around = from.parent === null ? {} : visibleVariables(from.parent)
  return { ...around, ...from.variables }
}
