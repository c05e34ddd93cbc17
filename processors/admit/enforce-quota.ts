import { CODES } from '../../src/model/codes.ts'
import type { Environment } from '../../src/model/environments.ts'
import { GENERIC } from '../../src/model/names.ts'
import type { Organization } from '../../src/model/organizations.ts'
import { planOf } from '../../src/model/plans.ts'
import type { Registration } from '../../src/model/registrations.ts'
import { type Rejection, reject } from './emit.ts'

/** Free organizations may emit the generic event only. */
export function checkPlan(organization: Organization, registration: Registration): Rejection | undefined {
  const generic = registration.namespace === GENERIC.namespace && registration.name === GENERIC.name
  if (generic || organization.plan !== 'FREE') return undefined
  return reject('plan_does_not_allow_registered_events', CODES.plan_does_not_allow_registered_events.meaning)
}

/** Emits a month; null: unlimited. The test environment has no quota but a cap of its own. */
export const quotaLimit = (organization: Organization, environment: Environment): number | null =>
  environment === 'test' ? planOf(organization.plan).monthlyTestEmits : planOf(organization.plan).monthlyEmits

/** Returns the count that includes this emit, should it be accepted. */
export function enforceQuota(
  organization: Organization,
  environment: Environment,
  used: number,
): { used: number; limit: number | null } | Rejection {
  const limit = quotaLimit(organization, environment)
  if (limit !== null && used >= limit)
    return {
      ...reject('monthly_emit_quota_exceeded', `${used} of ${limit} emits of this month are used.`),
      quota: { used, limit },
    }
  return { used: used + 1, limit }
}
