/** The envelope of C.0.3 as a delivery carries it, and how the payload's own bytes get into a body. */
import type { EventFacts } from '../../topics/deliveries.ts'
import { traceIdOf } from '../observability/tracing/trace-context.ts'

/** Of a delivery that a replay made (C.8). */
export interface ReplayFacts {
  replayId: string
  /** When the event was first delivered to this receiver, ISO 8601; null where it never was, or is not known. */
  originalDeliveredAt: string | null
}

export interface DeliveryFacts {
  deliveryId: string
  /** Date pinned when the webhook was made, such as `2026-07-01`. */
  apiVersion: string
  replay: ReplayFacts | null
}

/**
 * Renders one delivery's body (C.10, format `default`). `data` is the payload's own bytes, never re-serialised, so numbers beyond double
 * precision and the order of keys survive. The idempotency key stays inside. What an event does not have is null, for a stable shape.
 */
export function renderEnvelope(event: EventFacts, payload: Buffer, delivery: DeliveryFacts): Buffer {
  const head = JSON.stringify({
    id: event.eventId,
    deliveryId: delivery.deliveryId,
    apiVersion: delivery.apiVersion,
    specversion: '1.0',
    type: event.type,
    canonicalName: event.canonicalName,
    organizationId: event.organizationId,
    environment: event.environment,
    sequence: event.sequence,
    source: event.source,
    subject: event.subject,
    actorId: event.actorId,
    time: new Date(event.timeMs).toISOString(),
    recordedAt: new Date(event.recordedAtMs).toISOString(),
    schemaVersion: event.schemaVersion,
    schemaHash: event.schemaHash,
    correlationId: event.correlationId,
    causationId: event.causationId,
    traceId: traceIdOf(event.traceparent),
    chain: { rootEventId: event.rootEventId, depth: event.depth, workflowPath: event.path },
    federation: event.federation,
    replay: delivery.replay,
  })
  return withMember(head, 'data', payload)
}

/** One more member for a JSON object that has some: its value is these bytes, as they are. */
export function withMember(object: string, name: string, value: Buffer): Buffer {
  const start = `${object.slice(0, -1)},"${name}":`
  const startBytes = Buffer.byteLength(start)
  const body = Buffer.allocUnsafe(startBytes + value.length + 1)
  body.write(start, 0)
  value.copy(body, startBytes)
  body[body.length - 1] = 0x7d // }
  return body
}
