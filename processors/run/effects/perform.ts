/**
 * The effects of steps. What is transactional becomes a record of the transaction that is being filled; a request begins
 * when everything that it builds on has committed, and its answer is an input of the run.
 */

import { platformEmitAt } from '../../../src/ingress/platform-emit.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { Effect, Perform } from '../../../src/workflows/interpreter/run.ts'
import type { RunDependencies } from '../dependencies.ts'
import type { LiveRun } from '../live-run.ts'
import type { RunPort } from '../port.ts'
import type { Starts } from '../starts.ts'
import { emitOf, stepIdOf } from './create-event.ts'
import { answerOf, type HttpRequestInput, requestOf, type StepAnswer } from './http-request.ts'
import type { Outward } from './outward.ts'
import { notificationOf } from './send-notification.ts'

export interface Performer {
  perform(live: LiveRun, effect: Effect, runs: RunPort): void
  /** Begins what waited for the commit that has happened. */
  release(live: LiveRun, runs: RunPort): void
  /** Begins nothing more; resolves when no request is under way, or after this time. */
  drain(timeoutMs: number): Promise<void>
  close(): void
}

const UNTIMED_MS = 3_600_000

export function createPerformer(context: {
  handle: ShardHandle
  deps: Pick<RunDependencies, 'view' | 'clock' | 'caller' | 'observe'>
  outward: Outward
  starts: Starts
}): Performer {
  const { handle, outward, starts } = context
  const { view, clock, caller, observe } = context.deps
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
    else if (effect.effect === 'outward') beginOrHold(live, effect, runs)
    else transactional(live, effect, runs)
  }

  function transactional(live: LiveRun, effect: Perform, runs: RunPort): void {
    const given = carriedOut(live, effect, runs)
    if (given !== undefined) answer(live, effect, given, runs)
  }

  /** Undefined: the answer comes later. */
  function carriedOut(live: LiveRun, effect: Perform, runs: RunPort): StepAnswer | undefined {
    if (effect.type === 'call_workflow') return starts.call(live, effect, runs)
    if (effect.type === 'create_event') {
      handle.write([platformEmitAt(emitOf(live.facts, effect), handle.shard, view.appliedOffset)])
      return undefined
    }
    if (effect.type !== 'send_notification') return unavailable(effect)
    const made = notificationOf(live.facts, effect, { view, shard: handle.shard, nowMs: nowMs() })
    if (made.record !== undefined) handle.write([made.record])
    return made.answer
  }

  function beginOrHold(live: LiveRun, effect: Perform, runs: RunPort): void {
    if (effect.afterInput > live.journal.committed) live.held.push(effect)
    else begin(live, effect, runs)
  }

  function begin(live: LiveRun, effect: Perform, runs: RunPort): void {
    const controller = new AbortController()
    live.underWay.set(effect.path, controller)
    outward.offer(live.facts.organizationId, live.facts.workflowId, async () => {
      if (isStopped || controller.signal.aborted || !handle.isHeld()) return
      underWay++
      const given = await request(live, effect, controller.signal)
      underWay--
      finish(live, effect, given, { controller, runs })
      if (underWay === 0) drained()
    })
  }

  async function request(live: LiveRun, effect: Perform, signal: AbortSignal): Promise<StepAnswer> {
    const input = effect.with as HttpRequestInput
    const startedMs = clock.monotonicMs()
    const timeoutMs = effect.deadlineMs === null ? UNTIMED_MS : Math.max(1, effect.deadlineMs - clock.nowMs())
    let given: StepAnswer
    try {
      const made = requestOf(input, stepIdOf(live.facts, effect.path))
      given =
        'error' in made
          ? made
          : answerOf(await caller.call({ ...made, timeoutMs, signal }), input.failOnStatus, nowMs())
    } catch (error) {
      given = {
        error: { code: 'internal_error', message: `The request could not be made: ${(error as Error).message}` },
      }
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

/** A deploy refuses such an action; a version of another release may have one. */
const unavailable = ({ type }: Perform): StepAnswer => ({
  error: { code: 'action_not_available', message: `This release does not run ${type}.` },
})
