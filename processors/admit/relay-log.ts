/** The rows of the relay log that one transaction writes, packed; and the lifecycle events of relays for the owner, if it names them. */
import type { Cause, Lifecycle } from '../../src/control-plane/lifecycle.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { auditRelays, auditRelaysCodec, type RelayRow } from '../../topics/audit-relays.ts'

/** About 600 bytes a row: 512 KB a record. */
const ROWS_PER_RECORD = 800

export interface RelayLog {
  add(row: RelayRow): void
  /** The packed rows of the transaction. */
  seal(): OutRecord[]
}

export function createRelayLog(shard: number): RelayLog {
  let rows: RelayRow[] = []
  return {
    add: row => void rows.push(row),
    seal() {
      const records: OutRecord[] = []
      for (let at = 0; at < rows.length; at += ROWS_PER_RECORD) {
        const value = auditRelaysCodec.encode({ relays: rows.slice(at, at + ROWS_PER_RECORD) })
        records.push({ topic: auditRelays.name, partition: shard, key: null, value })
      }
      if (rows.length > 0) rows = []
      return records
    },
  }
}

const TYPES = { relayed: 'RELAYED', failed: 'RELAY_FAILED', skipped: 'RELAY_SKIPPED' } as const

/** C.1.4 (8): the relay log is the record of every relay; it becomes an event for an owner who names it. */
export function announceRelay(lifecycle: Lifecycle, row: RelayRow, cause: Cause): OutRecord[] {
  const { organizationId, relayId, status } = row
  if (status === 'queued') return []
  const type = `CUSTOM_EVENT_FEDERATION_${TYPES[status]}`
  if (!lifecycle.isNamed(organizationId, 'live', type)) return []
  const { groupId, pushId, memberId, sourceEventId, sourceEmitId, targetEventId, targetCanonicalName, lastError } = row
  const data = { relayId, groupId, pushId, memberId, sourceEventId, sourceEmitId, targetEventId, targetCanonicalName, lastError }
  return lifecycle.announce(
    {
      // A relay that was tried again has another ending, and another event for it.
      ...{ id: `${type}/${relayId}/${row.atMs}`, organizationId, type, entityType: 'federation-relay', entityId: relayId },
      ...{ canonicalName: row.sourceCanonicalName, actorId: 'system', occurredAtMs: row.atMs, previousStatus: 'queued', status },
      ...{ reason: row.skipReason ?? lastError, requestId: null, data: JSON.stringify(data) },
    },
    'live',
    cause,
  )
}
