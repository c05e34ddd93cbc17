/**
 * Events as Kafka records: CloudEvents 1.0 in binary mode, which the ingress of a Clarion platform takes, and which its log is in.
 */
import type { KafkaMessage, Message } from 'kafkajs'
import { BusError } from '../errors.ts'
import { type Event, immutable } from '../event.ts'

const TYPE_JSON = 'application/json'

/** `source` is what CloudEvents require: a URI reference of the publisher. */
export function recordOf(event: Event, source: string): Message {
  const headers: Record<string, string | null> = {
    'content-type': TYPE_JSON,
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_source: source,
    ce_type: event.type,
    ce_time: event.time,
    ce_subject: event.subject,
    ce_correlationid: event.correlationId,
    ce_tenantid: event.tenantId,
    ce_actorid: event.actorId,
    // A platform accepts the same event once, however often it was written.
    ce_idempotencykey: event.id,
  }
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null)
  return { key: event.subject, value: JSON.stringify(event.payload), headers: Object.fromEntries(given) }
}

/** Throws `record_unreadable` for a record that is no such event. */
export function eventOf({ headers = {}, value }: KafkaMessage, tenantId: string | null): Event {
  const find = (...names: string[]): string | null => {
    for (const name of names) {
      const found = headers[name]
      if (found !== undefined) return String(found)
    }
    return null
  }
  try {
    return immutable({
      id: find('ce_id', 'event-id') as string,
      type: find('ce_type') as string,
      time: find('ce_time') as string,
      subject: find('ce_subject'),
      payload: JSON.parse(value?.toString('utf8') ?? 'null'),
      tenantId: find('ce_tenantid') ?? tenantId,
      actorId: find('ce_actorid', 'actor-id'),
      correlationId: find('ce_correlationid', 'correlation-id'),
    })
  } catch (error) {
    throw new BusError('record_unreadable', (error as Error).message, { cause: error })
  }
}
