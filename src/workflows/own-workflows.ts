/** The workflows of one environment of an organization, and their index: both made once for each change of a workflow. */
import type { ControlView } from '../model/control-view.ts'
import type { Environment, Owner } from '../model/environments.ts'
import type { Workflow } from '../model/workflows.ts'
import { createWorkflowIndex, type WorkflowIndex } from './match.ts'
import { isRoute } from './route-table.ts'

interface Derived {
  own: readonly Workflow[]
  routes: readonly Workflow[]
  index: WorkflowIndex | undefined
}

/** By the organization's list, whose identity changes with each change of it. */
const derived = new WeakMap<readonly Workflow[], Partial<Record<Environment, Derived>>>()

/** Without routes and the deleted ones; oldest first. */
export const ownWorkflows = (view: Pick<ControlView, 'list'>, owner: Owner): readonly Workflow[] =>
  derivedOf(view, owner).own

/** The same for routes. */
export const ownRoutes = (view: Pick<ControlView, 'list'>, owner: Owner): readonly Workflow[] =>
  derivedOf(view, owner).routes

export function workflowIndex(view: Pick<ControlView, 'list'>, owner: Owner): WorkflowIndex {
  const known = derivedOf(view, owner)
  known.index ??= createWorkflowIndex(known.own)
  return known.index
}

function derivedOf(view: Pick<ControlView, 'list'>, { organizationId, environment }: Owner): Derived {
  const all = view.list('workflow', organizationId)
  const both = derived.get(all) ?? {}
  derived.set(all, both)
  if (both[environment] === undefined) {
    const here = all.filter(workflow => workflow.environment === environment && workflow.deletedAt === null)
    const own = here.filter(workflow => !isRoute(workflow))
    both[environment] = { own, routes: here.filter(isRoute), index: undefined }
  }
  return both[environment]
}
