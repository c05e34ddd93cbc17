/** Any values that the fields of a row may have. */
import fc from 'fast-check'
import { type AttemptRow, DELIVERY_STATES } from '../../topics/audit-attempts.ts'
import type { ChangeRow } from '../../topics/audit-changes.ts'
import type { VerdictRow } from '../../topics/audit-emits.ts'
import { RELAY_STATES, type RelayRow, SKIP_REASONS } from '../../topics/audit-relays.ts'
import { NOON } from './audit-rows.ts'

export const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.constant('x'.repeat(70_000)),
)
const optional = fc.option(text, { nil: null })
export const ms = fc.integer({ min: NOON - 20 * 86_400_000, max: NOON })
const int = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })
/** Avro's longs in JavaScript end one before the greatest safe integer. */
const long = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 })

export const verdicts = fc.record<Partial<VerdictRow>>({
  ...{
    verdict: fc.constantFrom('accepted', 'duplicate', 'rejected', 'failed'),
    code: optional,
    message: optional,
    findings: optional,
  },
  ...{
    name: text,
    requestedVersion: optional,
    canonicalName: optional,
    registrationId: optional,
    schemaVersion: optional,
    kind: optional,
  },
  ...{
    sequence: fc.option(long, { nil: null }),
    subject: optional,
    actorId: text,
    source: text,
    timeMs: ms,
    judgedAtMs: ms,
  },
  ...{
    idempotencyKey: optional,
    correlationId: optional,
    causationId: optional,
    traceparent: fc.constantFrom(null, PARENT),
  },
  ...{
    rootEventId: optional,
    depth: int(16),
    channel: fc.constantFrom('http', 'kafka', 'platform'),
    requestId: optional,
  },
  ...{
    payloadBytes: int(31),
    payload: fc.option(
      text.map(each => Buffer.from(each)),
      { nil: null },
    ),
    subscriberCount: int(31),
  },
  ...{
    webhooks: fc.array(fc.record({ webhookId: text, skipped: optional }), { maxLength: 150 }),
    warnings: fc.array(text),
    path: fc.array(text),
  },
  ...{ federation: optional },
})
export const attempts = fc.record<Partial<AttemptRow>>({
  ...{
    attemptId: optional,
    environment: fc.constantFrom('live', 'test'),
    eventType: text,
    sequence: long,
    number: int(31),
  },
  ...{
    maxAttempts: int(31),
    trigger: fc.constantFrom('live', 'manual', 'replay', 'test'),
    state: fc.constantFrom(...DELIVERY_STATES),
  },
  ...{
    reason: optional,
    url: text,
    durationMs: int(31),
    connectMs: fc.option(int(31), { nil: null }),
    queuedMs: fc.option(int(31), { nil: null }),
    tlsMs: fc.option(int(31), { nil: null }),
    responseStatus: fc.option(int(16), { nil: null }),
  },
  ...{
    requestHeaders: optional,
    responseBody: optional,
    error: optional,
    nextAttemptAtMs: fc.option(ms, { nil: null }),
    replayId: optional,
    remoteAddress: optional,
  },
})
export const changes = fc.record<Partial<ChangeRow>>({
  ...{
    type: text,
    entityId: text,
    canonicalName: optional,
    previousStatus: optional,
    status: optional,
    reason: optional,
    ip: optional,
    data: text,
  },
})
export const relays = fc.record<Partial<RelayRow>>({
  ...{
    step: fc.constantFrom(0, 1),
    memberOrganizationId: optional,
    targetEventId: optional,
    deliveryId: optional,
    lastError: optional,
    actorId: optional,
    source: optional,
  },
  ...{
    status: fc.constantFrom(...RELAY_STATES),
    skipReason: fc.option(fc.constantFrom(...SKIP_REASONS), { nil: null }),
    queuedAtMs: ms,
    atMs: ms,
  },
})
export const aRelay: RelayRow = {
  ...{
    relayId: 'r',
    step: 0,
    organizationId: 'org_1',
    groupId: 'g',
    pushId: 'p',
    memberId: 'm',
    memberOrganizationId: null,
  },
  ...{
    sourceEventId: 'e',
    sourceEmitId: 'c',
    sourceCanonicalName: 'n',
    targetEventId: null,
    targetCanonicalName: null,
    deliveryId: null,
    actorId: null,
    source: null,
  },
  ...{ status: 'queued', skipReason: null, lastError: null, queuedAtMs: NOON, atMs: NOON },
}
