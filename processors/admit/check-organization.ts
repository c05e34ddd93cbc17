import { organizationRefusal } from '../../src/ingress/emit-rules.ts'
import type { Organization } from '../../src/model/organizations.ts'
import { type Rejection, rejected } from './emit.ts'

/** The topic determines the organization; emits of a deleted organization are rejected. */
export function checkOrganization(organization: Organization | undefined): Organization | Rejection {
  const refusal = organizationRefusal(organization)
  return refusal === undefined ? organization! : rejected(refusal)
}
