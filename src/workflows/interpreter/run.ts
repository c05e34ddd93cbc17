/** A run in memory: its program, what it was started with, where it is, and what it asks for. */
import type { EffectClass } from '../language/action-spec.ts'
import type { ActionType } from '../language/definition.ts'
import type { ScopeName } from '../language/references.ts'
import type { Program, Step } from './program.ts'

export const RUN_LIMITS = {
  steps: 5_000,
  /** Of the branch that runs after an error. */
  errorSteps: 500,
  outputBytes: 1_048_576,
  dataBytes: 4_194_304,
  /** Iterations under way together, over all loops; each loop always has one. */
  fibers: 100,
  /** Steps of one walk before others take their turn. */
  sliceSteps: 200,
  errorBranchMs: 60_000,
  lifeMs: 5 * 86_400_000,
  warnings: 20,
} as const

export type RunMode = 'live' | 'route' | 'manual' | 'debug' | 'replay'

/** The constant part of a run. */
export interface RunStart {
  id: string
  workflowId: string
  mode: RunMode
  startedAtMs: number
  /** The values of `$param`, `$event`, `$body` and so on; a scope that is not there is missing. */
  scopes: Partial<Record<ScopeName, unknown>>
  /** Variables of `$env`, as they were at the start; secrets are read when they are sent. */
  variables: Readonly<Record<string, string>>
  strict: boolean
  timeoutMs: number
  debug?: DebugOptions
  /** Answers of an earlier run by step path: such a step takes its answer and asks for nothing. */
  known?: Readonly<Record<string, unknown>>
}

export interface DebugOptions {
  /** Outputs by key: the action and its bodies do not run. */
  mocks: Readonly<Record<string, unknown>>
  /** The run ends after the action with this key. */
  stopAt: string | null
  /** `mock`: what is transactional or goes outside answers a placeholder. */
  sideEffects: 'execute' | 'mock'
}

export interface RunError {
  actionKey: string
  /** The step's path; null for the run itself. */
  path: string | null
  code: string
  message: string
}

export type EndStatus = 'succeeded' | 'failed' | 'cancelled' | 'timed_out' | 'truncated'

export interface Ending {
  status: EndStatus
  error: RunError | null
  /** The result of `stop` or `fail`. */
  reason: string | null
  /** Of the last action of the outermost body. */
  output: unknown
}

/** A place in a block. `isBranch`: of `onError`, whose own errors its action does not catch again. */
export interface Frame {
  block: number
  at: number
  isBranch: boolean
}

/** The outermost body, or one iteration: what runs one step after the other. */
export interface Fiber {
  parent: Fiber | null
  /** `each-line[3]/`; empty for the outermost. */
  prefix: string
  /** Innermost last. */
  frames: Frame[]
  outputs: Record<string, unknown>
  /** JSON bytes of the outputs. */
  bytes: number
  variables: Record<string, unknown>
  variableBytes: Record<string, number>
  iteration: { key: string; i: number; item: unknown } | null
  /** The step under way; null: the fiber goes on by itself. */
  step: StepState | null
}

export type StepState = Asked | Waiting | Looping

interface Begun {
  startedAtMs: number
  attempt: number
}
/** An effect was asked for; `dueAtMs` is its deadline. */
export interface Asked extends Begun {
  kind: 'asked'
  /** The number of the effect. */
  effect: number
  dueAtMs: number | null
}
export interface Waiting extends Begun {
  kind: 'retry' | 'delay'
  dueAtMs: number
}
export interface Looping extends Begun {
  kind: 'loop'
  /** Null: a loop over a condition. */
  items: unknown[] | null
  itemsBytes: number
  next: number
  active: Fiber[]
  /** By iteration, null for one that failed; empty when outputs are not kept. */
  outputs: unknown[]
  bytes: number
  errors: Array<{ i: number } & RunError>
}

