import { CODES } from '../../src/model/codes.ts'
import { GENERIC } from '../../src/model/names.ts'
import { planOf } from '../../src/model/plans.ts'
import type { Environment, Organization, Registration } from '../../src/model/records.ts'
import { type Rejection, reject } from './emit.ts'

/** C.11.4 step 10: Free emits the generic event only. */
export function checkPlan(organization: Organization, registration: Registration): Rejection | undefined {
  const generic = registration.namespace === GENERIC.namespace && registration.name === GENERIC.name
  if (generic || organization.plan !== 'FREE') return undefined
  return reject('plan_does_not_allow_registered_events', CODES.plan_does_not_allow_registered_events.meaning)
}

/** Emits a month; null: unlimited. Those of the test environment are on no quota, but have a cap of their own. */
export const quotaLimit = (organization: Organization, environment: Environment): number | null =>
  environment === 'test' ? planOf(organization.plan).monthlyTestEmits : planOf(organization.plan).monthlyEmits

/** C.11.4 step 13. Answers what the count will be once this emit is accepted. */
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
