/** Runs of workflows: lists, starts by hand, retries and cancellations. See docs/specification/runs.md. */
import type { RunStatus } from '../../../topics/audit-runs.ts'
import { type RunCommand, runCommandCodec, runsCommands } from '../../../topics/runs-commands.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { RunFilter, StoredRun } from '../../analytics/read/run-reads.ts'
import { getVersion, getWorkflow } from '../../control-plane/workflows/get-workflow.ts'
import { unacknowledged } from '../../ingress/unacknowledged.ts'
import type { Appender } from '../../kafka/ports.ts'
import { shardOf } from '../../kafka/shards.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Ids } from '../../model/ids.ts'
import type { Workflow } from '../../model/workflows.ts'
import { ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
import type { Answer, Call } from '../http/route.ts'
import { presentRun, presentSummary } from './presenter.ts'

type Filter = { workflowId?: string; status?: RunStatus; mode?: string; code?: string; eventId?: string }

const UNENDED: ReadonlySet<RunStatus> = new Set(['queued', 'running'])
/** What stands for a secret, and for what was too long to be kept. */
const INCOMPLETE = /\*\*\*|…cut$/

export function createRunHandlers(deps: {
  reads: Reads
  view: ControlView
  appender: Appender
  shards: number
  ids: Ids
}) {
  const { reads, view, appender, shards, ids } = deps

  async function append(call: Call, given: Pick<RunCommand, 'kind' | 'runId'> & Partial<RunCommand>): Promise<Answer> {
    const { organizationId, environment } = ownerOf(call)
    const { actorId, requestId } = call.caller
    const command: RunCommand = {
      ...{ workflowId: '', version: 0, scopes: null, trigger: null, retryOf: null },
      ...{ organizationId, environment, actorId, requestId: requestId ?? '', controlOffset: view.appliedOffset },
      ...given,
    }
    const partition = shardOf(organizationId, shards)
    const value = runCommandCodec.encode(command)
    try {
      await appender.append({ topic: runsCommands.name, partition, key: organizationId, value })
    } catch (error) {
      throw unacknowledged('The call', error)
    }
    return { data: { runId: command.runId } }
  }

  async function one(call: Call): Promise<StoredRun> {
    const found = await reads.runById(ownerOf(call), call.params.runId!)
    if (found !== undefined) return found
    throw new ClarionError('not_found', 'There is no such run, or it is so new that it is not recorded yet.')
  }

  async function page(call: Call, list: RunFilter['list'], workflowId?: string): Promise<Answer> {
    const owner = ownerOf(call)
    const { status, mode, code, eventId } = call.query as Filter
    const filter = { list, workflowId, status, mode, code, eventId, ...pagingOf(call.query) }
    const { items, nextCursor } = await reads.listRuns(owner, filter)
    return { data: items.map(run => presentSummary(run, owner)), nextCursor }
  }

  return {
    list: (call: Call): Promise<Answer> => page(call, 'runs', (call.query as Filter).workflowId),
    async listOf(call: Call): Promise<Answer> {
      return page(call, 'workflow-runs', getWorkflow(view, ownerOf(call), call.params.id!).id)
    },
    async get(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const run = await one(call)
      return { data: presentRun(run, await reads.stepsOf(owner, run), owner) }
    },
    async run(call: Call): Promise<Answer> {
      const workflow = getWorkflow(view, ownerOf(call), call.params.id!)
      const { params = {} } = (call.body ?? {}) as { params?: Record<string, unknown> }
      const version = liveVersion(workflow)
      const scopes = JSON.stringify({ $param: params })
      return append(call, { kind: 'start', runId: ids.next('run'), workflowId: workflow.id, version, scopes })
    },
    async retry(call: Call): Promise<Answer> {
      const { useLatest = false } = (call.body ?? {}) as { useLatest?: boolean }
      const run = await one(call)
      if (UNENDED.has(run.status)) throw notRestartable('it has not ended')
      if (INCOMPLETE.test(run.scopes)) throw notRestartable('what it was started with is kept in part only')
      const workflow = getWorkflow(view, ownerOf(call), run.workflowId)
      const version = useLatest ? liveVersion(workflow) : getVersion(view, workflow, run.workflowVersion).version
      const { triggerKind, eventId, canonicalName, chainDepth: depth } = run
      const trigger = JSON.stringify({ triggerKind, eventId, canonicalName, depth, rootEventId: eventId })
      return append(call, {
        ...{ kind: 'start', runId: ids.next('run'), workflowId: workflow.id, version, scopes: run.scopes },
        ...{ trigger, retryOf: run.runId },
      })
    },
    async cancel(call: Call): Promise<Answer> {
      const run = await one(call)
      if (UNENDED.has(run.status)) return append(call, { kind: 'cancel', runId: run.runId })
      throw new ClarionError('run_ended', `The run has ended as ${run.status}.`)
    },
  }
}

function liveVersion({ id, deployed }: Workflow): number {
  if (deployed !== null) return deployed.version
  throw new ClarionError('workflow_not_deployed', `The workflow ${id} has no live version: deploy it first.`)
}

const notRestartable = (why: string) =>
  new ClarionError('run_not_restartable', `The run cannot be started once more: ${why}.`)
