/**
 * From what starts a run to the run, or to the reason why there is none. The first reason that applies counts: the
 * organization, the workflow's switch, its cooldown, its cap of the day, its concurrency, the queue of the plan.
 */
import { CHAIN_DEPTH_MAX, CHAIN_REPEATS_MAX, pathThrough } from '../../src/events/chain.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { fixedId } from '../../src/model/ids.ts'
import type { Workflow } from '../../src/model/workflows.ts'
import type { Perform } from '../../src/workflows/interpreter/run.ts'
import { isRoute } from '../../src/workflows/route-table.ts'
import type { SkipReason } from '../../topics/audit-runs.ts'
import type { RunFacts } from '../../topics/run-journal.ts'
import type { EventStart } from '../../topics/runs.ts'
import type { RunCommand } from '../../topics/runs-commands.ts'
import type { RunDependencies } from './dependencies.ts'
import { failed, type StepAnswer, stepIdOf } from './effects/step.ts'
import { variablesOf } from './environment.ts'
import { factsOfCommand, factsOfEvent, factsOfTick } from './facts.ts'
import type { Lanes } from './lanes.ts'
import type { LiveRun } from './live-run.ts'
import type { Outputs } from './outputs.ts'
import type { Pace } from './pace.ts'
import type { RunPort } from './port.ts'
import type { Programs } from './programs.ts'
import type { Slots } from './runs/slots.ts'

/** As long as a run lives. */
const QUEUED_MS_MAX = 5 * 86_400_000
const NO_VARIABLES = '{}'
/** Calls of workflows within calls. */
const NESTING_MAX = 10

type Runs = RunPort & { slots: Pick<Slots, 'isFull' | 'waiting'> }

export interface Starts {
  event(start: EventStart, runs: Runs): void
  command(command: RunCommand, runs: Runs): void
  /** Of a schedule; the workflow is deployed. */
  tick(workflow: Workflow, tickMs: number, runs: Runs): void
  /** The answer of the step, or undefined while it waits for the end of what it called. */
  call(live: LiveRun, effect: Perform, runs: RunPort): StepAnswer | undefined
}

export function createStarts(context: {
  deps: Pick<RunDependencies, 'view' | 'clock' | 'observe'>
  outputs: Outputs
  programs: Programs
  pace: Pace
  lanes: Lanes
}): Starts {
  const { outputs, programs, pace, lanes } = context
  const { view, clock, observe } = context.deps
  const nowMs = () => Math.round(clock.nowMs())

  function start(given: RunFacts, runs: Runs): void {
    const compiled = programs.of(given)
    const facts = withVariables(given, compiled?.env ?? [])
    const workflow = view.find('workflow', facts.organizationId, facts.workflowId)
    const reason =
      organizationReason(view, facts) ??
      workflowReason(workflow, facts) ??
      // It was read so late that its version is not kept any more.
      (compiled === undefined ? 'inactive' : undefined) ??
      (isDebug(facts) ? undefined : pace.refuses(workflow!, facts.startedAtMs)) ??
      queueReason(workflow!, facts, runs)
    if (reason !== undefined) skip(facts, reason)
    else if (isEndless(workflow!, facts)) truncate(facts)
    else {
      if (!isDebug(facts)) pace.started(workflow!, facts.startedAtMs)
      runs.begin(facts)
    }
  }

  /** `env`: the names that the version reads. */
  const withVariables = (facts: RunFacts, env: readonly string[]): RunFacts =>
    env.length === 0 && facts.variables === NO_VARIABLES
      ? facts
      : { ...facts, variables: JSON.stringify(variablesOf(view, facts, env)) }

  function skip(facts: RunFacts, reason: SkipReason): void {
    outputs.skipped(facts, reason)
    observe.skipped(reason)
  }

  function queueReason({ concurrency }: Workflow, facts: RunFacts, { slots }: Runs): SkipReason | undefined {
    const lane = lanes.of(facts)
    if (concurrency?.overflow === 'skip' && slots.isFull(lane)) return 'concurrency'
    const { organizationId } = facts
    return slots.waiting(organizationId) >= lanes.queuedMax(organizationId) ? 'queue_full' : undefined
  }

  function truncate(facts: RunFacts): void {
    const message = `The chain has come through ${facts.workflowId} ${CHAIN_REPEATS_MAX} times, and allowSelfTrigger is off.`
    const error = { actionKey: '', path: null, code: 'chain_depth_exceeded', message }
    const ending = { status: 'truncated', error, reason: null, output: null } as const
    outputs.ended(facts, { ending, atMs: facts.startedAtMs, steps: 0, warnings: [], hasResponded: false }, [])
    observe.ended('truncated')
  }

  return {
    event(event, runs) {
      if (event.replayId === null) observe.late('start', (clock.nowMs() - event.event.recordedAtMs) / 1000)
      for (const pinned of event.workflows) start(factsOfEvent(event, pinned, nowMs()), runs)
      for (const pinned of event.refused) skip(factsOfEvent(event, pinned, nowMs()), 'condition_false')
    },
    command: (command, runs) => start(factsOfCommand(command, nowMs()), runs),
    tick: (workflow, tickMs, runs) => start(factsOfTick(workflow, tickMs, nowMs()), runs),
    call(live, effect, runs) {
      const given = effect.with as { workflowId: string; params?: Record<string, unknown>; wait?: boolean }
      const { organizationId, environment } = live.facts
      const workflow = view.find('workflow', organizationId, given.workflowId)
      const isThere = workflow?.environment === environment && workflow.deletedAt === null && !isRoute(workflow)
      if (!isThere || workflow.deployed === null)
        return failed('child_failed', `The workflow ${given.workflowId} is not there, or has no live version.`)
      const called = factsOfCall(live.facts, effect, given, workflow.deployed.version)
      const facts = withVariables(called, programs.of(called)?.env ?? [])
      if (facts.depth > CHAIN_DEPTH_MAX)
        return failed('chain_depth_exceeded', `The chain has reached its cap of ${CHAIN_DEPTH_MAX}.`)
      if (facts.nesting > NESTING_MAX) return failed('child_failed', `Calls nest deeper than ${NESTING_MAX} levels.`)
      const startedAtMs = nowMs()
      runs.begin({ ...facts, startedAtMs, begunAtMs: startedAtMs })
      return given.wait === false ? { output: { output: null, runId: facts.runId } } : undefined
    },
  }
}

