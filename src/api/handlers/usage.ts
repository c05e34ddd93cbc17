/** Health of the custom events (PX-22), meters (C.12) and the audit trail (C.3.4). */
import type { Reads } from '../../analytics/reads.ts'
import type { Clock } from '../../clock.ts'
import { capabilitiesOf, emitLimit, registrationsUsed } from '../../control-plane/plan-usage.ts'
import type { ControlView } from '../../control-plane/view.ts'
import { planOf } from '../../registry/plans.ts'
import { pagingOf } from '../paging.ts'
import type { LiveUsage } from '../ports.ts'
import type { Answer, Call } from '../route.ts'
import { organizationOf, ownerOf } from './caller.ts'

const RECENT_FAILURES = 10

export function createUsageHandlers(deps: { reads: Reads; view: ControlView; usage: LiveUsage; clock: Clock }) {
  const { reads, view, usage, clock } = deps
  const thisMonth = () => new Date(clock.nowMs()).toISOString().slice(0, 7)

  return {
    async health(call: Call): Promise<Answer> {
      const organization = organizationOf(call)
      const { organizationId, environment } = ownerOf(call)
      const limits = planOf(organization.plan)
      const recentFailures = await reads.recentFailures(organizationId, environment, RECENT_FAILURES)
      return {
        data: {
          plan: organization.plan,
          registrations: { used: registrationsUsed(view.list('registration', organizationId)), limit: limits.registrations },
          emits: {
            thisMonth: usage.used(organizationId, environment, thisMonth()),
            monthlyLimit: emitLimit(organization.plan, environment),
          },
          capabilities: capabilitiesOf(organization.plan),
          recentFailures,
        },
      }
    },
    /** The enforced counter for the month that runs, the recorded one for those that are over (C.12). */
    async summary(call: Call): Promise<Answer> {
      const { organizationId, environment } = ownerOf(call)
      const month = (call.query.month as string | undefined) ?? thisMonth()
      const meters = await reads.usageSummary(organizationId, environment, month)
      if (month >= thisMonth()) meters.emits = usage.used(organizationId, environment, month)
      const { plan } = organizationOf(call)
      return { data: { month, environment, meters, limits: { emits: emitLimit(plan, environment), webhooks: planOf(plan).webhooks } } }
    },
    async audit(call: Call): Promise<Answer> {
      const { organizationId } = ownerOf(call)
      const filter = call.query as { type?: string; entityType?: string; entityId?: string; from?: string; to?: string }
      const { items, nextCursor } = await reads.listChanges({ organizationId, ...pagingOf(call.query), ...filter })
      return { data: items, nextCursor }
    },
  }
}
