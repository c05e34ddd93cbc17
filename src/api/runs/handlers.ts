/** Runs of workflows: lists, starts by hand, retries and cancellations. See docs/specification/runs.md. */
import type { RunStatus } from '../../../topics/audit-runs.ts'
import type { RunCommand } from '../../../topics/runs-commands.ts'
import { rangeOf } from '../../analytics/read/ranges.ts'
import type { RunFilter } from '../../analytics/read/run-reads.ts'
import { getVersion, getWorkflow } from '../../control-plane/workflows/get-workflow.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { Workflow } from '../../model/workflows.ts'
import { callKey, refusalOf } from '../../run-calls/call-key.ts'
import type { LookedRun } from '../../run-calls/looked.ts'
import type { GivenCommand, RunCalls } from '../../run-calls/run-calls.ts'
import { copiedAnswers } from '../../workflows/copied-answers.ts'
import { deployedDefinition } from '../../workflows/deployed-definition.ts'
import { isRoute } from '../../workflows/route-table.ts'
import { ownerOf } from '../http/caller.ts'
import { agreedKey } from '../http/idempotency-key.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { answeredRun } from './answered-run.ts'
import type { FindRun, FoundRun } from './find-run.ts'
import type { ListRuns } from './list-runs.ts'
import { presentEnded, presentRun, presentSummary } from './presenter.ts'

interface Filter {
  workflowId?: string
  status?: RunStatus
  mode?: string
  code?: string
  eventId?: string
  event?: string
  replayId?: string
  from?: string
  to?: string
}

const UNENDED: ReadonlySet<RunStatus> = new Set(['queued', 'running', 'waiting'])
/** Then the cancellation is on its way, and the caller looks again. */
const CANCEL_WAIT_MS = 2_000
/** Replacements of a secret, and of a value too long to be kept. */
const INCOMPLETE = /\*\*\*|…cut$/

