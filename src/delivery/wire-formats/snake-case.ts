/** Optional fields of the two formats in snake_case: the event's origin, and that it is a replay. */
import type { EventFacts } from '../../../topics/deliveries.ts'
import type { DeliveryFacts } from '../../events/envelope.ts'

export function snakeFederation({ federation, canonicalName }: EventFacts) {
  if (federation === null) return {}
  return {
    canonical_name: canonicalName,
    federation: {
      group_id: federation.groupId,
      push_id: federation.pushId,
      source_organization_id: federation.sourceOrganizationId,
      source_event_id: federation.sourceEventId,
      hops: federation.hops,
      path: federation.path,
    },
  }
}

export function snakeReplay({ replay }: DeliveryFacts) {
  if (replay === null) return {}
  return { replay: { replay_id: replay.replayId, original_delivered_at: replay.originalDeliveredAt } }
}
