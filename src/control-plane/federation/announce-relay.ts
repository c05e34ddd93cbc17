/** Lifecycle events about an owner's relays, for webhooks that name them. The relay log is the record of each relay. */
import type { RelayRow } from '../../../topics/audit-relays.ts'
import type { OutRecord } from '../../kafka/ports.ts'
import type { Cause, Lifecycle } from '../store/lifecycle.ts'

const TYPES = { relayed: 'RELAYED', failed: 'RELAY_FAILED', skipped: 'RELAY_SKIPPED' } as const

/** Empty while the relay is in flight, and when no webhook listens. */
export function announceRelay(lifecycle: Lifecycle, row: RelayRow, cause: Cause): OutRecord[] {
  const { organizationId, relayId, status } = row
  if (status === 'queued') return []
  const type = `CUSTOM_EVENT_FEDERATION_${TYPES[status]}`
  if (!lifecycle.isNamed(organizationId, 'live', type)) return []
  const { groupId, pushId, memberId, sourceEventId, sourceEmitId, targetEventId, targetCanonicalName, lastError } = row
  const data = {
    relayId,
    groupId,
    pushId,
    memberId,
    sourceEventId,
    sourceEmitId,
    targetEventId,
    targetCanonicalName,
    lastError,
  }
  return lifecycle.announce(
    {
      // A relay that is retried ends again, and each end is an event of its own.
      ...{
        id: `${type}/${relayId}/${row.atMs}`,
        organizationId,
        type,
        entityType: 'federation-relay',
        entityId: relayId,
      },
      ...{
        canonicalName: row.sourceCanonicalName,
        actorId: 'system',
        occurredAtMs: row.atMs,
        previousStatus: 'queued',
        status,
      },
      ...{ reason: row.skipReason ?? lastError, requestId: null, data: JSON.stringify(data) },
    },
    'live',
    cause,
  )
}
