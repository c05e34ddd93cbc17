/**
 * What a definition means, as plain recursion: no journal, no fibers, no time. `outcome` says how each attempt of an
 * effect ended. The interpreter's runs must end as this does.
 */

import type { Program, Step } from '../../../src/workflows/interpreter/program.ts'
import type { Evaluation } from '../../../src/workflows/language/evaluation.ts'

export type AttemptOutcome = { output: unknown } | { error: { code: string; message: string; isTransient?: boolean } }
type Scope = {
  outputs: Record<string, unknown>
  variables: Record<string, unknown>
  parent: Scope | null
  isParallel: boolean
}

class Failed extends Error {}
class Stopped extends Error {}

export function modelOf(
  program: Program,
  param: unknown,
  outcome: (path: string, attempt: number) => AttemptOutcome | undefined,
) {
  let isAfterError = false
  const read = (scope: Scope | null, kind: 'outputs' | 'variables', key: string): unknown =>
    scope === null ? undefined : Object.hasOwn(scope[kind], key) ? scope[kind][key] : read(scope.parent, kind, key)
  const variableOutput = (scope: Scope, key: string): unknown => {
    const value = read(scope, 'variables', key)
    return value === undefined ? undefined : { value }
  }
  const evaluation = (scope: Scope) =>
    ({
      root: () => param,
      action: key => read(scope, 'outputs', key) ?? variableOutput(scope, key),
      variable: key => read(scope, 'variables', key),
      environment: () => undefined,
      missing() {},
      mismatch() {},
      spend() {},
    }) satisfies Evaluation

  function body(block: number, scope: Scope, prefix: string): void {
    for (const step of program.blocks[block]!) {
      if (step.isDisabled) continue
      try {
        const output = one(step, scope, prefix)
        if (step.control?.kind === 'loop' || (step.control === undefined && step.type !== 'set_variable'))
          scope.outputs[step.key] = output
      } catch (error) {
        if (!(error instanceof Failed) || step.onError === 'fail') throw error
        scope.outputs[step.key] = { error: error.cause }
        if (step.onError !== 'continue') body(step.onError.block, scope, prefix)
      }
    }
  }

  function one(step: Step, scope: Scope, prefix: string): unknown {
    const { control } = step
    if (control?.kind === 'loop') return loop(step, control, scope, prefix)
    if (control?.kind === 'condition') {
      const result = control.holds(evaluation(scope), { left: 1e6 })
      scope.outputs[step.key] = { result, branch: result ? 'then' : 'else' }
      return body(result ? control.whenTrue : control.whenFalse, scope, prefix)
    }
    const given = step.input(evaluation(scope)) as Record<string, unknown>
    if (control?.kind === 'switch') {
      const chosen = control.cases.findIndex(each => each.value(evaluation(scope)) === given.value)
      scope.outputs[step.key] = { case: chosen < 0 ? null : chosen }
      return body(control.cases[chosen]?.block ?? control.otherwise, scope, prefix)
    }
    if (step.type === 'stop' || step.type === 'fail') scope.outputs[step.key] = {}
    if (step.type === 'stop') throw new Stopped()
    if (step.type === 'fail') throw new Stopped('', { cause: { actionKey: step.key, code: 'workflow_failed' } })
    if (step.type === 'transform') return { value: given.template }
    if (step.type === 'set_variable') {
      let owner = scope
      while (owner.parent !== null && !owner.isParallel) owner = owner.parent
      owner.variables[step.key] = given.value
      return { value: given.value }
    }
    if (step.type === 'delay') return {}
    for (let attempt = 1; ; attempt++) {
      const ended = outcome(prefix + step.key, attempt)
      // The branch after an error has a minute, which may be over before its step is.
      if (ended === undefined && isAfterError) throw new Stopped()
      if (ended === undefined) throw new Error(`the run has no answer of ${prefix}${step.key}#${attempt}`)
      if ('output' in ended) return ended.output
      const { code, message, isTransient } = ended.error
      if (isTransient !== true || attempt >= step.attemptsMax)
        throw new Failed('', { cause: { actionKey: step.key, code, message } })
    }
  }

  function loop(
    step: Step,
    control: Extract<Step['control'], { kind: 'loop' }>,
    scope: Scope,
    prefix: string,
  ): unknown {
    const { holds, iterationsMax, concurrency, continuesOnError, keepsOutputs } = control.loop
    const items = holds === undefined ? (step.input(evaluation(scope)) as { items: unknown[] }).items : undefined
    const outputs: unknown[] = []
    let [i, failed] = [0, 0]
    for (; items === undefined || i < items.length; i++) {
      const turn: Scope = {
        outputs: { [step.key]: { i, item: items?.[i] } },
        variables: {},
        parent: scope,
        isParallel: false,
      }
      if (holds !== undefined && !holds(evaluation(turn), { left: 1e6 })) break
      if (i >= iterationsMax) throw new Failed('', { cause: { actionKey: step.key, code: 'loop_limit_exceeded' } })
      const iteration: Scope = { outputs: {}, variables: {}, parent: turn, isParallel: concurrency > 1 }
      try {
        body(control.body, iteration, `${prefix}${step.key}[${i}]/`)
        outputs.push(iteration.outputs)
      } catch (error) {
        if (!(error instanceof Failed) || !continuesOnError) throw error
        failed++
        outputs.push(null)
      }
    }
    return holds !== undefined ? { count: i } : { count: i, failed, ...(keepsOutputs ? { outputs } : {}) }
  }

  const root: Scope = { outputs: {}, variables: {}, parent: null, isParallel: false }
  try {
    body(program.main, root, '')
    return { status: 'succeeded', code: null, root }
  } catch (error) {
    if (!(error instanceof Failed || error instanceof Stopped)) throw error
    const cause = error.cause as { code: string } | undefined
    if (cause === undefined) return { status: 'succeeded', code: null, root }
    isAfterError = true
    if (program.onError !== undefined)
      try {
        body(program.onError, root, '')
      } catch (inner) {
        if (!(inner instanceof Failed || inner instanceof Stopped)) throw inner
      }
    return { status: 'failed', code: cause.code, root }
  }
}
