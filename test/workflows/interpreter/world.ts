/**
 * A run among everything that can happen to it: answers in any order, time that passes, commits, crashes, owners that
 * restore it. The log keeps what committed; the outside keeps what was done there.
 */
import { type Advance, advance, continueRun } from '../../../src/workflows/interpreter/advance.ts'
import type { Program } from '../../../src/workflows/interpreter/program.ts'
import type { Input, Perform, Run, RunStart } from '../../../src/workflows/interpreter/run.ts'
import {
  type Committed,
  createRun,
  type RunParts,
  restoreRun,
  snapshotOf,
} from '../../../src/workflows/interpreter/snapshot.ts'
import type { AttemptOutcome } from './model.ts'

/** Draws a number below `below`; 0 when the schedule is used up. */
export type Draw = (below: number) => number

export interface World {
  run: Run
  /** How each attempt ended, by `path#attempt`, as the run that ended took it. */
  outcomes: Map<string, AttemptOutcome>
  /** What was done outside, in order. */
  done: Perform[]
  crashes: number
}

const idOf = ({ path, attempt }: { path: string; attempt: number }): string => `${path}#${attempt}`
const fail = (message: string): never => {
  throw new Error(message)
}

const IDLE: Advance = {
  accepted: [],
  effects: [],
  records: [],
  hasYielded: false,
  wakeAtMs: null,
  isWaiting: false,
  ended: null,
}

