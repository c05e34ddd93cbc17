/** Records of the organization's own log, `events.<org>`, as events. */
import type { KafkaMessage } from 'kafkajs'
import { readJson } from '../read-json.ts'

/** An event of the log, with the names and in the order of a delivery's body. */
export interface LogEvent {
  id: string
  specversion: '1.0'
  type: string
  canonicalName: string
  organizationId: string
  environment: string
  /** Grows by one with each event of the organization: a gap is a loss, a repetition is an event read before. */
  sequence: number
  source: string
  subject: string | null
  actorId: string
  time: string
  recordedAt: string
  schemaVersion: string
  schemaHash: string
  correlationId: string | null
  causationId: string | null
  traceId: string | null
  chain: { rootEventId: string; depth: number; workflowPath: string[] }
  federation: object | null
  /** Kind of a generic event. */
  kind: string | null
  /** The payload. `payloadJson` is its text, for numbers that JavaScript cannot represent. */
  data: unknown
  payloadJson: string
}

export function eventOf({ headers = {}, value }: KafkaMessage, organizationId: string): LogEvent {
  const find = (name: string): string | null => headers[name]?.toString() ?? null
  const get = (name: string): string => find(name) ?? ''
  const payloadJson = value?.toString('utf8') ?? 'null'
  const id = get('event-id')
  const federation = find('federation')
  return {
    id,
    specversion: '1.0',
    type: get('ce_type'),
    canonicalName: get('canonical-name'),
    organizationId,
    environment: get('environment'),
    sequence: Number(get('sequence')),
    source: get('ce_source'),
    subject: find('ce_subject'),
    actorId: get('actor-id'),
    time: get('ce_time'),
    recordedAt: get('recorded-at'),
    schemaVersion: get('schema-version'),
    schemaHash: get('schema-hash'),
    correlationId: find('correlation-id'),
    causationId: find('causation-id'),
    traceId: find('traceparent')?.split('-')[1] ?? null,
    chain: {
      rootEventId: find('root-event-id') ?? id,
      depth: Number(get('depth')),
      workflowPath: find('chain-path')?.split(',') ?? [],
    },
    federation: federation === null ? null : (JSON.parse(federation) as object),
    kind: find('kind'),
    data: readJson(payloadJson),
    payloadJson,
  }
}
