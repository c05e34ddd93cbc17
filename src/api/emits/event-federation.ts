/**
 * The origin and the relays of an event, as each side may see them. The owner sees each relay: its member, its outcome,
 * and the id and name under which it arrived; the deliveries of the peer's own webhooks stay with the peer. The peer
 * sees the source event by its id, group and push, but not its verdict, other relays or deliveries. Deliveries to an
 * endpoint are the owner's. See docs/specification/federation.md#what-each-side-sees.
 */
import type { FederationFacts } from '../../../topics/deliveries.ts'
import type { Emit } from '../../analytics/read/emit-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { Relay } from '../../analytics/read/relay-reads.ts'
import type { ControlView } from '../../model/control-view.ts'

export interface EventFederation {
  /** For an event that came from another organization. */
  source: {
    groupId: string
    pushId: string
    sourceOrganizationId: string
    sourceEventId: string
    /** Null once the relay log, which is kept for 30 days, no longer has the relay. */
    memberId: string | null
    relayId: string | null
  } | null
  /** For an event of the organization's own: one per member that it was shared with. */
  relays: Array<
    Omit<Relay, 'sourceEventId' | 'sourceEmitId' | 'sourceCanonicalName'> & { memberOrganizationId: string | null }
  >
}

export function createEventFederation({ reads, view }: { reads: Pick<Reads, 'relaysOfEvent'>; view: ControlView }) {
  async function sourceOf({ organizationId, eventId }: Emit, facts: FederationFacts): Promise<EventFederation> {
    const { groupId, pushId, sourceOrganizationId, sourceEventId } = facts
    const own = view.federation.memberships(organizationId).filter(each => each.groupId === groupId)
    const relays = await Promise.all(own.map(({ id }) => reads.relaysOfEvent(sourceOrganizationId, sourceEventId, id)))
    const relay = relays.flat().find(each => each.targetEventId === eventId)
    const by = { memberId: relay?.memberId ?? null, relayId: relay?.id ?? null }
    return { source: { groupId, pushId, sourceOrganizationId, sourceEventId, ...by }, relays: [] }
  }

  async function relaysOf(emit: Emit): Promise<EventFederation | null> {
    const relays = await reads.relaysOfEvent(emit.organizationId, emit.eventId!)
    if (relays.length === 0) return null
    const presented = relays.map(
      ({ sourceEventId: _event, sourceEmitId: _emit, sourceCanonicalName: _name, ...relay }) => ({
        ...relay,
        memberOrganizationId: view.federation.member(relay.memberId)?.memberOrganizationId ?? null,
      }),
    )
    return { source: null, relays: presented }
  }

  /** Null for an event outside federation. */
  return async (emit: Emit): Promise<EventFederation | null> => {
    if (emit.federation !== null) return sourceOf(emit, emit.federation)
    if (emit.channel === 'platform') return null
    const mayShare = emit.environment === 'live' && view.list('federation-group', emit.organizationId).length > 0
    return mayShare ? relaysOf(emit) : null
  }
}