function factsOfCall(
  parent: RunFacts,
  { path, attempt }: Perform,
  { workflowId, params = {}, wait }: { workflowId: string; params?: Record<string, unknown>; wait?: boolean },
  version: number,
): RunFacts {
  const stepId = stepIdOf(parent, path)
  const waits = wait !== false
  return {
    ...parent,
    ...{ runId: fixedId('run', `${stepId}/${attempt}`, parent.startedAtMs), workflowId, version, mode: 'live' },
    ...{
      triggerKind: 'workflow',
      retryOf: null,
      options: null,
      replayId: null,
      parentRunId: parent.runId,
      parentPath: waits ? path : null,
    },
    ...{ parentAttempt: waits ? attempt : 0, nesting: parent.nesting + 1, depth: parent.depth + 1 },
    ...{ path: pathThrough(parent.path, parent.workflowId), scopes: JSON.stringify({ $param: params }) },
    ...{ answerTo: null, callKey: null },
  }
}

/** Why a run that has waited for a slot does not begin any more. */
export function outdated(view: ControlView, facts: RunFacts, nowMs: number): SkipReason | undefined {
  if (nowMs > facts.startedAtMs + QUEUED_MS_MAX) return 'expired'
  const workflow = view.find('workflow', facts.organizationId, facts.workflowId)
  return organizationReason(view, facts) ?? workflowReason(workflow, facts)
}

function organizationReason(view: ControlView, { organizationId }: RunFacts): SkipReason | undefined {
  return view.organization(organizationId)?.status === 'active' ? undefined : 'organization_suspended'
}

/** What is started by hand or called need not be switched on. */
function workflowReason(workflow: Workflow | undefined, { mode, triggerKind }: RunFacts): SkipReason | undefined {
  if (workflow === undefined || workflow.deletedAt !== null) return 'inactive'
  const isAsked = mode === 'manual' || mode === 'debug' || triggerKind === 'workflow'
  return workflow.active || isAsked ? undefined : 'inactive'
}

/** It counts nowhere. */
const isDebug = ({ mode }: RunFacts): boolean => mode === 'debug'

function isEndless({ id, allowSelfTrigger }: Workflow, { path }: RunFacts): boolean {
  return !allowSelfTrigger && path.filter(each => each === id).length >= CHAIN_REPEATS_MAX
}
