import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Workflow, WorkflowVersion } from '../../model/workflows.ts'

/** Throws `not_found`, also for a workflow of the other environment, and for a deleted one. */
export function getWorkflow(view: Pick<ControlView, 'find'>, owner: Owner, id: string): Workflow {
  const workflow = view.find('workflow', owner.organizationId, id)
  if (workflow?.environment !== owner.environment || workflow.deletedAt !== null)
    throw new ClarionError('not_found', `There is no such ${id.startsWith('rte_') ? 'route' : 'workflow'}.`)
  return workflow
}

export const versionId = (workflowId: string, version: number): string => `${workflowId}.${version}`

export const findVersion = (
  view: Pick<ControlView, 'find'>,
  { organizationId, id }: Workflow,
  version: number,
): WorkflowVersion | undefined => findVersionById(view, organizationId, id, version)

/** Also of a workflow that is deleted: its versions stay for as long as runs may need them. */
export const findVersionById = (
  view: Pick<ControlView, 'find'>,
  organizationId: string,
  workflowId: string,
  version: number,
): WorkflowVersion | undefined => view.find('workflow-version', organizationId, versionId(workflowId, version))

/** Throws `not_found` for a version that is not kept any more, or that never was. */
export function getVersion(view: Pick<ControlView, 'find'>, workflow: Workflow, version: number): WorkflowVersion {
  const found = findVersion(view, workflow, version)
  if (found === undefined)
    throw new ClarionError('not_found', `The workflow ${workflow.id} has no version ${version}, or not any more.`)
  return found
}
