/** The envelope of a delivery (docs/specification/events.md#envelope), with the payload's own bytes inside. */
import type { EventFacts } from '../../topics/deliveries.ts'
import { isoTime } from '../json/iso-time.ts'
import { quoted } from '../json/quoted.ts'
import { traceIdOf } from './trace-context.ts'

/** Present in a delivery that a replay made. */
export interface ReplayFacts {
  replayId: string
  /** Time of the first delivery to this receiver, ISO 8601; null if there was none, or if it is unknown. */
  originalDeliveredAt: string | null
}

/** Null on a delivery that no replay and no catch-up made. */
export function replayOf({
  replayId,
  originalDeliveredAtMs = null,
}: {
  replayId: string | null
  originalDeliveredAtMs?: number | null
}): ReplayFacts | null {
  if (replayId === null) return null
  return {
    replayId,
    originalDeliveredAt: originalDeliveredAtMs === null ? null : new Date(originalDeliveredAtMs).toISOString(),
  }
}

export interface DeliveryFacts {
  deliveryId: string
  /** The date pinned when the webhook was created, such as `2026-07-01`. */
  apiVersion: string
  replay: ReplayFacts | null
}

/**
 * Renders one delivery's body in the format `default`. `data` is the payload's own bytes, never serialised again, so
 * numbers beyond double precision and key order survive. The idempotency key is not shown. A field that an event does
 * not have is null, for a stable shape.
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

/**
 * The same envelope for readers of the log, who have no delivery: without `deliveryId` and `apiVersion`. Without a
 * payload it says `"withheld":true` where `data` would be.
 */
/** Without its payload; `replay` only where one is named. */
export function renderFacts(event: EventFacts, replay: Pick<ReplayFacts, 'replayId'> | null): string {
  const own = `{"id":${quoted(event.eventId)},${membersOf(event)}`
  return replay === null ? `${own}}` : `${own},"replay":${JSON.stringify(replay)}}`
}

export function renderLogEvent(event: EventFacts, payload: Buffer | undefined, replayId: string | null = null): Buffer {
  const replay = replayId === null ? 'null' : `{"replayId":${quoted(replayId)}}`
  const members = `{"id":${quoted(event.eventId)},${membersOf(event)},"replay":${replay}}`
  return payload === undefined ? withheld(members) : withMember(members, 'data', payload)
}

const WITHHELD = Buffer.from('true')

/** Marks a JSON object that is not empty as one whose payload the reader may not see. */
export const withheld = (object: string): Buffer => withMember(object, 'withheld', WITHHELD)

/** Cache for the last event: deliveries of one event to many webhooks are rendered one after the other. */
let rendered: { event: EventFacts | undefined; members: string } = { event: undefined, members: '' }

/** The members that all of the event's deliveries share. */
function membersOf(event: EventFacts): string {
  if (rendered.event !== event) rendered = { event, members: renderMembers(event) }
  return rendered.members
}

/** Concatenates text, because this is a hot path: building an object and serialising it took as long as signing. */
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

/** Appends a member to a JSON object that is not empty; the value is these bytes, unchanged. */
export function withMember(object: string, name: string, value: Buffer): Buffer {
  const start = `${object.slice(0, -1)},"${name}":`
  const startBytes = Buffer.byteLength(start)
  const body = Buffer.allocUnsafe(startBytes + value.length + 1)
  body.write(start, 0)
  value.copy(body, startBytes)
  body[body.length - 1] = 0x7d // }
  return body
}
