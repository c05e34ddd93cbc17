/** API routes as callers see them: the trigger's fields are the route's. */
import type { ControlView } from '../../model/control-view.ts'
import type { RouteToken, Workflow } from '../../model/workflows.ts'
import { isRoute } from '../../workflows/route-table.ts'
import { presentSummary, presentWorkflow, type Stats } from './presenter.ts'

type View = Pick<ControlView, 'organization'>

export const presentRoute = (workflow: Workflow, stats: Stats | null, view: View) =>
  flat(presentWorkflow(workflow, stats), workflow, view)

/** Without definitions. */
export const presentRouteSummary = (workflow: Workflow, stats: Stats | null, view: View) =>
  flat(presentSummary(workflow, stats), workflow, view)

function flat<T extends { trigger: unknown; catchUp: unknown; recordSkips: unknown; contracts: unknown }>(
  { trigger: _trigger, catchUp: _catchUp, recordSkips: _skips, contracts: _contracts, ...shown }: T,
  workflow: Workflow,
  view: View,
) {
  if (!isRoute(workflow)) throw new Error(`${workflow.id} is no route`)
  const { kind: _kind, bodySchemaHash: _hash, tokens, ...own } = workflow.trigger
  return { ...shown, ...own, servedAt: servedAt(workflow, view), tokens: tokens.map(presentToken) }
}

/** The path at which the platform serves it. */
function servedAt({ organizationId, environment, trigger }: Workflow, view: View): string {
  const slug = view.organization(organizationId)?.slug ?? organizationId
  const path = trigger.kind === 'route' ? trigger.path : ''
  return `/run/${slug}${environment === 'test' ? '.test' : ''}${path}`
}

export function presentToken({ hash: _hash, ...token }: RouteToken) {
  return token
}
