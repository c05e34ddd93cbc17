/** Names of an environment (variables, secrets, connections, mail templates) that deployed workflows use. */
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { WorkflowVersion } from '../../model/workflows.ts'
import { findVersion } from './get-workflow.ts'

/** Throws `in_use` with the workflows of the environment whose live version uses the name. */
export function refuseInUse(
  view: Pick<ControlView, 'find' | 'list'>,
  { organizationId, environment }: Owner,
  name: string,
  uses: (live: WorkflowVersion) => boolean,
): void {
  const users = view.list('workflow', organizationId).filter(workflow => {
    const live = workflow.deployed && findVersion(view, workflow, workflow.deployed.version)
    return workflow.environment === environment && live && uses(live)
  })
  if (users.length === 0) return
  const details = users.map(({ id, name: called }) => {
    return { path: `/workflows/${id}`, rule: 'in_use', message: `the live version of '${called}' uses ${name}` }
  })
  const count = users.length === 1 ? 'a deployed workflow' : `${users.length} deployed workflows`
  throw new ClarionError('in_use', `${name} is used by ${count}: deploy without it first.`, { details })
}
