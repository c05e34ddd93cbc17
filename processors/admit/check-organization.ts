import type { Organization } from '../../src/model/organizations.ts'
import { type Rejection, reject } from './emit.ts'

/** The topic determines the organization; emits of a deleted organization are rejected. */
export function checkOrganization(organization: Organization | undefined): Organization | Rejection {
  if (!organization || organization.status === 'deleted')
    return reject('organization_suspended', 'The organization does not exist any more.')
  if (organization.status === 'suspended') return reject('organization_suspended', 'The organization is suspended.')
  return organization
}
