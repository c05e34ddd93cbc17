/**
 * Where an event went, and where it came from (C.1.4), as each side may see it. The owner sees each relay: to which member, what became of
 * it, and under which id and name it arrived; what the peer's own webhooks made of it is the peer's. The peer sees the event that its own one
 * follows from by its id, group and push; not its verdict, its other relays or its deliveries. An endpoint's deliveries are the owner's.
 */
import type { Emit } from '../analytics/emit-reads.ts'
import type { Reads } from '../analytics/reads.ts'
import type { Relay } from '../analytics/relay-reads.ts'
import type { ControlView } from '../control-plane/view.ts'

export interface EventFederation {
  /** Of an event that came from another organization. */
  source: {
    groupId: string
    sourceOrganizationId: string
    sourceEventId: string
    /** Null once the relay log, which is kept for 30 days, does not tell any more. */
    pushId: string | null
    memberId: string | null
    relayId: string | null
  } | null
  /** Of an event of the organization's own: one for each member that it concerned. */
  relays: Array<Omit<Relay, 'sourceEventId' | 'sourceEmitId' | 'sourceCanonicalName'> & { memberOrganizationId: string | null }>
}

const SOURCE = 'federation:'

export function createEventFederation({ reads, view }: { reads: Pick<Reads, 'relaysOfEvent'>; view: ControlView }) {
  async function sourceOf(emit: Emit): Promise<EventFederation> {
    const groupId = emit.source.slice(SOURCE.length)
    const sourceEventId = emit.causationId!
    const sourceOrganizationId = view.federation.group(groupId)?.organizationId
    if (sourceOrganizationId === undefined) return { source: null, relays: [] }
    const own = view.federation.memberships(emit.organizationId).filter(each => each.groupId === groupId)
    const relays = await Promise.all(own.map(({ id }) => reads.relaysOfEvent(sourceOrganizationId, sourceEventId, id)))
    const relay = relays.flat().find(each => each.targetEventId === emit.eventId)
    const by = { pushId: relay?.pushId ?? null, memberId: relay?.memberId ?? null, relayId: relay?.id ?? null }
    return { source: { groupId, sourceOrganizationId, sourceEventId, ...by }, relays: [] }
  }

  async function relaysOf(emit: Emit): Promise<EventFederation | null> {
    const relays = await reads.relaysOfEvent(emit.organizationId, emit.eventId!)
    if (relays.length === 0) return null
    const shown = relays.map(({ sourceEventId: _event, sourceEmitId: _emit, sourceCanonicalName: _name, ...relay }) => ({
      ...relay,
      memberOrganizationId: view.federation.member(relay.memberId)?.memberOrganizationId ?? null,
    }))
    return { source: null, relays: shown }
  }

  /** Null for an event that federation has nothing to do with. */
  return async (emit: Emit): Promise<EventFederation | null> => {
    if (emit.channel === 'platform') return emit.source.startsWith(SOURCE) && emit.causationId !== null ? sourceOf(emit) : null
    const mayShare = emit.environment === 'live' && view.list('federation-group', emit.organizationId).length > 0
    return mayShare ? relaysOf(emit) : null
  }
}
