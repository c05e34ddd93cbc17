/** An event as its peer receives it: under the peer's own name, caused by the source's event, one hop deeper. */
import type { EventFacts, FederationFacts } from '../../../topics/deliveries.ts'
import type { PlatformEmit } from '../../../topics/platform-emits.ts'
import { platformEmit } from '../../ingress/platform-emit.ts'
import type { FederationMember, FederationPush } from '../../model/federation.ts'
import { inboundCanonicalName, inboundType } from './names.ts'

export interface Arrival {
  organizationId: string
  /** The short type and the canonical name under which the event arrives. */
  type: string
  canonicalName: string
}

type Push = Pick<FederationPush, 'id' | 'groupId' | 'namespace' | 'name' | 'version'>

/** Null for an external peer, which gets the source's own event. */
export function arrivalOf(
  member: Pick<FederationMember, 'memberOrganizationId' | 'inboundNamespace'>,
  push: Push,
): Arrival | null {
  const { memberOrganizationId: organizationId } = member
  if (organizationId === null) return null
  return { organizationId, type: inboundType(member, push), canonicalName: inboundCanonicalName(member, push) }
}

/** `id`: the relay's, by which the peer's shard recognises a duplicate. */
export function relayEmit(
  event: EventFacts,
  push: Pick<Push, 'id' | 'groupId'>,
  memberId: string,
  arrival: Arrival,
  id: string,
  payload: Buffer,
): PlatformEmit {
  const { eventId, emitId, schemaVersion, schemaHash, subject, timeMs, correlationId, traceparent, rootEventId, path } =
    event
  return platformEmit({
    ...{ kind: 'relay', id, ...arrival, schemaVersion, schemaHash, subject, timeMs, correlationId, payload },
    // The source's key stays hidden from the peer.
    ...{
      source: `federation:${push.groupId}`,
      actorId: 'system',
      causationId: eventId,
      rootEventId,
      depth: event.depth + 1,
      path,
    },
    ...{ traceparent, memberId, sourceEmitId: emitId, federation: federationOf(event, push) },
  })
}

const federationOf = (
  { organizationId, eventId }: EventFacts,
  push: Pick<Push, 'id' | 'groupId'>,
): FederationFacts => ({
  ...{ groupId: push.groupId, pushId: push.id, sourceOrganizationId: organizationId, sourceEventId: eventId },
  ...{ hops: 1, path: [organizationId] },
})
