/**
 * The records that deliveries write. Retries and dead letters are written one by one; attempt rows and completions are
 * packed, many rows in one record.
 */

import { loggedAnswer, loggedHeaders } from '../../../src/delivery/request.ts'
import type { AttemptResult } from '../../../src/delivery/send.ts'
import type { OutRecord } from '../../../src/kafka/ports.ts'
import {
  type AttemptRow,
  auditAttempts,
  auditAttemptsCodec,
  type DeliveryState,
  type ShadowRow,
} from '../../../topics/audit-attempts.ts'
import { auditChanges, auditChangesCodec, type ChangeRow } from '../../../topics/audit-changes.ts'
import { auditEmits, auditEmitsCodec, type CompletionRow } from '../../../topics/audit-emits.ts'
import { deadLettersCodec, deliveriesDeadLetter } from '../../../topics/deliveries-dead-letter.ts'
import { type RetryRecord, type RetryTier, retryRecordCodec } from '../../../topics/deliveries-retry.ts'
import type { Outcome } from '../attempt.ts'
import type { Delivery, InFlight, Unsent } from '../delivery.ts'
import type { BulkEnded } from './bulk-ended.ts'

const AUDIT_RECORD_BYTES_MAX = 512 * 1024
const ROW_BYTES = 700
const COMPLETIONS_PER_RECORD = 2_000
const CHANGES_PER_RECORD = 500

export interface Outputs {
  attempted(row: AttemptRow): void
  shadowed(row: ShadowRow): void
  completed(row: CompletionRow): void
  changed(row: ChangeRow): void
  /** The packed rows of the transaction. */
  seal(): OutRecord[]
}

export function createOutputs(shard: number): Outputs {
  let rows: AttemptRow[] = []
  let rowBytes = 0
  let shadows: ShadowRow[] = []
  let completions: CompletionRow[] = []
  let changes: ChangeRow[] = []
  let packed: OutRecord[] = []

  function pack(): void {
    if (rows.length + shadows.length === 0) return
    packed.push({
      topic: auditAttempts.name,
      partition: shard,
      key: null,
      value: auditAttemptsCodec.encode({ attempts: rows, shadows }),
    })
    rows = []
    shadows = []
    rowBytes = 0
  }

  return {
    attempted(row) {
      // A character is at most three bytes.
      const text =
        (row.requestHeaders?.length ?? 0) +
        (row.responseHeaders?.length ?? 0) +
        (row.responseBody?.length ?? 0) +
        row.url.length
      if (rowBytes + ROW_BYTES + 3 * text > AUDIT_RECORD_BYTES_MAX) pack()
      rows.push(row)
      rowBytes += ROW_BYTES + 3 * text
    },
    shadowed(row) {
      if (rowBytes + ROW_BYTES > AUDIT_RECORD_BYTES_MAX) pack()
      shadows.push(row)
      rowBytes += ROW_BYTES + 3 * row.url.length
    },
    completed: row => void completions.push(row),
    changed: row => void changes.push(row),
    seal() {
      pack()
      for (let at = 0; at < completions.length; at += COMPLETIONS_PER_RECORD) {
        const value = auditEmitsCodec.encode({
          verdicts: [],
          completions: completions.slice(at, at + COMPLETIONS_PER_RECORD),
        })
        packed.push({ topic: auditEmits.name, partition: shard, key: null, value })
      }
      completions = []
      for (let at = 0; at < changes.length; at += CHANGES_PER_RECORD) {
        const value = auditChangesCodec.encode({ changes: changes.slice(at, at + CHANGES_PER_RECORD) })
        packed.push({ topic: auditChanges.name, partition: shard, key: null, value })
      }
      changes = []
      const records = packed
      packed = []
      return records
    },
  }
}

/** Into a retry topic. `changes`: after an attempt; a delivery that is only deferred keeps its schedule. */
export function retryRecord(
  delivery: Delivery,
  tier: RetryTier,
  shard: number,
  changes: Partial<RetryRecord> = {},
): OutRecord {
  const value = retryRecordCodec.encode({ ...stored(delivery), ...changes })
  return { topic: tier.topic.name, partition: shard, key: delivery.webhookId, value }
}

/** A delivery whose attempts are used up, or that its receiver declined. */
export function deadLetter(delivery: InFlight, result: AttemptResult, shard: number, nowMs: number): OutRecord {
  const value = retryRecordCodec.encode({
    ...stored(delivery),
    attempts: delivery.attempts + 1,
    dueAtMs: Math.round(nowMs),
  })
  const headers: Array<[string, string]> = [
    ['reason', result.errorKind ?? ''],
    ['error', result.error ?? ''],
    ['delivery-id', delivery.deliveryId],
    ['event-id', delivery.event.eventId],
    ['organization-id', delivery.event.organizationId],
  ]
  if (result.status !== null) headers.push(['status', String(result.status)])
  return { topic: deliveriesDeadLetter.name, partition: shard, key: delivery.webhookId, value, headers }
}

/** A delivery that ends without a further attempt. */
export function deadLetterUntried(delivery: Unsent, reason: string, shard: number): OutRecord {
  const headers: Array<[string, string]> = [
    ['reason', reason],
    ['error', ''],
    ['delivery-id', delivery.deliveryId],
    ['event-id', delivery.event.eventId],
    ['organization-id', delivery.event.organizationId],
  ]
  const value = retryRecordCodec.encode(stored(delivery))
  return { topic: deliveriesDeadLetter.name, partition: shard, key: delivery.webhookId, value, headers }
}

