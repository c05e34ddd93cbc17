/** A run as text, and back: a snapshot and the inputs since give the same run. */
import { parseJson } from '../../json/json.ts'
import { type Advance, advance, continueRun } from './advance.ts'
import type { Program } from './program.ts'
import {
  createFiber,
  currentStep,
  type Effect,
  eachFiber,
  type Fiber,
  type Input,
  type Looping,
  pathOf,
  type Run,
  type RunStart,
  type RunState,
  type StepRecord,
  type StepState,
} from './run.ts'
import { givenAgain } from './steps.ts'

export interface RunParts {
  program: Program
  start: RunStart
  secret: Run['secret']
}

export function createRun({ program, start, secret }: RunParts): Run {
  const state: RunState = {
    root: createFiber(null, '', program.main, null),
    phase: 'main',
    nowMs: start.startedAtMs,
    inputs: 0,
    unsettled: 0,
    effects: 0,
    records: 0,
    fibers: 0,
    bytes: 0,
    stepsLeft: STEPS,
    hasResponded: false,
    error: null,
    leftMs: start.timeoutMs,
    runsSinceMs: start.startedAtMs,
    warnings: [],
    ended: null,
  }
  return assemble({ program, start, secret }, state)
}

const STEPS = 5_000
const DEPTH_MAX = 10_000

function assemble(parts: RunParts, state: RunState): Run {
  return {
    program: parts.program,
    start: parts.start,
    secret: parts.secret,
    state,
    ready: [],
    pending: new Map(),
    given: new Map(),
    inbox: [],
    out: { effects: [], records: [], accepted: [] },
  }
}

/** The run's state as JSON. The run is not in the middle of a walk. */
export function snapshotOf({ state, ready, inbox }: Run): string {
  if (state.ended === null && ready.length + inbox.length > 0) throw new Error('a run in a walk has no snapshot')
  return JSON.stringify({ ...state, root: fiberOut(state.root) })
}

/** Fibers point to their parents, which JSON cannot. */
function fiberOut({ parent: _parent, step, ...fiber }: Fiber): unknown {
  if (step?.kind !== 'loop') return { ...fiber, step }
  return { ...fiber, step: { ...step, active: step.active.map(fiberOut) } }
}

function fiberIn(fiber: Fiber, parent: Fiber | null): Fiber {
  const read: Fiber = { ...fiber, parent }
  if (read.step?.kind === 'loop') {
    const loop: Looping = { ...read.step }
    loop.active = loop.active.map(child => fiberIn(child, read))
    read.step = loop
  }
  return read
}

/** The committed part of a run. */
export interface Committed {
  /** Null: nothing but the inputs. */
  snapshot: string | null
  inputs: readonly Input[]
  /** The highest numbers of what committed with them. */
  effects: number
  records: number
}

export interface Restored {
  run: Run
  /** Transactional effects that had not committed. The others are asked for by the input `resume`, which comes next. */
  effects: Effect[]
  records: StepRecord[]
}

/** The run as it was at the commit; behind it, the walk of the last input is complete. */
export function restoreRun(parts: RunParts, committed: Committed): Restored {
  const run = committed.snapshot === null ? createRun(parts) : runOf(parts, committed.snapshot)
  const effects: Effect[] = []
  const records: StepRecord[] = []
  const took = (advanced: Advance): boolean => {
    effects.push(...advanced.effects.filter(({ number }) => number > committed.effects))
    records.push(...advanced.records.filter(({ number }) => number > committed.records))
    return advanced.hasYielded
  }
  for (const input of committed.inputs) {
    let isWalking = took(advance(run, input))
    while (isWalking) isWalking = took(continueRun(run))
  }
  return {
    run,
    effects: effects.filter(effect => effect.kind === 'perform' && effect.effect === 'transactional'),
    records,
  }
}

function runOf(parts: RunParts, snapshot: string): Run {
  const read = parseJson(Buffer.from(snapshot), { depthMax: DEPTH_MAX, duplicateKeys: 'refuse', exactNumbers: 'all' })
  if (!read.ok) throw new Error(`a snapshot is not JSON: ${read.findings[0]?.message}`)
  const state = read.exact as RunState
  const run = assemble(parts, { ...state, root: fiberIn(state.root, null) })
  for (const fiber of eachFiber(run.state.root)) rejoin(run, fiber, fiber.step)
  return run
}

/** The fiber as the run's tables have it. */
function rejoin(run: Run, fiber: Fiber, state: StepState | null): void {
  const step = currentStep(run, fiber)
  if (state?.kind !== 'asked' || step === undefined) return
  const path = pathOf(fiber, step)
  run.pending.set(path, fiber)
  run.given.set(path, givenAgain(run, fiber, step))
}
