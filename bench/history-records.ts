/** Audit records as `admit` writes them, without Kafka. */

import type { LogRecord } from '../src/kafka/ports.ts'
import { emitId, eventId } from '../src/model/ids.ts'
import { auditEmits, auditEmitsCodec, type VerdictRow } from '../topics/audit-emits.ts'
import { EVENT_NAME, orderJson, PAYLOAD_BYTES } from './order.ts'

/** A transaction's record under load: cut at 512 KB. */
const VERDICTS_A_RECORD = 400

/** Accepted orders of one organization, one a millisecond. */
export function recordsOf(lane: number, verdicts: number, fromMs: number): LogRecord[] {
  const records: LogRecord[] = []
  for (let first = 0; first < verdicts; first += VERDICTS_A_RECORD) {
    const count = Math.min(VERDICTS_A_RECORD, verdicts - first)
    const value = auditEmitsCodec.encode({
      verdicts: Array.from({ length: count }, (_, n) => verdictOf(lane, first + n, fromMs + first + n)),
      completions: [],
    })
    records.push({
      topic: auditEmits.name,
      partition: lane,
      offset: records.length,
      timestampMs: fromMs + first,
      key: null,
      value,
      headers: {},
    })
  }
  return records
}

function verdictOf(lane: number, n: number, recordedAtMs: number): VerdictRow {
  const organizationId = `org_${String(lane).padStart(26, '0')}`
  const place = {
    timestampMs: recordedAtMs,
    partition: lane,
    offset: n,
    organizationId,
    environment: 'live',
    kind: 'emits',
  } as const
  const [id, name] = [eventId(place), `bench.${EVENT_NAME}`]
  return {
    ...{
      emitId: emitId(place),
      eventId: id,
      organizationId,
      environment: 'live',
      verdict: 'accepted',
      code: null,
      message: null,
      findings: null,
    },
    ...{ name, requestedVersion: null, canonicalName: `TENANT_CUSTOM:${organizationId}:${name}@1.0.0` },
    ...{
      registrationId: 'cer_01kd0000000000000000000000',
      schemaVersion: '1.0.0',
      schemaHash: '0123456789abcdef'.repeat(4),
      kind: null,
    },
    ...{ sequence: n + 1, subject: `customer-${n % 1_000}`, actorId: 'key_01kd0000000000000000000000', source: 'api' },
    ...{ timeMs: recordedAtMs - 5, recordedAtMs, judgedAtMs: recordedAtMs + 3 },
    ...{ idempotencyKey: null, correlationId: null, causationId: null, traceparent: null, rootEventId: id, depth: 0 },
    ...{ channel: 'http', requestId: `req_${String(n).padStart(26, '0')}`, originalEmitId: null },
    ...{ payloadBytes: PAYLOAD_BYTES, payload: Buffer.from(orderJson(n)) },
    ...{ webhooks: [], subscriberCount: 0, warnings: [], path: [], federation: null },
  }
}