export function createRunHandlers(deps: {
  view: ControlView
  runCalls: RunCalls
  ids: Ids
  findRun: FindRun
  listRuns: ListRuns
}) {
  const { view, runCalls, ids, findRun, listRuns } = deps

  function commandOf(call: Call, given: Pick<RunCommand, 'kind' | 'runId'> & Partial<RunCommand>): GivenCommand {
    const { actorId, requestId } = call.caller
    return { ...ownerOf(call), actorId, requestId: requestId ?? '', ...given }
  }

  async function send(call: Call, given: Parameters<typeof commandOf>[1]): Promise<Answer> {
    await runCalls.send(commandOf(call, given))
    return { data: { runId: given.runId } }
  }

  async function page(call: Call, list: RunFilter['list'], workflowId?: string): Promise<Answer> {
    const owner = ownerOf(call)
    const { status, mode, code, eventId, event, replayId, ...range } = call.query as Filter
    const facts = { status, mode, code, eventId, eventName: event, replayId }
    const filter = { list, workflowId, ...facts, ...rangeOf(range), ...pagingOf(call.query) }
    const { items, nextCursor, isLive } = await listRuns(owner, filter)
    return { data: items.map(run => presentSummary(run, owner)), nextCursor, meta: { live: isLive } }
  }

  /** Answers keep their digits: they go on as the JSON that history has. */
  function optionsFrom({
    found,
    workflow,
    version,
    from,
  }: {
    found: FoundRun
    workflow: Workflow
    version: number
    from: string
  }): string {
    const definitionOf = (number: number) => deployedDefinition(getVersion(view, workflow, number))
    const [before, now] = [definitionOf(found.run.workflowVersion), definitionOf(version)]
    const copied = copiedAnswers({ before, now, from }, found.steps)
    if (copied === undefined) throw noSuchAction(from)
    if ('problem' in copied) throw notRestartable(copied.problem)
    const members = Object.entries(copied.known).map(([path, output]) => `${JSON.stringify(path)}:${output}`)
    return `{"known":{${members.join(',')}}}`
  }

  return {
    list: (call: Call): Promise<Answer> => page(call, 'runs', (call.query as Filter).workflowId),
    async listOf(call: Call): Promise<Answer> {
      return page(call, 'workflow-runs', getWorkflow(view, ownerOf(call), call.params.id!).id)
    },
    async get(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const { run, steps, isLive } = await findRun(owner, call.params.runId!)
      return { data: presentRun(run, steps, owner), meta: { live: isLive } }
    },
    async run(call: Call): Promise<Answer> {
      const workflow = getWorkflow(view, ownerOf(call), call.params.id!)
      if (isRoute(workflow)) throw new ClarionError('not_found', 'There is no such workflow: a request starts a route.')
      const { params = {}, wait = 0, idempotencyKey } = (call.body ?? {}) as ManualRun
      const version = liveVersion(workflow)
      const scopes = JSON.stringify({ $param: params })
      const key = callKey(agreedKey(idempotencyKey, call.idempotencyKey), [scopes])
      const start = { kind: 'start', runId: ids.next('run'), workflowId: workflow.id, version, scopes } as const
      if (wait === 0 && key === null) return send(call, start)
      // The run of a key may be an earlier one: its id comes with the answer.
      const awaited = wait === 0 ? TAKEN : ({ wants: 'end', timeoutMs: 1000 * wait } as const)
      const command = commandOf(call, { ...start, callKey: key })
      const answer = await runCalls.call(command, { ...awaited, signal: call.signal() })
      if (answer?.kind === 'refused') throw refusalOf(answer)
      if (answer?.kind === 'ended') return { status: 200, data: presentEnded(answeredRun(answer.value), ownerOf(call)) }
      const taken = answer ?? (key === null ? undefined : await runCalls.call(command, TAKEN))
      return { data: { runId: taken?.runId ?? start.runId } }
    },
    async retry(call: Call): Promise<Answer> {
      const { useLatest = false, from } = (call.body ?? {}) as { useLatest?: boolean; from?: string }
      const found = await findRun(ownerOf(call), call.params.runId!)
      const { run } = found
      if (UNENDED.has(run.status)) throw notRestartable('it has not ended')
      if (run.mode === 'debug') throw notRestartable('it was a debug run, which is started by /debug')
      if (INCOMPLETE.test(run.scopes)) throw notRestartable('what it was started with is kept in part only')
      const workflow = getWorkflow(view, ownerOf(call), run.workflowId)
      const version = useLatest ? liveVersion(workflow) : getVersion(view, workflow, run.workflowVersion).version
      const options = from === undefined ? null : optionsFrom({ found, workflow, version, from })
      const { triggerKind, eventId, canonicalName, chainDepth: depth } = run
      const mode = triggerKind === 'route' ? 'route' : 'manual'
      const trigger = JSON.stringify({ mode, triggerKind, eventId, canonicalName, depth, rootEventId: eventId })
      return send(call, {
        ...{ kind: 'start', runId: ids.next('run'), workflowId: workflow.id, version, scopes: run.scopes },
        ...{ trigger, retryOf: run.runId, options },
      })
    },
    async cancel(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const runId = call.params.runId!
      const awaited = { wants: 'look', timeoutMs: CANCEL_WAIT_MS, signal: call.signal() } as const
      const answer = await runCalls.call(commandOf(call, { kind: 'cancel', runId }), awaited)
      const looked = answer?.kind === 'looked' ? (JSON.parse(answer.value.toString()) as LookedRun) : undefined
      const run = looked?.run ?? undefined
      if (looked !== undefined && run !== undefined && looked.wasLive) {
        const found = await findRun.looked(owner, { ...looked, run })
        return { data: { runId, run: presentRun(found.run, found.steps, owner) } }
      }
      // Nobody has answered, or the run ended so long ago that its owner has forgotten it.
      const { status } = run ?? (await findRun.recorded(owner, runId))
      if (!UNENDED.has(status)) throw new ClarionError('run_ended', `The run has ended as ${status}.`)
      return { data: { runId } }
    },
  }
}

interface ManualRun {
  params?: Record<string, unknown>
  wait?: number
  idempotencyKey?: string
}

const TAKEN = { wants: 'taken', timeoutMs: 5_000 } as const

function liveVersion({ id, deployed }: Workflow): number {
  if (deployed !== null) return deployed.version
  throw new ClarionError('workflow_not_deployed', `The workflow ${id} has no live version: deploy it first.`)
}

const notRestartable = (why: string) =>
  new ClarionError('run_not_restartable', `The run cannot be started once more: ${why}.`)

function noSuchAction(from: string): ClarionError {
  const message = `The definition has no action with the key '${from}'.`
  return new ClarionError('validation_failed', message, { details: [{ path: '/from', rule: 'action', message }] })
}