/** Runs to the end, and throws where a promise is broken. */
export function live(program: Program, start: RunStart, draw: Draw): World {
  const parts: RunParts = { program, start, secret: () => undefined }
  const committed: Committed & { outcomes: Map<string, AttemptOutcome>; paths: Map<string, number> } = {
    ...{ snapshot: null, inputs: [], effects: 0, records: 0 },
    outcomes: new Map(),
    paths: new Map(),
  }
  /** Answers that last outside of the run. */
  const store = new Map<string, AttemptOutcome>()
  const done: Perform[] = []
  const inputsOf = new Map<string, string>()
  /** The answers that each effect was asked for on the strength of. */
  const grounds = new WeakMap<Perform, Map<string, string>>()
  /** Those of effects that were begun. */
  const seenOutside = new Map<string, string>()
  let [nowMs, crashes, nonce] = [start.startedAtMs, 0, 0]
  let run = createRun(parts)
  let outcomes = new Map<string, AttemptOutcome>()
  let journal: Input[] = []
  let committedInputs = 0
  let unsent: Perform[] = []
  let underWay = new Map<string, Perform>()
  let transactional: Perform[] = []
  /** Something outside was begun while answers had not committed: a good time to crash. */
  let begunRashly = false
  let last = IDLE

  const stepAt = (path: string) => program.steps.get(path.slice(path.lastIndexOf('/') + 1))!
  /** A due time of a step, not of the run. */
  const isSoon = (ms: number | null): boolean => ms !== null && ms < start.startedAtMs + start.timeoutMs / 2
  /** An input behind a walk is taken in a slice of its own, so that it is known which effects were asked for before it. */
  const slice = (): number => (last.hasYielded ? 1 : draw(4) === 0 ? 1 + draw(3) : 200)
  const give = (input: Input): void => took(advance(run, input, slice()))

  function took(next: Advance): void {
    last = next
    journal.push(...next.accepted)
    const afterwards = { timedOut: next.accepted.some(({ kind }) => kind === 'wake') }
    for (const input of next.accepted)
      if (input.kind === 'answer')
        outcomes.set(idOf(input), 'output' in input ? { output: input.output } : { error: input.error })
    for (const effect of next.effects)
      if (effect.kind === 'perform') accept(effect)
      else giveUp(effect.path, afterwards.timedOut)
  }

  function accept(effect: Perform): void {
    const id = idOf(effect)
    const given = JSON.stringify(effect.with)
    if (effect.effect === 'keyed' || effect.effect === 'outward') {
      const before = inputsOf.get(id)
      if (before !== undefined && before !== given) fail(`${id} was asked for with ${before} and with ${given}`)
    }
    if (effect.effect === 'transactional') transactional.push(effect)
    unsent.push(effect)
    grounds.set(effect, new Map([...outcomes].map(([each, outcome]) => [each, JSON.stringify(outcome)])))
  }

  function giveUp(path: string, timedOut: boolean): void {
    for (const [id, effect] of [...underWay, ...unsent.map(each => [idOf(each), each] as const)])
      if (effect.path === path) {
        underWay.delete(id)
        unsent = unsent.filter(each => each !== effect)
        const code = stepAt(path).timeoutCode
        if (timedOut && !outcomes.has(id)) outcomes.set(id, { error: { code, message: '', isTransient: true } })
      }
  }

  function commit(): void {
    if (run.state.inputs === committedInputs && transactional.length === 0 && journal.length === 0) return
    for (const effect of transactional) {
      const id = idOf(effect)
      committed.paths.set(id, (committed.paths.get(id) ?? 0) + 1)
      if (committed.paths.get(id)! > 1) fail(`${id} was written twice`)
      if (effect.number <= committed.effects) fail(`${id} has a number that has committed`)
    }
    transactional = []
    committed.inputs = [...committed.inputs, ...journal]
    journal = []
    if (!last.hasYielded && draw(3) === 0) Object.assign(committed, { snapshot: snapshotOf(run), inputs: [] })
    Object.assign(committed, { effects: run.state.effects, records: run.state.records, outcomes: new Map(outcomes) })
    committedInputs = run.state.inputs
  }

  function crash(): void {
    crashes++
    begunRashly = false
    const expected = last.hasYielded || run.state.inputs !== committedInputs ? undefined : snapshotOf(run)
    const { run: restored, effects } = restoreRun(parts, committed)
    if (expected !== undefined && snapshotOf(restored) !== expected)
      fail(`restored ${snapshotOf(restored)}\ninstead of ${expected}`)
    run = restored
    outcomes = new Map(committed.outcomes)
    ;[journal, unsent, transactional, underWay] = [[], [], [], new Map()]
    for (const effect of effects) if (effect.kind === 'perform') accept(effect)
    const sent = new Set(effects.map(({ number }) => number))
    // What was written is answered by the log.
    for (const [path, { step: asked }] of run.pending)
      if (asked?.kind === 'asked' && stepAt(path).effect === 'transactional' && !sent.has(asked.effect))
        underWay.set(`${path}#${asked.attempt}`, { path, attempt: asked.attempt, effect: 'transactional' } as Perform)
    // What starts it lies in the log and is read again.
    if (run.state.inputs === 0) give({ kind: 'start', nowMs: start.startedAtMs })
    else give({ kind: 'resume', nowMs })
    const waiting = new Set([...unsent, ...underWay.values()].map(({ path }) => path))
    for (const path of run.pending.keys()) if (!waiting.has(path)) fail(`${path} waits for ever`)
  }

  /** The outside begins what it may. */
  function begin(effect: Perform): void {
    unsent = unsent.filter(each => each !== effect)
    const id = idOf(effect)
    underWay.set(id, effect)
    if (effect.effect !== 'keyed' && effect.effect !== 'outward') return
    inputsOf.set(id, JSON.stringify(effect.with))
    if (committed.outcomes.has(id)) fail(`${id} is repeated after its answer has committed`)
    done.push(effect)
    begunRashly = journal.length > 0
    for (const [each, text] of grounds.get(effect)!) {
      const before = seenOutside.get(each)
      if (before !== undefined && before !== text)
        fail(`${each} was ${before}, then ${text}, for what was begun outside`)
      seenOutside.set(each, text)
    }
  }

  function drawn(effect: Perform): AttemptOutcome {
    const roll = draw(10)
    if (roll > 1) return { output: { value: draw(4), nonce: nonce++ } }
    return {
      error: { code: 'down', message: `${nonce++}`, isTransient: roll === 0 && effect.effect !== 'transactional' },
    }
  }

  function answer(effect: Perform): void {
    const id = idOf(effect)
    // A keyed effect is done once; the verdict on what committed is in the log.
    const lasting = effect.effect === 'keyed' ? effect.path : effect.effect === 'transactional' ? id : undefined
    const outcome = (lasting === undefined ? undefined : store.get(lasting)) ?? drawn(effect)
    if (lasting !== undefined && ('output' in outcome || effect.effect === 'transactional')) store.set(lasting, outcome)
    // The answer is on its way; a crash may lose it.
    underWay.delete(id)
    give({ kind: 'answer', path: effect.path, attempt: effect.attempt, nowMs, ...outcome })
  }

  give({ kind: 'start', nowMs })
  for (let turn = 0; turn < 5_000 && (run.state.ended === null || last.hasYielded || journal.length > 0); turn++) {
    const choice = draw(20)
    if (turn < 200 && (choice === 19 || (choice > 13 && begunRashly))) crash()
    else if (last.hasYielded && choice % 2 === 0) took(continueRun(run, slice()))
    else if (choice === 18) commit()
    else {
      const able = unsent.filter(({ afterInput }) => afterInput <= committedInputs)
      const waiting = [...underWay.values()]
      // Transactional effects are answered when they have committed.
      const answerable = waiting.filter(effect => effect.effect !== 'transactional' || !transactional.includes(effect))
      if (able.length > 0 && choice < 8) begin(able[draw(able.length)]!)
      else if (answerable.length > 0 && choice < 17) answer(answerable[draw(answerable.length)]!)
      else if (last.hasYielded) took(continueRun(run, slice()))
      else if (unsent.length + waiting.length === 0 || (choice === 17 && isSoon(last.wakeAtMs))) {
        nowMs = Math.max(nowMs, last.wakeAtMs ?? nowMs)
        if (last.wakeAtMs !== null) give({ kind: 'wake', nowMs })
        else if (run.state.ended === null) fail('the run waits for nothing')
        if (draw(2) === 0) commit()
      } else {
        commit()
        const ready = unsent.filter(({ afterInput }) => afterInput <= committedInputs)
        if (ready.length === 0 && answerable.length === 0 && unsent.length > 0) fail('an effect is held for ever')
      }
    }
    nowMs += draw(3) * 1000
  }
  if (run.state.ended === null) fail('the run does not end')
  return { run, outcomes, done, crashes }
}
