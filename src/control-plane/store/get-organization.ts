import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Organization } from '../../model/organizations.ts'

/** Throws `not_found`, also for a deleted organization. */
export function getOrganization(view: Pick<ControlView, 'organization'>, id: string): Organization {
  const organization = view.organization(id)
  if (organization === undefined || organization.status === 'deleted')
    throw new ClarionError('not_found', 'There is no such organization.')
  return organization
}
