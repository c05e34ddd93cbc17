/** Answers to the checks of a definition about its organization, from the control view. */
import { BUILT_IN_EVENTS } from '../../events/built-in-events.ts'
import { LIFECYCLE_EVENTS } from '../../events/lifecycle-events.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment } from '../../model/environments.ts'
import { planOf } from '../../model/plans.ts'
import { isWebhook } from '../../model/webhooks.ts'
import type { Workflow } from '../../model/workflows.ts'
import { findChannel } from '../../notifications/channels.ts'
import type { ActionType } from '../../workflows/language/definition.ts'
import type { DeployContext } from '../../workflows/language/deploy-context.ts'
import { isRoute } from '../../workflows/route-table.ts'
import { parseTriggerEvent } from '../../workflows/trigger-event.ts'
import { getOrganization } from '../store/get-organization.ts'
import { findConnection } from './connections.ts'
import { findMailTemplate } from './mail-templates.ts'
import { environmentId } from './variables.ts'

export type ContextView = Pick<ControlView, 'find' | 'list' | 'event' | 'organization'>

/** `env`: the names of `$env` that the check has come across, filled as it goes. */
export interface Asked {
  context: DeployContext
  env: Map<string, 'variable' | 'secret' | undefined>
}

export function createDeployContext(view: ContextView, workflow: Workflow): Asked {
  const { organizationId, environment, id, concurrency } = workflow
  const env: Asked['env'] = new Map()
  const { plan } = getOrganization(view, organizationId)
  const context: DeployContext = {
    kind: isRoute(workflow) ? 'route' : 'workflow',
    workflowId: id,
    holdsWhileWaiting: concurrency?.whileWaiting === 'hold',
    planRefuses: (type, options) => planRefuses(planOf(plan), type, options, plan),
    isKnownEvent: (event, version) => isKnownEvent(view, organizationId, event, version),
    environmentName(name) {
      const kind = kindOfName(view, organizationId, environment, name)
      env.set(name, kind)
      return kind
    },
    isKnownWorkflow(other) {
      const found = view.find('workflow', organizationId, other)
      return found?.environment === environment && found.deletedAt === null && !isRoute(found)
    },
    isKnownWebhook(webhookId) {
      const found = view.find('webhook', organizationId, webhookId)
      return found?.environment === environment && isWebhook(found)
    },
    isKnownChannel: name => findChannel(view, organizationId, name) !== undefined,
    isKnownMailTemplate: name => findMailTemplate(view, workflow, name) !== undefined,
    isKnownConnection: name => findConnection(view, workflow, name) !== undefined,
    isKnownTable: () => undefined,
  }
  return { context, env }
}

export function kindOfName(
  view: Pick<ControlView, 'find'>,
  organizationId: string,
  environment: Environment,
  name: string,
): 'variable' | 'secret' | undefined {
  const id = environmentId(environment, name)
  if (view.find('secret', organizationId, id) !== undefined) return 'secret'
  return view.find('variable', organizationId, id) === undefined ? undefined : 'variable'
}

function planRefuses(
  limits: { sqlQueries: boolean; customCode: boolean },
  type: ActionType,
  { foreignConnection }: { foreignConnection: boolean },
  plan: string,
): string | undefined {
  if (type === 'sql_query' && !limits.sqlQueries) return `the plan ${plan} has no sql_query`
  if (type === 'sql_query' && foreignConnection && !limits.customCode)
    return `the plan ${plan} has no connections to other databases`
  return type === 'custom_code' && !limits.customCode ? `the plan ${plan} has no custom_code` : undefined
}

function isKnownEvent(
  view: Pick<ControlView, 'event'>,
  organizationId: string,
  name: string,
  version: string | undefined,
): boolean {
  const event = parseTriggerEvent(name)
  if (event?.form !== 'type') return event !== undefined
  if (BUILT_IN_EVENTS.has(event.key) || LIFECYCLE_EVENTS.has(event.key)) return true
  const known = view.event(organizationId, event.key)
  return known !== undefined && (version === undefined || known.versions.has(version))
}
