import {
  byDefault,
  bytes,
  codecOf,
  environment,
  int,
  list,
  long,
  optional,
  record,
  text,
  type ValueOf,
} from './avro.ts'
import { DAY_MS, DEFAULT_MAX_MESSAGE_BYTES, type Topic } from './topic.ts'

/** How an event came from another organization. */
export type FederationFacts = ValueOf<typeof federationFactsFields>

export const federationFactsFields = record('FederationFacts', {
  groupId: text,
  pushId: text,
  sourceOrganizationId: text,
  sourceEventId: text,
  hops: int,
  /** Organizations it has passed through, the source first. */
  path: list(text),
})

/** An accepted emit for consumers downstream: the envelope (docs/specification/events.md#envelope) without its payload. Times are ms since 1970. */
export type EventFacts = ValueOf<typeof eventFactsFields>

export const eventFactsFields = record('EventFacts', {
  eventId: text,
  emitId: text,
  organizationId: text,
  environment,
  sequence: long,
  /** Short type: `<namespace>.<name>`. */
  type: text,
  canonicalName: text,
  /** `kind` of the generic event, else null. */
  kind: optional(text),
  source: text,
  subject: optional(text),
  actorId: text,
  timeMs: long,
  recordedAtMs: long,
  schemaVersion: text,
  schemaHash: text,
  correlationId: optional(text),
  causationId: optional(text),
  /** W3C trace context: the trace that it belongs to, and the last span before it. Null without tracing. */
  traceparent: optional(text),
  rootEventId: text,
  depth: int,
  /** Ids of the workflows and webhooks that the chain has passed through, the newest last: docs/specification/events.md#chains. */
  path: byDefault([], list(text)),
  /** Null unless it was relayed from another organization. */
  federation: optional(federationFactsFields),
})

/** One accepted event with the webhooks it goes to. */
export type DeliveryRecord = ValueOf<typeof deliveryRecordFields>

export const deliveryRecordFields = record('DeliveryRecord', {
  event: eventFactsFields,
  payload: bytes,
  webhookIds: list(text),
})

export const deliveryRecordCodec = codecOf(deliveryRecordFields)

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
