/** The default wire format of a delivery: the envelope of C.0.3 as JSON (C.10). */
import type { EventFacts } from '../../topics/deliveries.ts'

export interface DeliveryFacts {
  deliveryId: string
  /** Date pinned when the webhook was made, such as `2026-07-01`. */
  apiVersion: string
}

/**
 * Renders one delivery's body. `data` is the payload's own bytes, never re-serialised, so numbers beyond double precision and the order of
 * keys survive. The idempotency key stays inside. `federation`, `replay`, `traceId` and `workflowPath` are there for a stable shape.
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
    traceId: null,
    chain: { rootEventId: event.rootEventId, depth: event.depth, workflowPath: event.path },
    federation: event.federation,
    replay: null,
  })
  const start = `${head.slice(0, -1)},"data":`
  const startBytes = Buffer.byteLength(start)
  const body = Buffer.allocUnsafe(startBytes + payload.length + 1)
  body.write(start, 0)
  payload.copy(body, startBytes)
  body[body.length - 1] = 0x7d // }
  return body
}
