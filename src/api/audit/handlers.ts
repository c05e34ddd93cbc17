/** The audit trail. See docs/specification/usage.md#audit-trail. */
import type { Reads } from '../../analytics/read/reads.ts'
import type { Change } from '../../analytics/read/usage-reads.ts'
import type { Clock } from '../../clock.ts'
import { ownerOf } from '../http/caller.ts'
import { listed } from '../http/listed.ts'
import type { Answer, Call } from '../http/route.ts'

interface AuditQuery {
  type?: string
  /** An id; `entityId` is an alias. */
  entity?: string
  entityId?: string
  entityType?: string
  actor?: string
  from?: string
  to?: string
  count?: boolean
}

const COLUMNS = [
  ...['id', 'type', 'entityType', 'entityId', 'canonicalName', 'actorId', 'occurredAt', 'previousStatus', 'status'],
  ...['reason', 'requestId', 'ip', 'data'],
]

export function createAuditHandlers(deps: { reads: Pick<Reads, 'listEmitSteps' | 'listChanges'>; clock: Clock }) {
  const { reads, clock } = deps
  return {
    /**
     * All changes, newest first. The steps of emits appear only when the filter names them: there are as many as emits.
     */
    async list(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const { entity, entityId = entity, actor, type, entityType, count: _count, ...range } = call.query as AuditQuery
      const aboutEmits =
        entityType === 'emit' ||
        entityId?.startsWith('cee_') === true ||
        type?.startsWith('CUSTOM_EVENT_EMIT_') === true
      const { organizationId } = owner
      const filter = { ...range, actorId: actor, type }
      return listed<Change>(call, clock, {
        read: paging =>
          aboutEmits
            ? reads.listEmitSteps({ ...owner, ...filter, ...paging, emitId: entityId })
            : reads.listChanges({ organizationId, ...filter, ...paging, entityId, entityType }),
        ...{ present: change => change, columns: COLUMNS },
      })
    },
  }
}
