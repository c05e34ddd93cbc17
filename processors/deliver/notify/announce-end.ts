/**
 * The end of a notification that went out, as a lifecycle event. System notices are in the audit trail too; in-app ones
 * leave nothing but themselves.
 */
import type { Clock } from '../../../src/clock.ts'
import type { Lifecycle } from '../../../src/control-plane/store/lifecycle.ts'
import type { ShardHandle } from '../../../src/kafka/ports.ts'
import type { Ids } from '../../../src/model/ids.ts'
import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { Outputs } from '../outcome/outputs.ts'
import type { NotifyDeps } from './notify.ts'

export function createAnnounceEnd(deps: {
  handle: Pick<ShardHandle, 'write'>
  clock: Clock
  ids: Ids
  lifecycle: Pick<Lifecycle, 'announce'>
  outputs: Pick<Outputs, 'changed'>
}): NotifyDeps['announce'] {
  return ({ id, organizationId, environment, kind, sourceKind, sourceId }, channel, { status, tries, error }) => {
    const type = status === 'sent' || status === 'partially_sent' ? 'NOTIFICATION_SENT' : 'NOTIFICATION_FAILED'
    const about = sourceId?.startsWith('wh_') ? { webhookId: sourceId } : { sourceId }
    const data = { channel: channel.name, kind, ...about, tries, ...(error === null ? {} : { error }) }
    const row: ChangeRow = {
      ...{ id: deps.ids.next('chg'), organizationId, type, entityType: 'notification', entityId: id },
      ...{ canonicalName: null, actorId: 'system', occurredAtMs: Math.round(deps.clock.nowMs()) },
      ...{ previousStatus: null, status: null, reason: kind, requestId: null },
      data: JSON.stringify(data),
    }
    if (sourceKind === 'system') deps.outputs.changed(row)
    deps.handle.write(deps.lifecycle.announce(row, environment))
  }
}
