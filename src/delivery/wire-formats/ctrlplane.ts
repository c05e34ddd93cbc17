/** Ctrl Plane: the fields of its event, in snake_case; `id` and `instance_id` are left out where they are empty. */
import type { EventFacts } from '../../../topics/deliveries.ts'
import { type DeliveryFacts, withMember } from '../../events/envelope.ts'
import { snakeFederation, snakeReplay } from './snake-case.ts'

export function renderCtrlplane(event: EventFacts, payload: Buffer, delivery: DeliveryFacts): Buffer {
  const head = {
    id: event.eventId || undefined,
    type: event.type,
    tenant_id: event.organizationId,
    instance_id: event.subject || undefined,
    actor_id: event.actorId,
    timestamp: new Date(event.timeMs).toISOString(),
    ...snakeFederation(event),
    ...snakeReplay(delivery),
  }
  return withMember(JSON.stringify(head), 'payload', payload)
}
