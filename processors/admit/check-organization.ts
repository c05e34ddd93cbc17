import type { Organization } from '../../src/model/records.ts'
import { type Rejection, reject } from './emit.ts'

/** C.11.4 step 6. The topic says whose emit it is; the topic of an organization that is gone is not judged on. */
export function checkOrganization(organization: Organization | undefined): Organization | Rejection {
  if (!organization || organization.status === 'deleted')
    return reject('organization_suspended', 'The organization does not exist any more.')
  if (organization.status === 'suspended') return reject('organization_suspended', 'The organization is suspended.')
  return organization
}
