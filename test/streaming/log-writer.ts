/** Writes events into the log of an organization as admission does: in transactions, numbered, with all headers. */
import { eventHeaders } from '../../src/events/log-record.ts'
import type { KafkaSettings } from '../../src/kafka/protocol/wire.ts'
import { openTransactionalWriter } from '../../src/kafka/write/transactional-writer.ts'
import type { Owner } from '../../src/model/environments.ts'
import { eventId } from '../../src/model/ids.ts'
import { lifecycleCanonicalName } from '../../src/model/names.ts'
import { logOf } from '../../src/streaming/streaming.ts'
import type { EventFacts } from '../../topics/deliveries.ts'
import { clock, logger, random } from '../control-plane/control-plane-harness.ts'

export interface NewEvent {
  type?: string
  subject?: string
  payload?: string
  partition?: number
  recordedAtMs?: number
  kind?: string
  webhookIds?: string[]
}

export interface LogWriter {
  /** Each call is one transaction. Returns the sequence number of the last event. */
  write(owner: Owner, events: NewEvent[]): Promise<number>
  close(): Promise<void>
}

export async function openLogWriter(kafka: KafkaSettings): Promise<LogWriter> {
  const transactionalId = `log-writer.${random.bytes(6).toString('hex')}`
  const writer = await openTransactionalWriter({ kafka, transactionalId, clock, logger })
  const numbers = new Map<string, number>()
  return {
    async write(owner, list) {
      const { topic } = logOf(owner)
      const records = list.map(event => {
        const sequence = (numbers.get(topic) ?? 0) + 1
        numbers.set(topic, sequence)
        const facts = factsOf(owner, event, sequence)
        return {
          topic,
          partition: event.partition ?? 0,
          key: event.subject ?? null,
          value: event.payload ?? JSON.stringify({ n: sequence }),
          headers: eventHeaders(facts, event.webhookIds ?? []),
        }
      })
      await writer.commit(records)
      return numbers.get(topic) ?? 0
    },
    close: () => writer.close(),
  }
}

export function factsOf({ organizationId, environment }: Owner, event: NewEvent, sequence: number): EventFacts {
  const { type = 'shop.order', subject = null, partition = 0, kind = null } = event
  const recordedAtMs = event.recordedAtMs ?? Math.floor(clock.nowMs())
  const place = { timestampMs: recordedAtMs, partition, offset: sequence, kind: 'emits' as const }
  const id = eventId({ ...place, organizationId, environment })
  const isLifecycle = type === type.toUpperCase()
  return {
    ...{ eventId: id, emitId: `cee_${id.slice(4)}`, organizationId, environment, sequence, type, kind, subject },
    canonicalName: isLifecycle
      ? lifecycleCanonicalName(organizationId, type)
      : `TENANT_CUSTOM:${organizationId}:${type}@1.0.0`,
    ...{ source: 'api', actorId: 'key_1', timeMs: recordedAtMs, recordedAtMs, schemaVersion: '1.0.0' },
    ...{ schemaHash: 'a', correlationId: null, causationId: null, traceparent: null, rootEventId: id, depth: 0 },
    ...{ path: [], federation: null },
  }
}
