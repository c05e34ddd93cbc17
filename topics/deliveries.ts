import { avroCodec, nullable } from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** How an event came from another organization. */
export interface FederationFacts {
  groupId: string
  pushId: string
  sourceOrganizationId: string
  sourceEventId: string
  hops: number
  /** Organizations it has passed through, the source first. */
  path: string[]
}

/** An accepted emit for consumers downstream: the envelope (docs/specification/events.md#envelope) without its payload. Times are ms since 1970. */
export interface EventFacts {
  eventId: string
  emitId: string
  organizationId: string
  environment: 'live' | 'test'
  sequence: number
  /** Short type: `<namespace>.<name>`. */
  type: string
  canonicalName: string
  /** Generic event's kind, else null. */
  kind: string | null
  source: string
  subject: string | null
  actorId: string
  timeMs: number
  recordedAtMs: number
  schemaVersion: string
  schemaHash: string
  correlationId: string | null
  causationId: string | null
  /** W3C trace context: the trace that it belongs to, and the last span before it. Null when nobody traces. */
  traceparent: string | null
  rootEventId: string
  depth: number
  /** Ids of the workflows and webhooks that the chain has passed through, the newest last: docs/specification/events.md#chains. */
  path: string[]
  /** Null unless it was relayed from another organization. */
  federation: FederationFacts | null
}

/** One accepted event with the webhooks it goes to. */
export interface DeliveryRecord {
  event: EventFacts
  payload: Buffer
  webhookIds: string[]
}

export const federationFactsSchema = {
  type: 'record',
  name: 'FederationFacts',
  namespace: 'clarion',
  fields: [
    { name: 'groupId', type: 'string' },
    { name: 'pushId', type: 'string' },
    { name: 'sourceOrganizationId', type: 'string' },
    { name: 'sourceEventId', type: 'string' },
    { name: 'hops', type: 'int' },
    { name: 'path', type: { type: 'array', items: 'string' } },
  ],
}

export const eventFactsSchema = {
  type: 'record',
  name: 'EventFacts',
  namespace: 'clarion',
  fields: [
    { name: 'eventId', type: 'string' },
    { name: 'emitId', type: 'string' },
    { name: 'organizationId', type: 'string' },
    { name: 'environment', type: { type: 'enum', name: 'Environment', symbols: ['live', 'test'] } },
    { name: 'sequence', type: 'long' },
    { name: 'type', type: 'string' },
    { name: 'canonicalName', type: 'string' },
    { name: 'kind', ...nullable('string') },
    { name: 'source', type: 'string' },
    { name: 'subject', ...nullable('string') },
    { name: 'actorId', type: 'string' },
    { name: 'timeMs', type: 'long' },
    { name: 'recordedAtMs', type: 'long' },
    { name: 'schemaVersion', type: 'string' },
    { name: 'schemaHash', type: 'string' },
    { name: 'correlationId', ...nullable('string') },
    { name: 'causationId', ...nullable('string') },
    { name: 'traceparent', ...nullable('string') },
    { name: 'rootEventId', type: 'string' },
    { name: 'depth', type: 'int' },
    { name: 'path', type: { type: 'array', items: 'string' }, default: [] },
    { name: 'federation', type: ['null', federationFactsSchema], default: null },
  ],
}

export const deliveryRecordCodec = avroCodec<DeliveryRecord>({
  type: 'record',
  name: 'DeliveryRecord',
  namespace: 'clarion',
  fields: [
    { name: 'event', type: eventFactsSchema },
    { name: 'payload', type: 'bytes' },
    { name: 'webhookIds', type: { type: 'array', items: 'string' } },
  ],
})

/** One record per accepted event that some webhook matches. */
export const deliveries: Topic = {
  name: 'deliveries',
  meaning: 'Accepted events with the webhooks that they go to.',
  key: 'the organization',
  value: 'Avro DeliveryRecord',
  partitions: 'shards',
  producers: ['admit'],
  consumers: ['deliver'],
  cleanup: 'delete',
  retentionMs: 7 * DAY_MS,
  logAppendTime: true,
  maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES,
}
