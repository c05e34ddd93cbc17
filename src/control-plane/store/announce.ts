/** The lifecycle event that announces a change: an audit row, written in the transaction of the change itself. */

import type { ChangeRow } from '../../../topics/audit-changes.ts'
import type { Clock } from '../../clock.ts'
import type { Ids } from '../../model/ids.ts'

/** The author of a change. */
export interface Caller {
  /** Id of the key, or `operator`. */
  actorId: string
  requestId: string
  /** Address of the connection, if there is one. */
  ip?: string | undefined
}

export interface Announcement {
  organizationId: string
  /**
   * A lifecycle event of docs/reference/events.md#lifecycle-events; changes of organizations and keys have names of the
   * same form.
   */
  type: string
  entityType:
    | 'organization'
    | 'key'
    | 'registration'
    | 'webhook'
    | 'sink'
    | 'emit'
    | 'delivery'
    | 'replay'
    | 'federation-group'
    | 'federation-member'
    | 'federation-push'
    | 'listing'
    | 'fork'
    | 'drift-finding'
    | 'kafka-credential'
    | 'notification-channel'
    | 'queue'
    | 'workflow'
    | 'variable'
    | 'secret'
    | 'connection'
    | 'mail-template'
    | 'table'
  entityId: string
  canonicalName?: string
  previousStatus?: string
  status?: string
  reason?: string
  /** Fields of the event's own, beside the common ones. */
  data?: Record<string, unknown>
}

export type Announce = (caller: Caller, announcement: Announcement) => ChangeRow

export function createAnnounce(deps: { ids: Ids; clock: Clock }): Announce {
  return (caller, announcement) => ({
    id: deps.ids.next('chg'),
    organizationId: announcement.organizationId,
    type: announcement.type,
    entityType: announcement.entityType,
    entityId: announcement.entityId,
    canonicalName: announcement.canonicalName ?? null,
    actorId: caller.actorId,
    occurredAtMs: deps.clock.nowMs(),
    previousStatus: announcement.previousStatus ?? null,
    status: announcement.status ?? null,
    reason: announcement.reason ?? null,
    requestId: caller.requestId,
    ip: caller.ip ?? null,
    data: JSON.stringify(announcement.data ?? {}),
  })
}
