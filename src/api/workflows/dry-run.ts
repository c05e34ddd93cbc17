/** The course of a workflow with given params. Nothing runs. */
import type { Clock } from '../../clock.ts'
import { createDeployContext } from '../../control-plane/workflows/deploy-context.ts'
import { getVersion, getWorkflow } from '../../control-plane/workflows/get-workflow.ts'
import { environmentId } from '../../control-plane/workflows/variables.ts'
import { conditionsHold } from '../../events/conditions-hold.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { KeptDefinition, Workflow } from '../../model/workflows.ts'
import { type DryRunAction, type DryRunInput, dryRun } from '../../workflows/dry-run.ts'
import { imaginedEvent } from '../../workflows/imagined-event.ts'
import { definitionText } from '../../workflows/kept-definition.ts'
import { checkDefinition } from '../../workflows/language/check-definition.ts'
import { parseTriggerEvent } from '../../workflows/trigger-event.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import { REASONS } from './evaluate.ts'
import { idOf } from './handlers.ts'

interface Input {
  params: Record<string, unknown>
  version?: number
}

/** Of a route: its request, as a run would read it. */
interface RequestInput {
  body?: unknown
  query?: Record<string, unknown>
  path?: Record<string, string>
  headers?: Record<string, string>
  version?: number
}

export function createDryRunHandler({ view, clock }: { view: ControlView; clock: Clock }) {
  function answer(call: Call, workflow: Workflow, version: number | undefined, scopes: DryRunInput['scopes']): Answer {
    const owner = ownerOf(call)
    const { kept, number } = chosen(view, workflow, version)
    const { definition, findings } = checkDefinition(definitionText(kept), createDeployContext(view, workflow).context)
    const trigger = judgedTrigger(view, workflow, scopes.$param, clock.nowMs())
    const actions =
      definition === undefined ? [] : dryRun(definition, { scopes, environment: variablesOf(view, owner) })
    return { data: { version: number, trigger, actions: trigger.matched ? actions : actions.map(unreached), findings } }
  }

  return {
    ofWorkflow(call: Call): Answer {
      const { params, version } = call.body as Input
      return answer(call, getWorkflow(view, ownerOf(call), idOf(call, 'workflow')), version, { $param: params })
    },
    ofRoute(call: Call): Answer {
      const { body = null, query = {}, path = {}, headers = {}, version } = call.body as RequestInput
      const scopes = { $body: body, $query: query, $path: path, $header: headers, $user: null }
      return answer(call, getWorkflow(view, ownerOf(call), idOf(call, 'route')), version, scopes)
    },
  }
}

/** The version that was named, else the draft, else the live version. */
function chosen(
  view: ControlView,
  workflow: Workflow,
  version: number | undefined,
): { kept: KeptDefinition; number: number | null } {
  if (version !== undefined) return { kept: getVersion(view, workflow, version), number: version }
  if (workflow.draft !== null) return { kept: workflow.draft, number: null }
  if (workflow.deployed === null)
    throw new ClarionError(
      'workflow_not_deployed',
      'The workflow has neither a draft nor a live version: save a draft first.',
    )
  const live = workflow.deployed.version
  return { kept: getVersion(view, workflow, live), number: live }
}

function judgedTrigger(view: ControlView, workflow: Workflow, payload: unknown, nowMs: number) {
  const { trigger, organizationId } = workflow
  const event = trigger.kind === 'event' ? parseTriggerEvent(trigger.event) : undefined
  if (trigger.kind !== 'event' || event === undefined || trigger.conditions === null) return MATCHED
  const latest = (fullName: string) => view.event(organizationId, fullName)?.latestPublished?.version
  const version = trigger.version === 'latest' || trigger.version === '*' ? undefined : trigger.version
  const imagined = imaginedEvent(workflow, { event, version, subject: null, payload }, latest, nowMs)
  if (conditionsHold(trigger.conditions, imagined.event, imagined.payload)) return MATCHED
  return { matched: false, reason: 'condition_false', message: REASONS.condition_false }
}

const MATCHED = { matched: true, reason: null, message: null }

const unreached = (action: DryRunAction): DryRunAction => ({
  ...{ ...action, would: 'skip', because: 'the trigger does not match' },
})

/** Secrets are nobody's to see, in a branch neither. */
const variablesOf =
  (view: ControlView, { organizationId, environment }: Owner) =>
  (name: string) =>
    view.find('variable', organizationId, environmentId(environment, name))?.value
