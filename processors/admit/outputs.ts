/**
 * The records that a verdict writes. Per transaction: events and deliveries one by one, audit rows and outcomes packed
 * (many rows in one record), all in the Kafka transaction that also moves the position.
 */

import { eventHeaders } from '../../src/events/log-record.ts'
import type { OutRecord } from '../../src/kafka/ports.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import { canonicalName } from '../../src/model/names.ts'
import { isNear } from '../../src/model/time.ts'
import { auditEmits, auditEmitsCodec, type VerdictRow } from '../../topics/audit-emits.ts'
import { deliveries, deliveryRecordCodec } from '../../topics/deliveries.ts'
import { events } from '../../topics/events.ts'
import { type OutcomeRow, outcomes, outcomesCodec } from '../../topics/outcomes.ts'
import { runInputCodec, runs } from '../../topics/runs.ts'
import type { Acceptance, Emit, Progress, Verdict } from './emit.ts'
import { verdictRecord } from './judge-step.ts'
import { quarantined } from './quarantined.ts'

/** Of many rows in one record. */
const PACKED_BYTES_MAX = 512 * 1024
/** Approximate size of a row, without the fields that are counted separately. */
const ROW_BYTES = { verdict: 700, webhook: 60, outcome: 300 } as const
/** A character is at most three bytes. */
const CHARACTER_BYTES = 3

export interface Outputs {
  /** Adds the records of this verdict; returns those that are not packed. */
  add(emit: Emit, verdict: Verdict, progress: Progress): OutRecord[]
  /** The packed rows of the transaction. */
  seal(): OutRecord[]
  /** Drops what was added since the last seal. */
  rollback(): void
}

export function createOutputs(shard: number, view: Pick<ControlView, 'appliedOffset'>): Outputs {
  let rows: Packed<VerdictRow> = { list: [], bytes: 0 }
  let waiting = new Map<string, Packed<OutcomeRow>>()
  let sealed: OutRecord[] = []

  function packRows(): void {
    if (rows.list.length === 0) return
    const value = auditEmitsCodec.encode({ verdicts: rows.list, completions: [] })
    sealed.push({ topic: auditEmits.name, partition: shard, key: null, value })
    rows = { list: [], bytes: 0 }
  }

  function packOutcomes(processId: string, { list }: Packed<OutcomeRow>): void {
    sealed.push({
      topic: outcomes.name,
      partition: shard,
      key: processId,
      value: outcomesCodec.encode({ outcomes: list }),
    })
    waiting.delete(processId)
  }

  function addRow(row: VerdictRow): void {
    const { payload, findings, webhooks } = row
    const text = CHARACTER_BYTES * (findings?.length ?? 0)
    const bytes = ROW_BYTES.verdict + (payload?.length ?? 0) + text + ROW_BYTES.webhook * webhooks.length
    if (rows.bytes + bytes > PACKED_BYTES_MAX) packRows()
    rows.list.push(row)
    rows.bytes += bytes
  }

  function addOutcome(processId: string, row: OutcomeRow): void {
    const bytes = ROW_BYTES.outcome + CHARACTER_BYTES * (row.findings?.length ?? 0)
    const packed = waiting.get(processId)
    if (packed && packed.bytes + bytes <= PACKED_BYTES_MAX) {
      packed.list.push(row)
      packed.bytes += bytes
      return
    }
    if (packed) packOutcomes(processId, packed)
    waiting.set(processId, { list: [row], bytes })
  }

  function recordsOf(emit: Emit, verdict: Verdict): OutRecord[] {
    if (verdict.verdict === 'accepted') return accepted(emit, verdict, shard, view.appliedOffset)
    if (verdict.verdict === 'rejected' && emit.request.channel === 'kafka' && !emit.platform)
      return [quarantined(emit, verdict, shard)]
    return []
  }

  return {
    add(emit, verdict, progress) {
      // A redrive that fails again leaves the emit as it was: failed, with the row that says why.
      if (emit.platform?.kind !== 'redrive' || verdict.verdict === 'accepted')
        addRow(verdictRow(emit, verdict, progress))
      const { replyTo, ticket } = emit.request.platform ?? {}
      if (replyTo !== undefined && ticket !== undefined)
        addOutcome(replyTo, outcomeRow(emit, verdict, ticket, progress.warnings ?? NO_WARNINGS))
      const records = recordsOf(emit, verdict)
      if (emit.platform?.step) records.push(verdictRecord(emit, emit.platform.step, verdict, shard))
      return records
    },
    seal() {
      packRows()
      for (const [processId, packed] of waiting) packOutcomes(processId, packed)
      waiting = new Map()
      const done = sealed
      sealed = []
      return done
    },
    rollback() {
      rows = { list: [], bytes: 0 }
      waiting = new Map()
      sealed = []
    },
  }
}

