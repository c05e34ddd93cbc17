/** Reading the organization's own log, `events.<org>`: what was accepted, in order for each subject. */
import type { KafkaMessage } from 'kafkajs'
import { type Access, accessOf, openClient } from './access.ts'

/** An event of the log, with the names and in the order of a delivery's body. */
export interface LogEvent {
  id: string
  specversion: '1.0'
  type: string
  canonicalName: string
  organizationId: string
  environment: string
  /** Grows by one with each event of the organization: a gap is a loss, a repetition is one that was read before. */
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
  /** Of a generic event. */
  kind: string | null
  /** The payload. `payloadJson` is its text, for numbers that JavaScript cannot hold. */
  data: unknown
  payloadJson: string
}

export type ConsumeOptions = Access & {
  /** Name of the consumer group, without the prefix of the credential. Its members share the log and go on where it stopped. */
  group: string
  /** Where a new group begins: with the oldest event that is kept, or (unless said) with the next one. */
  fromBeginning?: boolean
  clientId?: string
  /** The next event of a partition waits until this resolves; what it throws is thrown again after some attempts, through `onError`. */
  onEvent(event: LogEvent): void | Promise<void>
  /** The consumer has ended and will not start again. */
  onError?(error: Error): void
}

export interface Consumption {
  close(): Promise<void>
}

/** Resolves when it reads: what is accepted from then on is seen, by this member or another of its group. Only what is committed is read. */
export async function consume(options: ConsumeOptions): Promise<Consumption> {
  const access = accessOf(options)
  const topic = access.topics.events
  const organizationId = topic.replace(/^events\./, '')
  const groupId = (access.groupPrefix ?? '') + options.group
  const consumer = openClient(access, options.clientId ?? 'clarion-sdk').consumer({ groupId, maxWaitTimeInMs: 500 })
  const joined = new Promise<void>((resolve, reject) => {
    // Where `latest` is becomes known with the first fetch; what is emitted after it is certainly read.
    consumer.on(consumer.events.FETCH, () => resolve())
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (!payload.memberAssignment[topic]?.length) resolve()
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      reject(payload.error)
      if (!payload.restart) options.onError?.(payload.error)
    })
  })
  joined.catch(() => undefined) // a crash before it is awaited is no unhandled rejection
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: options.fromBeginning ?? false })
  await consumer.run({ eachMessage: ({ message }) => Promise.resolve(options.onEvent(eventOf(message, organizationId))) })
  await joined
  return { close: () => consumer.disconnect() }
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
    data: JSON.parse(payloadJson),
    payloadJson,
  }
}
