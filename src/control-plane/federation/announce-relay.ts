/** What an owner hears of its relays (C.1.4, 8), if it names them: the relay log is the record of each, this makes it an event. */
import type { RelayRow } from '../../../topics/audit-relays.ts'
import type { OutRecord } from '../../kafka/ports.ts'
import type { Cause, Lifecycle } from '../store/lifecycle.ts'

const TYPES = { relayed: 'RELAYED', failed: 'RELAY_FAILED', skipped: 'RELAY_SKIPPED' } as const

/** None while the relay is on its way, and none if nobody listens. */
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
      // A relay that was tried again has another ending, and another event for it.
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
