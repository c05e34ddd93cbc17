/** The lifecycle and built-in events that follow from a change of an organization. */
import type { PlatformEmit } from '../../../topics/platform-emits.ts'
import { builtInEmit } from '../../ingress/built-in-emit.ts'
import type { Organization } from '../../model/organizations.ts'
import type { Announcement, Caller } from '../store/announce.ts'

export const ofOrganization = (
  organization: Organization,
  type: string,
  more: { previousStatus?: string; data?: Record<string, unknown> } = {},
): Announcement => ({
  organizationId: organization.id,
  type,
  entityType: 'organization',
  entityId: organization.id,
  status: organization.status,
  ...more,
})

/** A new plan makes definitions cached under the old one stale (`CUSTOM_EVENT_INVALIDATED`). */
export function announcementsOf(before: Organization, after: Organization, type: string) {
  const changed = (Object.keys(after) as Array<keyof Organization>).filter(
    field =>
      field !== 'revision' && field !== 'updatedAt' && JSON.stringify(after[field]) !== JSON.stringify(before[field]),
  )
  const data = { changed, ...(before.plan === after.plan ? {} : { previousPlan: before.plan, plan: after.plan }) }
  const main = ofOrganization(after, type, { previousStatus: before.status, data })
  return before.plan === after.plan
    ? [main]
    : [main, ofOrganization(after, 'CUSTOM_EVENT_INVALIDATED', { data: { cause: 'plan_change' } })]
}

/**
 * Ctrl Plane's built-in events of a tenant's life. Its creation goes to the audit alone: nobody can have subscribed
 * yet.
 */
export function tenantEmits(before: Organization, after: Organization, { actorId, requestId }: Caller): PlatformEmit[] {
  if (before.status === after.status || after.status === 'active') return []
  const data = { tenant_id: after.id, plan: after.plan }
  const facts = {
    organizationId: after.id,
    id: `tenant.${after.status}/${after.revision}`,
    actorId,
    requestId,
    subject: after.id,
  }
  return [builtInEmit(`tenant.${after.status}`, data, facts)]
}
