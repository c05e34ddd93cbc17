/**
 * What a verdict writes. Per transaction: events and deliveries as they come, audit rows and outcomes packed (one record for many rows),
 * all in the one Kafka transaction that also moves the position.
 */

import { eventHeaders } from '../../src/events/log-record.ts'
import { canonicalName } from '../../src/events/names.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import { auditEmits, auditEmitsCodec, type VerdictRow } from '../../topics/audit-emits.ts'
import { deliveries, deliveryRecordCodec } from '../../topics/deliveries.ts'
import { events } from '../../topics/events.ts'
import { type OutcomeRow, outcomes, outcomesCodec } from '../../topics/outcomes.ts'
import { quarantine } from '../../topics/quarantine.ts'
import type { Acceptance, Emit, Progress, Rejection, Verdict } from './emit.ts'

const AUDIT_RECORD_BYTES_MAX = 512 * 1024
const OUTCOMES_PER_RECORD = 2_000

export interface Outputs {
  /** Adds what this verdict writes; answers the records that go out as they are. */
  add(emit: Emit, verdict: Verdict, progress: Progress): OutRecord[]
  /** The packed rest of the transaction. */
  seal(): OutRecord[]
}

export function createOutputs(shard: number): Outputs {
  let rows: VerdictRow[] = []
  let rowBytes = 0
  let sealed: OutRecord[] = []
  let waiting = new Map<string, OutcomeRow[]>()

  function packRows(): void {
    if (rows.length === 0) return
    sealed.push({ topic: auditEmits.name, partition: shard, key: null, value: auditEmitsCodec.encode({ verdicts: rows, completions: [] }) })
    rows = []
    rowBytes = 0
  }

  return {
    add(emit, verdict, progress) {
      const row = verdictRow(emit, verdict, progress)
      rows.push(row)
      rowBytes += 400 + (row.payload?.length ?? 0)
      if (rowBytes > AUDIT_RECORD_BYTES_MAX) packRows()
      const { replyTo, ticket } = emit.request.platform ?? {}
      if (replyTo !== undefined && ticket !== undefined) {
        const list = waiting.get(replyTo)
        if (list) list.push(outcomeRow(emit, verdict, ticket))
        else waiting.set(replyTo, [outcomeRow(emit, verdict, ticket)])
      }
      if (verdict.verdict === 'accepted') return accepted(emit, verdict, shard)
      if (verdict.verdict === 'rejected' && emit.request.channel === 'kafka') return [quarantined(emit, verdict, shard)]
      return []
    },
    seal() {
      packRows()
      for (const [processId, list] of waiting) {
        for (let at = 0; at < list.length; at += OUTCOMES_PER_RECORD) {
          const value = outcomesCodec.encode({ outcomes: list.slice(at, at + OUTCOMES_PER_RECORD) })
          sealed.push({ topic: outcomes.name, partition: shard, key: processId, value })
        }
      }
      waiting = new Map()
      const done = sealed
      sealed = []
      return done
    },
  }
}

function accepted(emit: Emit, { event, webhookIds }: Acceptance, shard: number): OutRecord[] {
  const topic = events.nameFor(emit.organizationId, emit.environment)
  const log: OutRecord = { topic, partition: emit.place.partition, key: emit.record.key, value: emit.payload, headers: eventHeaders(event) }
  if (webhookIds.length === 0) return [log]
  const value = deliveryRecordCodec.encode({ event, payload: emit.payload, webhookIds })
  return [log, { topic: deliveries.name, partition: shard, key: emit.organizationId, value }]
}

/** The record as it came, with why it was rejected; the tag never leaves `emits`. */
function quarantined(emit: Emit, rejection: Rejection, shard: number): OutRecord {
  const headers: Array<[string, Buffer | string]> = Object.entries(emit.record.headers).filter(([name]) => !name.startsWith('clarion-'))
  headers.push(
    ['clarion-organization', emit.organizationId],
    ['clarion-code', rejection.code],
    ['clarion-findings', JSON.stringify(rejection.findings ?? [])],
  )
  headers.push(['clarion-ingress', `${emit.record.topic}/${emit.place.partition}/${emit.place.offset}`])
  return { topic: quarantine.name, partition: shard, key: emit.emitId, value: emit.record.value, headers }
}

