/** Rows as `admit`, `deliver` and the api write them, to be changed where a test cares. */
import { createSystemClock } from '../../src/clock.ts'
import { emitId as emitIdOf, eventId as eventIdOf } from '../../src/model/ids.ts'
import type { AttemptRow } from '../../topics/audit-attempts.ts'
import type { ChangeRow } from '../../topics/audit-changes.ts'
import type { CompletionRow, VerdictRow } from '../../topics/audit-emits.ts'

const DAY_MS = 86_400_000

/** Yesterday at noon, UTC: ClickHouse goes by the real time and drops what has expired, so the rows have to be of late. */
export const NOON = Math.floor(createSystemClock().nowMs() / DAY_MS) * DAY_MS - DAY_MS / 2
export const MONTH = new Date(NOON).toISOString().slice(0, 7)
/** The last millisecond of the month before. */
export const LAST_OF_PREVIOUS_MONTH = Date.parse(`${MONTH}-01T00:00:00.000Z`) - 1

export function idsAt(
  timestampMs: number,
  offset: number,
  organizationId = 'org_1',
  environment: 'live' | 'test' = 'live',
) {
  const place = { timestampMs, partition: 0, offset, organizationId, environment, kind: 'emits' as const }
  return { emitId: emitIdOf(place), eventId: eventIdOf(place) }
}

/** An accepted emit without subscribers; number `n` of its organization, one millisecond after the one before. */
export function verdict(n: number, changes: Partial<VerdictRow> = {}): VerdictRow {
  const recordedAtMs = changes.recordedAtMs ?? NOON + n
  const payload = Buffer.from(JSON.stringify({ n, text: 'é\u0000"\\' }))
  return {
    ...idsAt(recordedAtMs, n, changes.organizationId, changes.environment),
    organizationId: 'org_1',
    environment: 'live',
    verdict: 'accepted',
    code: null,
    message: null,
    findings: null,
    name: 'shop.order_placed',
    requestedVersion: null,
    canonicalName: 'TENANT_CUSTOM:org_1:shop.order_placed@1.0.0',
    registrationId: 'cer_1',
    schemaVersion: '1.0.0',
    schemaHash: 'ab',
    kind: null,
    sequence: n,
    subject: 'order-1',
    actorId: 'key_1',
    source: 'api',
    timeMs: recordedAtMs - 5,
    recordedAtMs,
    judgedAtMs: recordedAtMs + 3,
    idempotencyKey: null,
    correlationId: null,
    causationId: null,
    traceparent: null,
    rootEventId: null,
    depth: 0,
    channel: 'http',
    requestId: 'req_1',
    originalEmitId: null,
    payloadBytes: payload.length,
    payload,
    webhooks: [],
    subscriberCount: 0,
    warnings: [],
    path: [],
    federation: null,
    ...changes,
  }
}

/** The verdict of an emit that goes to these webhooks, and passes by `skipped` ones. */
export function matched(
  n: number,
  webhookIds: string[],
  skipped: string[] = [],
  changes: Partial<VerdictRow> = {},
): VerdictRow {
  const webhooks = [
    ...webhookIds.map(webhookId => ({ webhookId, skipped: null })),
    ...skipped.map(webhookId => ({ webhookId, skipped: 'selector_mismatch' })),
  ]
  return verdict(n, { webhooks, subscriberCount: webhookIds.length, ...changes })
}

export function completion(of: VerdictRow, state: 'DELIVERED' | 'FAILED'): CompletionRow {
  const { emitId, eventId, organizationId, environment, recordedAtMs } = of
  return {
    emitId,
    eventId: eventId ?? '',
    organizationId,
    environment,
    state,
    recordedAtMs,
    completedAtMs: recordedAtMs + 50,
  }
}

/** The first attempt of a live delivery, successful. */
export function attempt(
  of: VerdictRow,
  webhookId: string,
  deliveryId: string,
  changes: Partial<AttemptRow> = {},
): AttemptRow {
  return {
    attemptId: `att_${deliveryId}_${changes.number ?? 1}`,
    deliveryId,
    webhookId,
    organizationId: of.organizationId,
    environment: of.environment,
    eventId: of.eventId ?? '',
    emitId: of.emitId,
    eventType: of.name,
    canonicalName: of.canonicalName ?? '',
    sequence: of.sequence ?? 0,
    number: 1,
    maxAttempts: 4,
    trigger: 'live',
    state: 'success',
    reason: null,
    url: 'https://example.com/hook',
    startedAtMs: of.recordedAtMs + 10 * (changes.number ?? 1),
    durationMs: 7,
    connectMs: 1,
    firstByteMs: 6,
    ...{ queuedMs: 3, dnsMs: 1, tlsMs: null, remoteAddress: '203.0.113.7' },
    responseStatus: 200,
    requestHeaders: '{"content-type":"application/json"}',
    responseHeaders: '{"server":"x"}',
    responseBody: 'ok',
    errorKind: null,
    error: null,
    nextAttemptAtMs: null,
    replayId: null,
    createdAtMs: of.recordedAtMs,
    ...changes,
  }
}

export function change(n: number, changes: Partial<ChangeRow> = {}): ChangeRow {
  return {
    id: `chg_${String(n).padStart(4, '0')}`,
    organizationId: 'org_1',
    type: 'WEBHOOK_CREATED',
    entityType: 'webhook',
    entityId: `wh_${n}`,
    canonicalName: null,
    actorId: 'key_1',
    occurredAtMs: NOON + n,
    previousStatus: null,
    status: 'active',
    reason: null,
    requestId: null,
    data: '{"url":"https://example.com"}',
    ...changes,
  }
}
