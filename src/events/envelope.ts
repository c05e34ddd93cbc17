/** The envelope of C.0.3 as a delivery carries it, and how the payload's own bytes get into a body. */
import type { EventFacts } from '../../topics/deliveries.ts'
import { isoTime } from '../json/iso-time.ts'
import { quoted } from '../json/quoted.ts'
import { traceIdOf } from './trace-context.ts'

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
export function renderEnvelope(
  event: EventFacts,
  payload: Buffer,
  { deliveryId, apiVersion, replay }: DeliveryFacts,
): Buffer {
  const own = `{"id":${quoted(event.eventId)},"deliveryId":${quoted(deliveryId)},"apiVersion":${quoted(apiVersion)}`
  return withMember(
    `${own},${membersOf(event)},"replay":${replay === null ? 'null' : JSON.stringify(replay)}}`,
    'data',
    payload,
  )
}

/** Of the event rendered last: an event with many webhooks is rendered for one after the other. */
let rendered: { event: EventFacts | undefined; members: string } = { event: undefined, members: '' }

/** What each of the event's deliveries says. */
function membersOf(event: EventFacts): string {
  if (rendered.event !== event) rendered = { event, members: renderMembers(event) }
  return rendered.members
}

/** Put together by hand: on the hot path, where making an object of all this and having it looked through took as long as signing. */
function renderMembers(event: EventFacts): string {
  const { federation } = event
  return (
    `"specversion":"1.0","type":${quoted(event.type)},"canonicalName":${quoted(event.canonicalName)}` +
    `,"organizationId":${quoted(event.organizationId)},"environment":"${event.environment}","sequence":${event.sequence}` +
    `,"source":${quoted(event.source)},"subject":${quotedOrNull(event.subject)},"actorId":${quoted(event.actorId)}` +
    `,"time":"${isoTime(event.timeMs)}","recordedAt":"${isoTime(event.recordedAtMs)}"` +
    `,"schemaVersion":${quoted(event.schemaVersion)},"schemaHash":${quoted(event.schemaHash)}` +
    `,"correlationId":${quotedOrNull(event.correlationId)},"causationId":${quotedOrNull(event.causationId)}` +
    `,"traceId":${quotedOrNull(traceIdOf(event.traceparent))}` +
    `,"chain":{"rootEventId":${quoted(event.rootEventId)},"depth":${event.depth},"workflowPath":${event.path.length === 0 ? '[]' : JSON.stringify(event.path)}}` +
    `,"federation":${federation === null ? 'null' : JSON.stringify(federation)}`
  )
}

const quotedOrNull = (text: string | null): string => (text === null ? 'null' : quoted(text))

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
