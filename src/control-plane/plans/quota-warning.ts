import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import type { Registration } from '../../model/registrations.ts'
import type { Announce, Caller } from '../store/announce.ts'
import type { DecisionView } from '../store/overlay.ts'
import { quotaMark, registrationsUsed } from './plan-usage.ts'

/**
 * At 80, 90 and 100 % of the plan's registrations. `current`: the state without `made`; a new version of a counted name
 * is free.
 */
export function warnOfRegistrations(
  announce: Announce,
  caller: Caller,
  { id: organizationId, plan }: Organization,
  made: Registration,
  current: DecisionView,
): ChangeRow[] {
  const versions = current.event(organizationId, `${made.namespace}.${made.name}`)?.versions.values() ?? []
  if ([...versions].some(each => each.status !== 'archived')) return []
  const { registrations: limit } = planOf(plan)
  const used = registrationsUsed(current.list('registration', organizationId)) + 1
  const percent = quotaMark(used, limit)
  if (percent === undefined) return []
  const data = { quota: 'registrations', used, limit, percent }
  return [
    announce(caller, {
      organizationId,
      type: 'QUOTA_WARNING',
      entityType: 'organization',
      entityId: organizationId,
      data,
    }),
  ]
}
