/** PLATFORMA: `type` and `data`, and the rest of the envelope that its documentation shows. */
import type { EventFacts } from '../../../topics/deliveries.ts'
import { type DeliveryFacts, withMember } from '../../events/envelope.ts'
import { traceIdOf } from '../../events/trace-context.ts'
import { snakeFederation, snakeReplay } from './snake-case.ts'

const VERSION = '1.0'

export function renderPlatforma(event: EventFacts, payload: Buffer, delivery: DeliveryFacts): Buffer {
  const head = {
    id: event.eventId,
    type: event.type,
    version: VERSION,
    tenant_id: event.organizationId,
    timestamp: new Date(event.timeMs).toISOString(),
    source: event.source,
    metadata: { correlation_id: event.correlationId, trace_id: traceIdOf(event.traceparent) },
    ...snakeFederation(event),
    ...snakeReplay(delivery),
  }
  return withMember(JSON.stringify(head), 'data', payload)
}