function verdictRow(emit: Emit, verdict: Verdict, progress: Progress): VerdictRow {
  const { request } = emit
  const acceptance = verdict.verdict === 'accepted' ? verdict : undefined
  const event = acceptance?.event
  const original = verdict.verdict === 'duplicate' ? verdict.original : undefined
  const objection = verdict.verdict === 'rejected' || verdict.verdict === 'failed' ? verdict : undefined
  const findings = verdict.verdict === 'rejected' ? verdict.findings : undefined
  const kept = acceptance !== undefined || verdict.verdict === 'failed'
  return {
    emitId: emit.emitId,
    eventId: event?.eventId ?? original?.eventId ?? null,
    organizationId: emit.organizationId,
    environment: emit.environment,
    verdict: verdict.verdict,
    code: objection?.code ?? null,
    message: objection?.message ?? null,
    findings: findings ? JSON.stringify(findings) : null,
    name: request.fullName,
    requestedVersion: request.version ?? null,
    canonicalName: event?.canonicalName ?? original?.canonicalName ?? progress.registration?.canonicalName ?? askedFor(emit),
    registrationId: progress.registration?.id ?? null,
    schemaVersion: progress.registration?.version ?? null,
    schemaHash: progress.registration?.schemaHash ?? null,
    kind: event?.kind ?? null,
    sequence: event?.sequence ?? original?.sequence ?? null,
    subject: request.subject ?? null,
    actorId: request.platform?.actorId ?? 'producer',
    source: event?.source ?? (request.channel === 'http' ? 'api' : 'kafka'),
    timeMs: request.timeMs ?? emit.recordedAtMs,
    recordedAtMs: emit.recordedAtMs,
    judgedAtMs: emit.judgedAtMs,
    idempotencyKey: request.idempotencyKey ?? null,
    correlationId: request.correlationId ?? null,
    causationId: event?.causationId ?? progress.chain?.eventId ?? null,
    rootEventId: event?.rootEventId ?? progress.chain?.rootEventId ?? null,
    depth: event?.depth ?? 0,
    channel: request.channel,
    requestId: request.platform?.requestId ?? null,
    originalEmitId: original?.emitId ?? null,
    payloadBytes: emit.payload.length,
    payload: kept ? emit.payload : null,
    webhooks: acceptance
      ? [
          ...acceptance.webhookIds.map(webhookId => ({ webhookId, skipped: null })),
          ...acceptance.skipped.map(({ webhookId, reason }) => ({ webhookId, skipped: reason })),
        ]
      : [],
    subscriberCount: acceptance?.webhookIds.length ?? 0,
  }
}

const askedFor = ({ organizationId, request }: Emit): string | null =>
  request.version === undefined ? null : canonicalName(organizationId, request.fullName, request.version)

/** A duplicate is answered as its original was (C.11.4). */
function outcomeRow(emit: Emit, verdict: Verdict, ticket: number): OutcomeRow {
  const answer: OutcomeRow = {
    ticket,
    verdict: verdict.verdict,
    code: null,
    message: null,
    findings: null,
    emitId: emit.emitId,
    eventId: null,
    canonicalName: null,
    sequence: null,
    quotaUsed: null,
    quotaLimit: null,
  }
  if (verdict.verdict === 'accepted') {
    const { eventId, canonicalName, sequence } = verdict.event
    return { ...answer, eventId, canonicalName, sequence, quotaUsed: verdict.quota.used, quotaLimit: verdict.quota.limit }
  }
  if (verdict.verdict === 'duplicate') {
    const { emitId, eventId, canonicalName, sequence } = verdict.original
    return { ...answer, emitId, eventId, canonicalName, sequence, quotaUsed: verdict.quota.used, quotaLimit: verdict.quota.limit }
  }
  const findings = verdict.verdict === 'rejected' && verdict.findings ? JSON.stringify(verdict.findings) : null
  return { ...answer, code: verdict.code, message: verdict.message, findings }
}
