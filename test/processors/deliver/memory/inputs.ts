/** The inputs of a shard, as `admit` and the API write them: events with their deliveries, and commands. */
import type { Clock } from '../../../../src/clock.ts'
import { eventHeaders } from '../../../../src/events/log-record.ts'
import { SUBSCRIBERS_HEADER } from '../../../../src/events/subscribers.ts'
import { deliveryId, emitId, eventId, type Ids } from '../../../../src/model/ids.ts'
import type { AttemptRow } from '../../../../topics/audit-attempts.ts'
import { deliveries, deliveryRecordCodec, type EventFacts } from '../../../../topics/deliveries.ts'
import {
  type DeliveryCommand,
  deliveriesCommands,
  deliveryCommandCodec,
} from '../../../../topics/deliveries-commands.ts'
import { events as eventsTopic } from '../../../../topics/events.ts'
import type { MemoryLog } from './log.ts'

interface EmitFacts {
  subject?: string | null
  environment?: 'live' | 'test'
  partition?: number
  /** Its markers have not arrived. */
  isLate?: boolean
  /** They arrive after this time. */
  lateMs?: number
  /** As `admit` wrote it before the log named subscribers. */
  isUnlisted?: boolean
}

export function createMemoryInputs(deps: { clock: Clock; ids: Ids; organizationId: string; log: MemoryLog }) {
  const { clock, ids, organizationId, log } = deps
  let lastNumber = 0
  const made = new Map<string, EventFacts>()

  function nextEvent(subject: string | null): EventFacts {
    const event = eventOf(++lastNumber, organizationId, subject, clock.nowMs())
    made.set(event.emitId, event)
    return event
  }

  function command(of: Pick<DeliveryCommand, 'kind' | 'webhookId' | 'deliveryId'> & Partial<DeliveryCommand>) {
    const caller = { actorId: 'key_1', requestId: 'req_1' }
    const facts = { commandId: ids.next('cmd'), organizationId, attempts: 0, record: null, ...caller }
    const value = deliveryCommandCodec.encode({ ...facts, ...of })
    log.append({ topic: deliveriesCommands.name, partition: 0, key: organizationId, value })
  }

  return {
    /** An event for these webhooks, in the log and in `deliveries`. */
    emit(webhookIds: string[], facts: EmitFacts = {}): EventFacts {
      const { subject = null, isLate = false, isUnlisted = false, environment = 'live' } = facts
      const topic = eventsTopic.nameFor(organizationId, environment)
      const event = { ...nextEvent(subject), environment }
      const payload = payloadOf(event)
      const byKey = (subject === null ? event.sequence : subject.charCodeAt(0)) % log.partitionCount(topic)
      const partition = facts.partition ?? byKey
      const headers = isUnlisted ? unlistedHeaders(event) : eventHeaders(event, webhookIds)
      const offset = log.append({ topic, partition, key: subject, value: payload, headers }, partition, !isLate)
      if (facts.lateMs !== undefined) clock.after(facts.lateMs, () => log.close(topic, partition, offset))
      if (webhookIds.length > 0) {
        const value = deliveryRecordCodec.encode({ event, payload, webhookIds })
        log.append({ topic: deliveries.name, partition: 0, key: organizationId, value })
      }
      return event
    },
    /** An event in the log alone, as it was written before the log named subscribers. */
    logged({ subject = null, partition }: { subject?: string | null; partition?: number } = {}): EventFacts {
      const topic = eventsTopic.nameFor(organizationId, 'live')
      const event = nextEvent(subject)
      const to = partition ?? event.sequence % log.partitionCount(topic)
      const value = payloadOf(event)
      log.append({ topic, partition: to, key: subject, value, headers: unlistedHeaders(event) }, to)
      return event
    },
    command,
    /** As the history keeps them. */
    keptEvents: (emitIds: string[]) =>
      emitIds.flatMap(id => {
        const event = made.get(id)
        return event === undefined ? [] : [{ event, payload: payloadOf(event) as Buffer | null }]
      }),
    /** One more attempt of a delivery that has ended, or (`resume`) its schedule anew. */
    retry(row: AttemptRow, resume: boolean, event: EventFacts) {
      const { webhookId, deliveryId: id, number: attempts, replayId, createdAtMs } = row
      const record = {
        ...{ event, payload: payloadOf(event), webhookId, deliveryId: id, replayId },
        ...{ attempts, attemptsBefore: attempts, once: !resume, dueAtMs: clock.nowMs(), createdAtMs },
        trigger: 'manual' as const,
      }
      command({ kind: 'retry', webhookId, deliveryId: id, attempts, record })
    },
    /** All dead letters of the webhook. */
    redrive(webhookId: string): string {
      const commandId = ids.next('cmd')
      const range = {
        ...{ environment: 'live' as const, fromSequence: 1, throughSequence: lastNumber, fromMs: null, toMs: null },
        ...{ ratePerSecond: 500, askedAtMs: clock.nowMs() },
      }
      command({ commandId, kind: 'retry', webhookId, deliveryId: '', range })
      return commandId
    },
    /** Cancels the delivery of an event. */
    cancel: (webhookId: string, event: EventFacts) =>
      command({ kind: 'cancel', webhookId, deliveryId: deliveryId(event.eventId, webhookId), event }),
    /** The log has events with numbers up to this one. */
    continueAfter(number: number) {
      lastNumber = number
    },
  }
}

const payloadOf = ({ sequence }: EventFacts) => Buffer.from(`{"n":${sequence}}`)

const unlistedHeaders = (event: EventFacts) => eventHeaders(event, []).filter(([name]) => name !== SUBSCRIBERS_HEADER)

function eventOf(sequence: number, organizationId: string, subject: string | null, nowMs: number): EventFacts {
  const owner = { organizationId, environment: 'live' } as const
  const place = { timestampMs: nowMs, partition: 0, offset: sequence, ...owner, kind: 'emits' } as const
  return {
    eventId: eventId(place),
    emitId: emitId(place),
    ...owner,
    sequence,
    type: 'orders.placed',
    canonicalName: `TENANT_CUSTOM:${organizationId}:orders.placed@1.0.0`,
    kind: null,
    source: 'api',
    subject,
    actorId: 'key_1',
    timeMs: nowMs,
    recordedAtMs: nowMs,
    schemaVersion: '1.0.0',
    schemaHash: 'ab'.repeat(32),
    correlationId: null,
    causationId: null,
    traceparent: null,
    rootEventId: eventId(place),
    depth: 0,
    path: [],
    federation: null,
  }
}
