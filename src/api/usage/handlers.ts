/** Health of the custom events, and meters. See docs/specification/usage.md#calls. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { capabilitiesOf, emitLimit, registrationsUsed, warningsOf } from '../../control-plane/plans/plan-usage.ts'
import type { LiveUsage } from '../../ingress/ports.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment, Owner } from '../../model/environments.ts'
import type { Organization } from '../../model/organizations.ts'
import { planOf } from '../../model/plans.ts'
import type { Tables } from '../../tables/tables.ts'
import { organizationOf, ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import { createTimeseries } from './timeseries.ts'

const RECENT_FAILURES = 10

export function createUsageHandlers(deps: {
  reads: Reads
  view: ControlView
  usage: LiveUsage
  tables: Pick<Tables, 'use'>
  clock: Clock
}) {
  const { reads, view, usage, tables, clock } = deps
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

  /** An unknown use is left out of `used`, and warns of nothing. */
  async function tableUses(organization: Organization, owner: Owner) {
    const { tables: tablesMax, tableBytes } = planOf(organization.plan)
    const use = await tables.use(owner)
    return [
      { meter: 'tables', used: use?.tables, limit: tablesMax },
      { meter: 'table_bytes', used: use?.bytes, limit: tableBytes },
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
      const all = [
        ...uses(organization, environment, usage.used(organizationId, environment, thisMonth())),
        ...(await tableUses(organization, { organizationId, environment })),
      ]
      const limits = Object.fromEntries(all.map(({ meter, limit }) => [meter, limit]))
      // For a past month only its emits are known; other uses at that time are not.
      const known = final ? [emitsUsed(organization, environment, meters.emits)] : all.filter(isKnown)
      const used = Object.fromEntries(known.map(({ meter, used }) => [meter, used]))
      return { data: { month, environment, final, meters, used, limits, warnings: warningsOf(known) } }
    },
    timeseries: createTimeseries(deps),
  }
}

interface Use {
  meter: string
  used: number
  limit: number | null
}

const isKnown = (use: Omit<Use, 'used'> & { used: number | undefined }): use is Use => use.used !== undefined
