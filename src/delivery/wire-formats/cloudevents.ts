/**
 * CloudEvents 1.0, structured mode, JSON. Fields of the envelope beyond the standard's attributes become extension
 * attributes, whose names may have lower-case letters and digits only. Attributes without a value are left out, as the
 * standard requires.
 */
import type { EventFacts } from '../../../topics/deliveries.ts'
import { type DeliveryFacts, withheld, withMember } from '../../events/envelope.ts'

export const renderCloudEvent = (event: EventFacts, payload: Buffer, delivery: DeliveryFacts): Buffer =>
  withMember(JSON.stringify(attributesOf(event, delivery)), 'data', payload)

/** For readers of the log, who have no delivery. Without a payload the extension attribute `withheld` says so. */
export function renderLogCloudEvent(event: EventFacts, payload: Buffer | undefined): Buffer {
  const attributes = JSON.stringify(attributesOf(event, undefined))
  return payload === undefined ? withheld(attributes) : withMember(attributes, 'data', payload)
}

function attributesOf(event: EventFacts, delivery: DeliveryFacts | undefined) {
  const { federation } = event
  return {
    specversion: '1.0',
    id: event.eventId,
    source: encodeURI(event.source),
    type: event.type,
    subject: event.subject ?? undefined,
    time: new Date(event.timeMs).toISOString(),
    recordedtime: new Date(event.recordedAtMs).toISOString(),
    datacontenttype: 'application/json',
    // The standard's integers have 32 bits, and `sequence` is a string that sorts (its extension "Sequence").
    sequence: String(event.sequence).padStart(16, '0'),
    canonicalname: event.canonicalName,
    organizationid: event.organizationId,
    environment: event.environment,
    actorid: event.actorId,
    schemaversion: event.schemaVersion,
    schemahash: event.schemaHash,
    correlationid: event.correlationId ?? undefined,
    causationid: event.causationId ?? undefined,
    traceparent: event.traceparent ?? undefined,
    rooteventid: event.rootEventId,
    chaindepth: event.depth,
    chainpath: event.path.length > 0 ? event.path.join(',') : undefined,
    federationgroupid: federation?.groupId,
    federationpushid: federation?.pushId,
    federationsourceorganizationid: federation?.sourceOrganizationId,
    federationsourceeventid: federation?.sourceEventId,
    replayid: delivery?.replay?.replayId,
    originaldeliveredat: delivery?.replay?.originalDeliveredAt ?? undefined,
    deliveryid: delivery?.deliveryId,
    apiversion: delivery?.apiVersion,
  }
}
