/**
 * The effects of steps. What is transactional becomes a record of the transaction that is being filled; what leaves the
 * process begins when everything that it builds on has committed, and its answer is an input of the run.
 */
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { Effect, Perform } from '../../../src/workflows/interpreter/run.ts'
import type { DelayedEmits } from '../delayed-emits.ts'
import type { RunDependencies } from '../dependencies.ts'
import type { ShardDomain } from '../domain/domain.ts'
import type { LiveRun } from '../live-run.ts'
import type { RunPort } from '../port.ts'
import type { RunAnswers } from '../run-answers.ts'
import type { Starts } from '../starts.ts'
import { createActionPerformers } from './actions.ts'
import type { Outwards } from './outward.ts'
import { type ActionPerformer, failed, type StepAnswer, stepIdOf } from './step.ts'

export interface Performer {
  perform(live: LiveRun, effect: Effect, runs: RunPort): void
  /** Begins what waited for the commit that has happened. */
  release(live: LiveRun, runs: RunPort): void
  /** Begins nothing more; resolves when nothing outside is under way, or after this time. */
  drain(timeoutMs: number): Promise<void>
  close(): void
}

const UNTIMED_MS = 3_600_000

export function createPerformer(context: {
  handle: ShardHandle
  deps: Pick<
    RunDependencies,
    'view' | 'clock' | 'caller' | 'tables' | 'foreign' | 'secrets' | 'sandboxes' | 'validate' | 'logger' | 'observe'
  >
  answers: Pick<RunAnswers, 'responded'>
  outwards: Outwards
  starts: Starts
  domain: Pick<ShardDomain, 'changeBy'>
  delayed: Pick<DelayedEmits, 'delay'>
}): Performer {
  const { handle, outwards } = context
  const { clock, logger, observe } = context.deps
  const performers = createActionPerformers(context)
  let underWay = 0
  let isStopped = false
  let isClosed = false
  let drained: () => void = () => undefined
  const nowMs = () => Math.round(clock.nowMs())

  function answer(live: LiveRun, { path, attempt }: Perform, given: StepAnswer, runs: RunPort): void {
    runs.feed(live, { kind: 'answer', path, attempt, nowMs: nowMs(), ...given })
  }

  function perform(live: LiveRun, effect: Effect, runs: RunPort): void {
    if (effect.kind === 'abort') abort(live, effect.path, runs)
    else if (performers[effect.type].way === 'outward') beginOrHold(live, effect, runs)
    else inward(live, effect, runs)
  }

  function inward(live: LiveRun, effect: Perform, runs: RunPort): void {
    const performer = performers[effect.type] as Extract<ActionPerformer, { way: 'inward' }>
    const stepId = stepIdOf(live.facts, effect.path)
    const given = performer.perform({ live, effect, stepId, runs, nowMs: nowMs() })
    if (given !== undefined) answer(live, effect, given, runs)
  }

  function beginOrHold(live: LiveRun, effect: Perform, runs: RunPort): void {
    if (effect.afterInput > live.journal.committed) live.held.push(effect)
    else begin(live, effect, runs)
  }

  function begin(live: LiveRun, effect: Perform, runs: RunPort): void {
    const performer = performers[effect.type] as Extract<ActionPerformer, { way: 'outward' }>
    const controller = new AbortController()
    live.underWay.set(effect.path, controller)
    const offered = async () => {
      if (isStopped || controller.signal.aborted || !handle.isHeld()) return
      underWay++
      const given = await attempt(live, effect, performer, controller.signal)
      underWay--
      finish(live, effect, given, { controller, runs })
      if (underWay === 0) drained()
    }
    if (performer.kind === null) void offered()
    else outwards[performer.kind].offer(live.facts.organizationId, live.facts.workflowId, offered)
  }

  async function attempt(
    live: LiveRun,
    effect: Perform,
    performer: Extract<ActionPerformer, { way: 'outward' }>,
    signal: AbortSignal,
  ): Promise<StepAnswer> {
    const startedMs = clock.monotonicMs()
    const timeoutMs = effect.deadlineMs === null ? UNTIMED_MS : Math.max(1, effect.deadlineMs - clock.nowMs())
    const stepId = stepIdOf(live.facts, effect.path)
    let given: StepAnswer
    try {
      given = await performer.perform({ live, effect, stepId, timeoutMs, signal })
    } catch (error) {
      // A step that was given up fails by that.
      if (!signal.aborted)
        logger.error({ stepId, error: (error as Error).stack }, 'a step failed by a fault of its own')
      given = failed('internal_error', `The step could not be performed: ${(error as Error).message}`)
    }
    observe.attempt(effect.type, 'error' in given ? given.error.code : '', (clock.monotonicMs() - startedMs) / 1000)
    return given
  }

  function finish(
    live: LiveRun,
    effect: Perform,
    given: StepAnswer,
    { controller, runs }: { controller: AbortController; runs: RunPort },
  ): void {
    if (live.underWay.get(effect.path) === controller) live.underWay.delete(effect.path)
    if (isClosed || controller.signal.aborted) return
    try {
      answer(live, effect, given, runs)
      runs.work()
    } catch (error) {
      handle.fail(error as Error)
    }
  }

  function abort(live: LiveRun, path: string, runs: RunPort): void {
    live.underWay.get(path)?.abort()
    live.underWay.delete(path)
    live.held = live.held.filter(effect => effect.path !== path)
    const child = runs.childOf(stepIdOf(live.facts, path))
    if (child !== undefined) runs.feed(child, { kind: 'cancel', nowMs: nowMs() })
  }

  return {
    perform,
    release(live, runs) {
      if (live.held.length === 0) return
      const { held } = live
      live.held = []
      for (const effect of held) beginOrHold(live, effect, runs)
    },
    async drain(timeoutMs) {
      isStopped = true
      if (underWay === 0) return
      await new Promise<void>(resolve => {
        const timer = clock.after(timeoutMs, resolve)
        drained = () => {
          timer.cancel()
          resolve()
        }
      })
    },
    close() {
      isStopped = true
      isClosed = true
    },
  }
}
