/** What a change of an organization announces (C.3), and what the organization itself is told of it (C.13). */
import type { PlatformEmit } from '../../../topics/platform-emits.ts'
import { builtInEmit } from '../../ingress/built-in-emit.ts'
import type { Organization } from '../../model/records.ts'
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

/** A new plan makes what was cached by the old one stale (C.3.2 `CUSTOM_EVENT_INVALIDATED`). */
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

/** Ctrl Plane's events of a tenant's life (C.13). Nobody can have subscribed when it begins, so that is told in the audit alone. */
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
