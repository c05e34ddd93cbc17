/** Health of the custom events, and meters. See docs/specification/usage.md#calls. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { capabilitiesOf, emitLimit, registrationsUsed, warningsOf } from '../../control-plane/plans/plan-usage.ts'
import type { LiveUsage } from '../../ingress/ports.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment } from '../../model/environments.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import { organizationOf, ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import { createTimeseries } from './timeseries.ts'

const RECENT_FAILURES = 10

export function createUsageHandlers(deps: { reads: Reads; view: ControlView; usage: LiveUsage; clock: Clock }) {
  const { reads, view, usage, clock } = deps
  const thisMonth = () => new Date(clock.nowMs()).toISOString().slice(0, 7)

  const emitsUsed = ({ plan }: Organization, environment: Environment, used: number) => ({
    meter: 'emits',
    used,
    limit: emitLimit(plan, environment),
  })

  /** The uses of the limits that the organization may reach. */
  function uses(organization: Organization, environment: Environment, emits: number) {
    const limits = planOf(organization.plan)
    return [
      emitsUsed(organization, environment, emits),
      {
        meter: 'registrations',
        used: registrationsUsed(view.list('registration', organization.id)),
        limit: limits.registrations,
      },
      {
        meter: 'webhooks',
        used: view.webhooks(organization.id).filter(webhook => webhook.peer === null).length,
        limit: limits.webhooks,
      },
    ]
  }

  return {
    async health(call: Call): Promise<Answer> {
      const organization = organizationOf(call)
      const { organizationId, environment } = ownerOf(call)
      const limits = planOf(organization.plan)
      const recentFailures = await reads.recentFailures(organizationId, environment, RECENT_FAILURES)
      const thisMonthsEmits = usage.used(organizationId, environment, thisMonth())
      return {
        data: {
          plan: organization.plan,
          registrations: {
            used: registrationsUsed(view.list('registration', organizationId)),
            limit: limits.registrations,
          },
          emits: { thisMonth: thisMonthsEmits, monthlyLimit: emitLimit(organization.plan, environment) },
          capabilities: capabilitiesOf(organization.plan),
          warnings: warningsOf(uses(organization, environment, thisMonthsEmits)),
          recentFailures,
        },
      }
    },
    /** The enforced counter for the current month, the recorded one for past months. */
    async summary(call: Call): Promise<Answer> {
      const organization = organizationOf(call)
      const { organizationId, environment } = ownerOf(call)
      const month = (call.query.month as string | undefined) ?? thisMonth()
      const final = month < thisMonth()
      const meters = await reads.usageSummary(organizationId, environment, month)
      if (!final) meters.emits = usage.used(organizationId, environment, month)
      const used = uses(organization, environment, usage.used(organizationId, environment, thisMonth()))
      const limits = Object.fromEntries(used.map(({ meter, limit }) => [meter, limit]))
      // For a past month only its emits are known; other uses at that time are not.
      const warnings = warningsOf(final ? [emitsUsed(organization, environment, meters.emits)] : used)
      return { data: { month, environment, final, meters, limits, warnings } }
    },
    timeseries: createTimeseries(deps),
  }
}
