/** Params to debug a workflow with: an example of its event, its last event, or what an earlier run was started with. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { getWorkflow } from '../../control-plane/workflows/get-workflow.ts'
import { BUILT_IN_EVENTS } from '../../events/built-in-events.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import { GENERIC_FULL_NAME } from '../../model/names.ts'
import type { Workflow } from '../../model/workflows.ts'
import { sampleOf } from '../../registry/sample.ts'
import { parseTriggerEvent, type TriggerEvent } from '../../workflows/trigger-event.ts'
import { ownerOf, seesPayloads } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import { paramsOf } from './presenter.ts'

/** How far back an event is looked for. */
const EVENT_AGE_MS = 30 * 86_400_000
/** Generic events of other kinds among them. */
const EVENTS_READ = 200

export function createDebugParamsHandler(deps: { view: ControlView; reads: Reads; clock: Clock }) {
  const { view, reads, clock } = deps

  function fromSchema(workflow: Workflow, event: TriggerEvent | undefined): unknown {
    if (event === undefined || event.form === 'kind') return {}
    const builtIn = BUILT_IN_EVENTS.get(event.key)
    if (builtIn !== undefined) return sampleOf(builtIn.schema)
    const [, name = event.key] = /:([^:@]+)@/.exec(event.key) ?? []
    const registered = view.event(workflow.organizationId, name)
    const version = workflow.trigger.kind === 'event' ? workflow.trigger.version : 'latest'
    const registration = registered?.versions.get(version) ?? registered?.latestPublished
    if (registration === undefined)
      throw new ClarionError('not_found', `The event ${event.key} has no published version with a schema.`)
    return registration.payloadExample ?? sampleOf(registration.payloadSchema)
  }

  async function fromEvent(owner: Owner, event: TriggerEvent | undefined): Promise<unknown> {
    if (event === undefined) throw new ClarionError('not_found', 'The workflow does not start by an event.')
    const [, key = event.key] = /:([^:@]+)@/.exec(event.key) ?? []
    const name = event.form === 'kind' ? GENERIC_FULL_NAME : key
    const from = new Date(clock.nowMs() - EVENT_AGE_MS).toISOString()
    const limit = event.form === 'kind' ? EVENTS_READ : 1
    const found = await reads.payloadsOfName({ ...owner, name, from, before: null, limit })
    const payloads = found.map(({ payload }) => JSON.parse(payload) as { kind?: unknown; data?: unknown })
    const newest = event.form === 'kind' ? payloads.find(({ kind }) => kind === event.key)?.data : payloads[0]
    if (newest === undefined) throw new ClarionError('not_found', 'No such event of the last 30 days is recorded.')
    return newest
  }

  async function fromRun(owner: Owner, workflow: Workflow, runId: string | undefined): Promise<unknown> {
    const run =
      runId === undefined
        ? (await reads.listRuns(owner, { list: 'workflow-runs', workflowId: workflow.id, limit: 1 })).items[0]
        : await reads.runById(owner, runId)
    if (run?.workflowId !== workflow.id) throw new ClarionError('not_found', 'The workflow has no such run.')
    return paramsOf(run)
  }

  return async (call: Call): Promise<Answer> => {
    const owner = ownerOf(call)
    const workflow = getWorkflow(view, owner, call.params.id!)
    const { from, runId } = call.query as { from: 'schema' | 'event' | 'run'; runId?: string }
    const event = workflow.trigger.kind === 'event' ? parseTriggerEvent(workflow.trigger.event) : undefined
    if (from === 'schema') return { data: { params: fromSchema(workflow, event) } }
    if (from === 'run') return { data: { params: await fromRun(owner, workflow, runId) } }
    if (!seesPayloads(call))
      throw new ClarionError('insufficient_scope', 'Payloads of events need the scope events:payload.')
    return { data: { params: await fromEvent(owner, event) } }
  }
}
