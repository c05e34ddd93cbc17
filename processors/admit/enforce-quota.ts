import { planRefusal, quotaLimit, quotaRefusal } from '../../src/ingress/emit-rules.ts'
import type { Environment } from '../../src/model/environments.ts'
import type { Organization } from '../../src/model/organizations.ts'
import type { Registration } from '../../src/model/registrations.ts'
import { type Rejection, rejected } from './emit.ts'

export { quotaLimit } from '../../src/ingress/emit-rules.ts'

export function checkPlan(organization: Organization, registration: Registration): Rejection | undefined {
  const refusal = planRefusal(organization, registration)
  return refusal && rejected(refusal)
}

/** Returns the count that includes this emit, should it be accepted. */
export function enforceQuota(
  organization: Organization,
  environment: Environment,
  used: number,
): { used: number; limit: number | null } | Rejection {
  const limit = quotaLimit(organization, environment)
  const refusal = quotaRefusal(used, limit)
  return refusal === undefined ? { used: used + 1, limit } : { ...rejected(refusal), quota: { used, limit: limit! } }
}