const NO_WARNINGS: string[] = []
const NO_PATH: string[] = []

interface Packed<Row> {
  list: Row[]
  /** Their approximate size at most. */
  bytes: number
}

function accepted(emit: Emit, acceptance: Acceptance, shard: number, controlOffset: number): OutRecord[] {
  const { event, webhookIds, workflows } = acceptance
  const topic = events.nameFor(emit.organizationId, emit.environment)
  const headers = eventHeaders(event, webhookIds)
  const log: OutRecord = { topic, partition: emit.logPartition, key: emit.logKey, value: emit.payload, headers }
  const records = [log]
  const { payload, organizationId: key } = emit
  if (webhookIds.length > 0) {
    const value = deliveryRecordCodec.encode({ event, payload, webhookIds })
    records.push({ topic: deliveries.name, partition: shard, key, value })
  }
  const { starts, refused } = workflows
  if (starts.length + refused.length > 0) {
    const start = { event, payload, workflows: starts, refused, controlOffset, replayId: null }
    const value = runInputCodec.encode({ start, verdict: null })
    records.push({ topic: runs.name, partition: shard, key, value })
  }
  return records
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
    canonicalName: (event ?? original ?? progress.registration ?? emit.platform)?.canonicalName ?? requestedName(emit),
    registrationId: progress.registration?.id ?? null,
    schemaVersion: (progress.registration?.version ?? emit.platform?.schemaVersion) || null,
    schemaHash: (progress.registration?.schemaHash ?? emit.platform?.schemaHash) || null,
    kind: event?.kind ?? null,
    sequence: event?.sequence ?? original?.sequence ?? null,
    subject: request.subject ?? null,
    actorId: request.platform?.actorId ?? 'producer',
    source: event?.source ?? emit.platform?.source ?? (request.channel === 'http' ? 'api' : 'kafka'),
    timeMs: event?.timeMs ?? timeOf(emit),
    recordedAtMs: emit.recordedAtMs,
    judgedAtMs: emit.judgedAtMs,
    idempotencyKey: request.idempotencyKey ?? null,
    correlationId: request.correlationId ?? null,
    causationId: event?.causationId ?? request.platform?.redriveOf ?? progress.chain?.eventId ?? null,
    traceparent: request.traceparent,
    rootEventId: event?.rootEventId ?? progress.chain?.rootEventId ?? null,
    depth: event?.depth ?? (progress.chain ? progress.chain.depth + 1 : 0),
    channel: request.channel,
    requestId: request.platform?.requestId ?? null,
    originalEmitId: (verdict.verdict === 'rejected' ? verdict.repeats : original?.emitId) ?? null,
    payloadBytes: emit.payload.length,
    payload: kept ? emit.payload : null,
    webhooks: acceptance
      ? [
          ...acceptance.webhookIds.map(webhookId => ({ webhookId, skipped: null })),
          ...acceptance.skipped.map(({ webhookId, reason }) => ({ webhookId, skipped: reason })),
        ]
      : [],
    subscriberCount: acceptance?.webhookIds.length ?? 0,
    warnings: progress.warnings ?? NO_WARNINGS,
    path: event?.path ?? progress.chain?.path ?? NO_PATH,
    federation: event?.federation ? JSON.stringify(event.federation) : null,
  }
}

/** A time of another age is why the emit was rejected; the history tables cannot hold it. */
const timeOf = ({ request: { timeMs }, record, recordedAtMs }: Emit): number =>
  timeMs !== undefined && isNear(timeMs, record.timestampMs) ? timeMs : recordedAtMs

const requestedName = ({ organizationId, request }: Emit): string | null =>
  request.version === undefined ? null : canonicalName(organizationId, request.fullName, request.version)

/** A duplicate gets the answer of its original, also if that failed. */
function outcomeRow(emit: Emit, verdict: Verdict, ticket: number, warnings: string[]): OutcomeRow {
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
    warnings,
  }
  if (verdict.verdict === 'accepted') {
    const { eventId, canonicalName, sequence } = verdict.event
    return {
      ...answer,
      eventId,
      canonicalName,
      sequence,
      quotaUsed: verdict.quota.used,
      quotaLimit: verdict.quota.limit,
    }
  }
  if (verdict.verdict === 'duplicate') {
    const { emitId, eventId, canonicalName, sequence } = verdict.original
    return {
      ...answer,
      emitId,
      eventId,
      canonicalName,
      sequence,
      quotaUsed: verdict.quota.used,
      quotaLimit: verdict.quota.limit,
    }
  }
  const { findings = null, repeats = emit.emitId } = verdict.verdict === 'rejected' ? verdict : {}
  return {
    ...answer,
    emitId: repeats,
    code: verdict.code,
    message: verdict.message,
    findings: findings && JSON.stringify(findings),
  }
}
