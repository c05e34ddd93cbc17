/** A definition compiled to a tree of steps: templates and conditions are closures, bodies are numbered blocks. */
import type { Work } from '../../events/condition-operators.ts'
import type { EffectClass } from '../language/action-spec.ts'
import { specOf } from '../language/actions/index.ts'
import { type Compiled, compileValue } from '../language/compile-template.ts'
import { compileGroup } from '../language/conditions.ts'
import type { Action, ActionType, Definition, Retry } from '../language/definition.ts'
import type { Evaluation } from '../language/evaluation.ts'
import { compileWith } from '../language/places.ts'

export interface Program {
  /** A block is referred to by its index, which is the same for the same definition. */
  blocks: ReadonlyArray<readonly Step[]>
  steps: ReadonlyMap<string, Step>
  main: number
  /** Undefined when the definition has none. */
  onError: number | undefined
}

export interface Step {
  key: string
  type: ActionType
  effect: EffectClass
  isDisabled: boolean
  isOptional: boolean
  /** `with`, its templates computed. */
  input: Compiled
  /** Whether anything of `with` is computed, and so has to be checked. */
  isComputed: boolean
  attemptsMax: number
  /** Before the attempt after this one. */
  backoffMs(attempt: number): number
  /** Null: it waits as long as it takes. */
  timeoutMs: number | null
  timeoutCode: string
  /** `block`: go on with its actions. */
  onError: 'fail' | 'continue' | { block: number }
  /** The answer of a placeholder in debug. */
  example: unknown
  control?: Control
}

export type Holds = (evaluation: Evaluation, work: Work) => boolean

export type Control =
  | { kind: 'condition'; holds: Holds; whenTrue: number; whenFalse: number }
  | { kind: 'switch'; cases: Array<{ value: Compiled; block: number }>; otherwise: number }
  | { kind: 'loop'; body: number; loop: LoopSettings }

export interface LoopSettings {
  /** Undefined: over data. */
  holds: Holds | undefined
  iterationsMax: number
  concurrency: number
  continuesOnError: boolean
  keepsOutputs: boolean
}

const TIMEOUT_MS = 30_000
const RETRY: Required<Retry> = { attempts: 1, firstSeconds: 1, factor: 2, maxSeconds: 3_600 }
const ITERATIONS_MAX = 1_000

/** The definition has been checked. */
export function compileProgram(definition: Definition): Program {
  const blocks: Array<readonly Step[]> = []
  const steps = new Map<string, Step>()

  function block(actions: readonly Action[]): number {
    const index = blocks.push([]) - 1
    blocks[index] = actions.map(compile)
    return index
  }

  function compile(action: Action): Step {
    const control = controlOf(action, block)
    const step: Step = {
      ...settingsOf(action),
      onError:
        typeof action.onError === 'object' ? { block: block(action.onError.branch) } : (action.onError ?? 'fail'),
      ...(control === undefined ? {} : { control }),
    }
    steps.set(step.key, step)
    return step
  }

  const main = block(definition.actions)
  const onError = definition.onError.length > 0 ? block(definition.onError) : undefined
  return { blocks, steps, main, onError }
}

function settingsOf(action: Action): Omit<Step, 'onError' | 'control'> {
  const spec = specOf(action.type)
  const input = action.type === 'condition' ? undefined : compileWith(spec.schema, withSecret(action))
  const retry = { ...RETRY, ...action.retry }
  return {
    key: action.key,
    type: action.type,
    effect: spec.effectOf?.(action.with) ?? spec.effect,
    isDisabled: action.disabled === true,
    isOptional: action.optional === true,
    input: input ?? (() => action.with),
    isComputed: input !== undefined,
    attemptsMax: retry.attempts,
    backoffMs: attempt => 1000 * Math.min(retry.firstSeconds * retry.factor ** (attempt - 1), retry.maxSeconds),
    timeoutMs: action.timeoutMs ?? (spec.hasDefaultTimeout ? TIMEOUT_MS : null),
    timeoutCode: spec.timeoutCode,
    example: spec.output,
  }
}

/** A secret that is named is the template that reads it. */
function withSecret(action: Action): Action['with'] {
  if (action.type !== 'http_request' || action.with.auth === undefined) return action.with
  const { secret } = action.with.auth
  if (secret.includes('{{')) return action.with
  return { ...action.with, auth: { ...action.with.auth, secret: `{{$env['${secret}']}}` } }
}

function controlOf(action: Action, block: (actions: readonly Action[]) => number): Control | undefined {
  switch (action.type) {
    case 'condition':
      return {
        kind: 'condition',
        holds: compileGroup(action.with),
        whenTrue: block(action.then),
        whenFalse: block(action.else),
      }
    case 'switch': {
      const cases = action.cases.map(each => ({ value: constantOr(each.value), block: block(each.do) }))
      return { kind: 'switch', cases, otherwise: block(action.default) }
    }
    case 'loop_data': {
      const {
        maxIterations = ITERATIONS_MAX,
        concurrency = 1,
        continueOnError = false,
        keepOutputs = true,
      } = action.with
      const loop = { concurrency, continuesOnError: continueOnError, keepsOutputs: keepOutputs }
      return { kind: 'loop', body: block(action.do), loop: { holds: undefined, iterationsMax: maxIterations, ...loop } }
    }
    case 'loop_while': {
      const { maxIterations = ITERATIONS_MAX, condition } = action.with
      const loop = { concurrency: 1, continuesOnError: false, keepsOutputs: false }
      return {
        kind: 'loop',
        body: block(action.do),
        loop: { holds: compileGroup(condition), iterationsMax: maxIterations, ...loop },
      }
    }
    default:
      return undefined
  }
}

const constantOr = (value: unknown): Compiled => compileValue(value) ?? (() => value)
