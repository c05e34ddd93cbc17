/**
 * The headers of a record in `events.<org>` (docs/specification/kafka.md#reading-the-log): the whole envelope except
 * the payload, so that a Kafka consumer routes without parsing. Headers that begin with `ce_`, and `content-type`, are
 * the binary mode of CloudEvents' Kafka binding. Facts that another header implies (a root that is the event itself, an
 * emit id with the event's own position) are left out.
 */
import type { EventFacts, FederationFacts } from '../../topics/deliveries.ts'
import type { Headers } from '../kafka/ports.ts'
import { encodeSubscribers, SUBSCRIBERS_HEADER } from './subscribers.ts'

/** `webhookIds`: the webhooks that receive the event. */
export function eventHeaders(event: EventFacts, webhookIds: readonly string[]): Array<[string, string | Buffer]> {
  const time = new Date(event.timeMs).toISOString()
  const headers: Array<[string, string | Buffer]> = [
    ['canonical-name', event.canonicalName],
    ['event-id', event.eventId],
    ['sequence', String(event.sequence)],
    ['depth', String(event.depth)],
    ['environment', event.environment],
    ['schema-version', event.schemaVersion],
    ['schema-hash', event.schemaHash],
    ['actor-id', event.actorId],
    ['recorded-at', event.recordedAtMs === event.timeMs ? time : new Date(event.recordedAtMs).toISOString()],
    ['content-type', 'application/json'],
    ['ce_specversion', '1.0'],
    ['ce_id', event.eventId],
    ['ce_type', event.type],
    ['ce_source', event.source],
    ['ce_time', time],
  ]
  if (event.subject !== null) headers.push(['ce_subject', event.subject])
  if (event.kind !== null) headers.push(['kind', event.kind])
  if (event.correlationId !== null) headers.push(['correlation-id', event.correlationId])
  if (event.causationId !== null) headers.push(['causation-id', event.causationId])
  if (event.traceparent !== null) headers.push(['traceparent', event.traceparent])
  if (event.rootEventId !== event.eventId) headers.push(['root-event-id', event.rootEventId])
  if (event.path.length > 0) headers.push(['chain-path', event.path.join(',')])
  if (event.federation !== null) headers.push(['federation', JSON.stringify(event.federation)])
  if (event.emitId !== emitIdOf(event.eventId)) headers.push(['emit-id', event.emitId])
  headers.push([SUBSCRIBERS_HEADER, encodeSubscribers(webhookIds)])
  return headers
}

/** The inverse of `eventHeaders`. The organization comes from the topic, never from a header. */
export function readEventHeaders(headers: Headers, organizationId: string): EventFacts {
  const find = (name: string): string | null => headers[name]?.toString() ?? null
  const get = (name: string): string => {
    const value = find(name)
    if (value === null) throw new Error(`A record of the log of ${organizationId} has no header ${name}`)
    return value
  }
  const eventId = get('event-id')
  return {
    eventId,
    emitId: find('emit-id') ?? emitIdOf(eventId),
    organizationId,
    environment: get('environment') === 'test' ? 'test' : 'live',
    sequence: Number(get('sequence')),
    type: get('ce_type'),
    canonicalName: get('canonical-name'),
    kind: find('kind'),
    source: get('ce_source'),
    subject: find('ce_subject'),
    actorId: get('actor-id'),
    timeMs: Date.parse(get('ce_time')),
    recordedAtMs: Date.parse(get('recorded-at')),
    schemaVersion: get('schema-version'),
    schemaHash: get('schema-hash'),
    correlationId: find('correlation-id'),
    causationId: find('causation-id'),
    traceparent: find('traceparent'),
    rootEventId: find('root-event-id') ?? eventId,
    depth: Number(get('depth')),
    path: find('chain-path')?.split(',') ?? [],
    federation: readFederation(find('federation')),
  }
}

const readFederation = (text: string | null): FederationFacts | null =>
  text === null ? null : (JSON.parse(text) as FederationFacts)

const emitIdOf = (eventId: string): string => `cee_${eventId.slice(4)}`
