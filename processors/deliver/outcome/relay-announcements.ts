/** A relay to an external peer ends with its delivery: what the owner hears of it then (C.1.4, 8). */
import { announceRelay } from '../../../src/control-plane/federation/announce-relay.ts'
import { causeOf, type Lifecycle } from '../../../src/control-plane/lifecycle.ts'
import type { ControlView } from '../../../src/control-plane/view.ts'
import { parseEventId, relayId } from '../../../src/events/ids.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { Outcome } from '../attempt.ts'
import type { Delivery } from '../delivery.ts'

/** Of an attempt that has been made; none unless it ended the live delivery of a peer, and the owner listens. */
export function announceEndpoint(
  { lifecycle, view }: { lifecycle: Lifecycle; view: Pick<ControlView, 'federation'> },
  { event, webhookId, deliveryId, trigger, attempt }: Delivery,
  outcome: Outcome,
  error: string | null,
  nowMs: number,
): OutRecord[] {
  const peer = attempt?.webhook.peer
  if (!peer || trigger !== 'live' || (outcome.state !== 'success' && outcome.state !== 'failed')) return []
  // The newest is what it came by, unless it was taken back and declared anew meanwhile.
  const push = view.federation.pushes(peer.groupId).findLast(each => each.sourceCanonicalName === event.canonicalName)
  if (push === undefined) return []
  return announceRelay(
    lifecycle,
    {
      ...{ relayId: relayId(event.eventId, push.id, webhookId), step: 1, organizationId: event.organizationId, groupId: peer.groupId },
      ...{ pushId: push.id, memberId: webhookId, memberOrganizationId: null, sourceEventId: event.eventId, sourceEmitId: event.emitId },
      ...{ sourceCanonicalName: event.canonicalName, targetEventId: null, targetCanonicalName: null, deliveryId },
      ...{ status: outcome.state === 'success' ? 'relayed' : 'failed', skipReason: null, lastError: error },
      ...{ queuedAtMs: parseEventId(event.eventId)?.timestampMs ?? 0, atMs: Math.round(nowMs) },
    },
    causeOf(event),
  )
}