/** Deliveries that failed in bulk, in one record: without payloads, which are in the organization's log. */
export function deadLetters(ended: BulkEnded[], shard: number): OutRecord {
  const { range, reason } = ended[0]!
  const { webhookId, organizationId, environment } = range
  const numbers = ended.map(({ event }) => event.sequence)
  const eventIds = ended.map(({ event }) => event.eventId)
  const value = deadLettersCodec.encode({ webhookId, organizationId, environment, reason, numbers, eventIds })
  const headers: Array<[string, string]> = [
    ['reason', reason],
    ['error', ''],
    ['organization-id', organizationId],
    ['count', String(ended.length)],
  ]
  return { topic: deliveriesDeadLetter.name, partition: shard, key: `packed/${webhookId}`, value, headers }
}

/** The row of a delivery that ended in bulk. */
export function bulkRow(ended: BulkEnded, nowMs: number): AttemptRow {
  const { range, webhook, event, deliveryId, entry, state, reason } = ended
  const { webhookId } = range
  const replayId = entry ? entry.replayId : event.sequence <= range.pausedThrough ? range.replayId : null
  const facts = {
    event,
    webhookId,
    deliveryId,
    trigger: entry?.trigger ?? 'live',
    replayId,
    createdAtMs: entry?.createdAtMs ?? event.recordedAtMs,
  }
  const attempts = entry?.attempts ?? 0
  return stepRow(
    { ...facts, attempts },
    { state, reason, maxAttempts: webhook?.retryDelaysMs.length ?? attempts, nowMs },
  )
}

function stored(delivery: Delivery): RetryRecord {
  const { event, payload, webhookId, deliveryId, attempts, dueAtMs, trigger, replayId, once, createdAtMs } = delivery
  const { attemptsBefore = 0, originalDeliveredAtMs = null } = delivery
  const facts = { event, payload, webhookId, deliveryId, attempts, dueAtMs, trigger, once, attemptsBefore, createdAtMs }
  return { ...facts, replayId, originalDeliveredAtMs }
}

export function attemptRow(attemptId: string, delivery: InFlight, result: AttemptResult, outcome: Outcome): AttemptRow {
  const { webhook, headers, queuedMs } = delivery.attempt
  const { event } = delivery
  // Spelled out: a row is made for each attempt, and a spread would copy it.
  return {
    deliveryId: delivery.deliveryId,
    webhookId: delivery.webhookId,
    organizationId: event.organizationId,
    environment: event.environment,
    eventId: event.eventId,
    emitId: event.emitId,
    eventType: event.type,
    canonicalName: event.canonicalName,
    sequence: event.sequence,
    trigger: delivery.trigger,
    replayId: delivery.replayId,
    createdAtMs: createdAtOf(delivery),
    attemptId,
    number: delivery.attempts + 1,
    maxAttempts: webhook.retryDelaysMs.length,
    state: outcome.state,
    reason: 'reason' in outcome ? outcome.reason : null,
    url: webhook.url,
    startedAtMs: Math.round(result.startedAtMs),
    durationMs: result.durationMs,
    queuedMs,
    dnsMs: result.dnsMs,
    connectMs: result.connectMs,
    tlsMs: result.tlsMs,
    remoteAddress: result.remoteAddress,
    firstByteMs: result.firstByteMs,
    responseStatus: result.status,
    requestHeaders: loggedHeaders(headers, webhook.headerNames),
    responseHeaders: loggedAnswer(result),
    responseBody: result.status === null ? null : result.body.toString(),
    errorKind: result.errorKind,
    error: result.error,
    nextAttemptAtMs: outcome.state === 'retrying' ? outcome.dueAtMs : null,
  }
}

/** A step without an attempt: an end, or (`dueAtMs`) a requested manual retry. */
export function stepRow(
  delivery: Facts & Pick<Delivery, 'attempts'>,
  step: { state: DeliveryState; reason: string; maxAttempts: number; nowMs: number; dueAtMs?: number },
): AttemptRow {
  return {
    ...factsOf(delivery),
    attemptId: null,
    number: delivery.attempts,
    maxAttempts: step.maxAttempts,
    state: step.state,
    reason: step.reason,
    url: '',
    startedAtMs: Math.round(step.nowMs),
    durationMs: 0,
    queuedMs: null,
    dnsMs: null,
    connectMs: null,
    tlsMs: null,
    remoteAddress: null,
    firstByteMs: null,
    responseStatus: null,
    requestHeaders: null,
    responseHeaders: null,
    responseBody: null,
    errorKind: null,
    error: null,
    nextAttemptAtMs: step.dueAtMs ?? null,
  }
}

type Facts = Pick<Delivery, 'deliveryId' | 'webhookId' | 'event' | 'trigger' | 'replayId' | 'createdAtMs'>

/**
 * A live delivery begins when its event is recorded: lists order it by that time before it has any row, and the order
 * must not change.
 */
const createdAtOf = ({ trigger, event, createdAtMs }: Facts): number =>
  trigger === 'live' ? event.recordedAtMs : createdAtMs

function factsOf(facts: Facts) {
  const { deliveryId, webhookId, event, trigger, replayId } = facts
  const createdAtMs = createdAtOf(facts)
  const { organizationId, environment, eventId, emitId, type: eventType, canonicalName, sequence } = event
  return {
    deliveryId,
    webhookId,
    organizationId,
    environment,
    eventId,
    emitId,
    eventType,
    canonicalName,
    sequence,
    trigger,
    replayId,
    createdAtMs,
  }
}
