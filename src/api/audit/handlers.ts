/** The audit trail. See docs/specification/usage.md#audit-trail. */
import type { Reads } from '../../analytics/read/reads.ts'
import { ownerOf } from '../http/caller.ts'
import { pagingOf } from '../http/paging.ts'
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
}

export function createAuditHandlers({ reads }: { reads: Pick<Reads, 'listEmitSteps' | 'listChanges'> }) {
  return {
    /**
     * All changes, newest first. The steps of emits appear only when the filter names them: there are as many as emits.
     */
    async list(call: Call): Promise<Answer> {
      const owner = ownerOf(call)
      const { entity, entityId = entity, actor, type, entityType, ...range } = call.query as AuditQuery
      const paging = pagingOf(call.query)
      const aboutEmits =
        entityType === 'emit' ||
        entityId?.startsWith('cee_') === true ||
        type?.startsWith('CUSTOM_EVENT_EMIT_') === true
      const { items, nextCursor } = aboutEmits
        ? await reads.listEmitSteps({ ...owner, ...paging, ...range, emitId: entityId, actorId: actor, type })
        : await reads.listChanges({
            organizationId: owner.organizationId,
            ...paging,
            ...range,
            entityId,
            entityType,
            actorId: actor,
            type,
          })
      return { data: items, nextCursor }
    },
  }
}
