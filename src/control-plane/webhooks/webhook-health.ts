/**
 * Health of a webhook's endpoint, reported by the engine. Reports are idempotent: only a difference is written, and
 * each transition is announced once, in the transaction that makes it. Health is separate from `active`
 * (docs/specification/webhooks.md#health).
 */
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { Clock } from '../../clock.ts'
import type { Ids } from '../../model/ids.ts'
import type { Webhook } from '../../model/webhooks.ts'
import type { Announce, Caller } from '../store/announce.ts'
import { revised } from '../store/revision.ts'
import type { ControlStore } from '../store/store.ts'

export interface HealthReport {
  organizationId: string
  webhookId: string
  health: Webhook['health']
  /** Since when, ms since 1970. */
  sinceMs: number
  /** The webhook is to be switched off. */
  deactivate: boolean
}

export type ReportHealth = (report: HealthReport) => Promise<void>

export function createReportHealth(deps: {
  store: ControlStore
  ids: Ids
  clock: Clock
  announce: Announce
}): ReportHealth {
  const { store, ids, clock, announce } = deps

  return report => {
    const commandId = ids.next('chg')
    const caller: Caller = { actorId: 'system', requestId: commandId }
    return store.change(commandId, current => {
      const before = current.find('webhook', report.organizationId, report.webhookId)
      const after = before && withHealth(before, report, clock.nowMs())
      if (!before || !after) return { records: [], changes: [], result: undefined }
      const changes: ChangeRow[] = transitions(before, after).map(({ type, status }) =>
        announce(caller, {
          ...{ organizationId: after.organizationId, type, entityType: entityTypeOf(after), entityId: after.id },
          ...{ previousStatus: before.health, status },
          ...(type.endsWith('_DISABLED') ? { reason: after.health === 'disabled' ? 'failing_too_long' : 'gone' } : {}),
          data: { url: after.url, failingSince: after.failingSince, active: after.active },
        }),
      )
      return { records: [{ kind: 'webhook', record: after }], changes, result: undefined }
    })
  }
}

/**
 * Undefined if nothing changes. Health alone does not raise the revision: an owner's edit under way does not conflict
 * with it.
 */
function withHealth(before: Webhook, report: HealthReport, nowMs: number): Webhook | undefined {
  const failingSince = report.health === 'healthy' ? null : new Date(report.sinceMs).toISOString()
  const deactivates = report.deactivate && before.active
  if (before.health === report.health && before.failingSince === failingSince && !deactivates) return undefined
  const after = { ...before, health: report.health, failingSince }
  return deactivates ? revised(after, { active: false, pausedAt: new Date(nowMs).toISOString() }, nowMs) : after
}

const OF_WEBHOOKS = { failing: 'WEBHOOK_FAILING', recovered: 'WEBHOOK_RECOVERED', disabled: 'WEBHOOK_DISABLED' }
const OF_SINKS = { failing: 'SINK_FAILING', recovered: 'SINK_RECOVERED', disabled: 'SINK_DISABLED' }

const entityTypeOf = ({ sink }: Webhook) => (sink === undefined ? 'webhook' : 'sink')

function transitions(before: Webhook, after: Webhook): Array<{ type: string; status: string }> {
  const names = entityTypeOf(after) === 'sink' ? OF_SINKS : OF_WEBHOOKS
  const types: string[] = []
  if (before.health === 'healthy' && after.health !== 'healthy') types.push(names.failing)
  if (before.health !== 'healthy' && after.health === 'healthy') types.push(names.recovered)
  if (before.active && !after.active) types.push(names.disabled)
  return types.map(type => ({ type, status: after.health }))
}
