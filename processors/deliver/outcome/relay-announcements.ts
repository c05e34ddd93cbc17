/** A relay to an external peer ends with its delivery: these are the events that its owner receives then. */
import { announceRelay } from '../../../src/control-plane/federation/announce-relay.ts'
import { causeOf, type Lifecycle } from '../../../src/control-plane/store/lifecycle.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import type { ControlView } from '../../../src/model/control-view.ts'
import { deliveryId as deliveryIdOf, parseEventId, relayId } from '../../../src/model/ids.ts'
import type { Webhook } from '../../../src/model/webhooks.ts'
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { Outcome } from '../attempt.ts'
import type { InFlight } from '../delivery.ts'
import type { BulkEnd } from './bulk-ended.ts'

/** For an attempt; none unless it ended the live delivery of a peer and the owner subscribes. */
export function announceEndpoint(
  parts: Parts,
  { event, webhookId, deliveryId, trigger, attempt }: InFlight,
  outcome: Outcome,
  error: string | null,
  nowMs: number,
): OutRecord[] {
  const { peer } = attempt.webhook
  if (!peer || trigger !== 'live' || (outcome.state !== 'success' && outcome.state !== 'failed')) return []
  return announce(parts, event, { webhookId, deliveryId, groupId: peer.groupId, status: outcome.state, error, nowMs })
}

/** For a relay that was owed as part of a range and ended without an attempt. */
export function announceBulkEnd(
  parts: Parts,
  event: EventFacts,
  webhook: Webhook,
  state: BulkEnd['state'],
  nowMs: number,
): OutRecord[] {
  if (!webhook.peer || state !== 'failed') return []
  const { groupId } = webhook.peer
  const deliveryId = deliveryIdOf(event.eventId, webhook.id)
  return announce(parts, event, { webhookId: webhook.id, deliveryId, groupId, status: 'failed', error: null, nowMs })
}

interface Parts {
  lifecycle: Lifecycle
  view: Pick<ControlView, 'federation'>
}

interface RelayEnd {
  webhookId: string
  deliveryId: string
  groupId: string
  status: 'success' | 'failed'
  error: string | null
  nowMs: number
}

function announce({ lifecycle, view }: Parts, event: EventFacts, end: RelayEnd): OutRecord[] {
  const { webhookId, deliveryId, groupId, status, error, nowMs } = end
  // The newest push is the one that it came by, unless that was withdrawn and declared anew meanwhile.
  const push = view.federation.pushes(groupId).findLast(each => each.sourceCanonicalName === event.canonicalName)
  if (push === undefined) return []
  return announceRelay(
    lifecycle,
    {
      ...{
        relayId: relayId(event.eventId, push.id, webhookId),
        step: 1,
        organizationId: event.organizationId,
        groupId,
      },
      ...{
        pushId: push.id,
        memberId: webhookId,
        memberOrganizationId: null,
        sourceEventId: event.eventId,
        sourceEmitId: event.emitId,
      },
      ...{ sourceCanonicalName: event.canonicalName, targetEventId: null, targetCanonicalName: null, deliveryId },
      ...{ status: status === 'success' ? 'relayed' : 'failed', skipReason: null, lastError: error },
      ...{ queuedAtMs: parseEventId(event.eventId)?.timestampMs ?? 0, atMs: Math.round(nowMs) },
    },
    causeOf(event),
  )
}