export interface RunState {
  root: Fiber
  phase: 'main' | 'error'
  /** The latest time of an input: the run's only clock. */
  nowMs: number
  /** Inputs taken. */
  inputs: number
  /** The last input whose repetition could differ: keyed and outward effects begin when it has committed. */
  unsettled: number
  effects: number
  records: number
  /** Actions that may still run. */
  stepsLeft: number
  /** Iterations under way. */
  fibers: number
  /** Of outputs and variables. */
  bytes: number
  hasResponded: boolean
  error: RunError | null
  /** Time that is left but for delays; since when it runs, null in a delay. */
  leftMs: number
  runsSinceMs: number | null
  warnings: Array<{ path: string; rule: string; message: string }>
  ended: Ending | null
}

export type Input =
  | { kind: 'start'; nowMs: number }
  | ({ kind: 'answer'; path: string; attempt: number; nowMs: number } & ({ output: unknown } | { error: StepError }))
  /** A due time has come. */
  | { kind: 'wake'; nowMs: number }
  | { kind: 'cancel'; nowMs: number }
  /** The run may not wait: steps that wait for a time fail. */
  | { kind: 'refuse'; nowMs: number; code: string; message: string }
  /** The first input after a restore: effects under way are asked for again. */
  | { kind: 'resume'; nowMs: number }

export interface StepError {
  code: string
  message: string
  /** It may pass: the step's retries apply. */
  isTransient?: boolean
  retryAfterMs?: number
}

/** What is computed has no effect. */
export type EffectType = Exclude<
  ActionType,
  'condition' | 'switch' | 'loop_data' | 'loop_while' | 'set_variable' | 'transform' | 'delay' | 'stop' | 'fail'
>

export interface Perform {
  kind: 'perform'
  number: number
  path: string
  key: string
  type: EffectType
  effect: EffectClass
  with: unknown
  attempt: number
  deadlineMs: number | null
  /** It may begin when the input of this number has committed; 0: at once. */
  afterInput: number
  /** Asked for before a crash, perhaps. */
  isRepeated: boolean
}
/** An effect under way whose answer is not wanted any more. */
export interface Abort {
  kind: 'abort'
  number: number
  path: string
}
export type Effect = Perform | Abort

/** A step as the history keeps it; a second one of a path replaces the first. */
export interface StepRecord {
  number: number
  path: string
  key: string
  type: ActionType
  status: 'succeeded' | 'failed' | 'cancelled' | 'mocked' | 'copied'
  attempts: number
  startedAtMs: number
  endedAtMs: number
  input: unknown
  output: unknown
  error: RunError | null
  branch: string | null
  /** In debug: the variables that a next step would see. */
  variables?: Record<string, unknown>
}

export interface Run {
  program: Program
  start: RunStart
  /** A secret's value when it is sent. */
  secret: (name: string) => string | undefined
  state: RunState
  /** Fibers that can go on, in turn. */
  ready: Fiber[]
  /** Fibers that wait for an answer, by step path. */
  pending: Map<string, Fiber>
  /** Inputs of steps under way, for their records; made again after a restore. */
  given: Map<string, unknown>
  inbox: Input[]
  /** Of the current call of `advance`. */
  out: { effects: Effect[]; records: StepRecord[]; accepted: Input[] }
}

export const pathOf = (fiber: Fiber, step: Step): string => fiber.prefix + step.key

/** The step that a fiber is at, if it is at one. */
export function currentStep(run: Run, fiber: Fiber): Step | undefined {
  const frame = fiber.frames.at(-1)
  return frame && run.program.blocks[frame.block]![frame.at]
}

export function createFiber(parent: Fiber | null, prefix: string, block: number, iteration: Fiber['iteration']): Fiber {
  return {
    parent,
    prefix,
    frames: [{ block, at: 0, isBranch: false }],
    outputs: {},
    bytes: 0,
    variables: {},
    variableBytes: {},
    iteration,
    step: null,
  }
}

/** Every fiber from `from` on, outer ones first. */
export function* eachFiber(from: Fiber): Generator<Fiber> {
  yield from
  if (from.step?.kind === 'loop') for (const child of from.step.active) yield* eachFiber(child)
}
