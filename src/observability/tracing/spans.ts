/**
 * All spans, each with its attributes; `docs/tracing.md` explains them. Names are those of OpenTelemetry's semantic
 * conventions where one exists, else `clarion.…`. Payloads, subjects and keys are never recorded, and of a URL only the
 * host: a collector is no place for secrets.
 */
import type { IngressEmit } from '../../events/ingress-emit.ts'
import type { Span, Tracing } from './tracing.ts'

/** Facts of an emit before its verdict. */
interface RequestedEmit {
  organizationId: string
  environment: string
  fullName: string
}

/**
 * Covers a request from its arrival to its answer. `submit` gets the span's own trace context, for the spans that follow.
 */
export async function traceEmit<Answer extends { status: number; emitId: string | undefined }>(
  tracing: Tracing,
  { organizationId, environment, fullName }: RequestedEmit,
  parent: string | null,
  submit: (traceparent: string) => Promise<Answer>,
): Promise<Answer> {
  const span = tracing.begin('emit', parent)
  const about = {
    'http.request.method': 'POST',
    'clarion.organization.id': organizationId,
    'clarion.environment': environment,
    'clarion.event.type': fullName,
  }
  try {
    const answer = await submit(span.traceparent)
    const { status, emitId } = answer
    span.end(
      { ...about, 'http.response.status_code': status, 'clarion.emit.id': emitId },
      status >= 500 ? `answered ${status}` : undefined,
    )
    return answer
  } catch (error) {
    span.end(about, error instanceof Error ? error.message : String(error))
    throw error
  }
}

interface TracedAdmission {
  record: { timestampMs: number }
  request: IngressEmit
  organizationId: string
  environment: string
  emitId: string
  platform: { kind: string; memberId: string | null; federation: RelayFacts | null } | undefined
}

interface RelayFacts {
  groupId: string
  pushId: string
  sourceOrganizationId: string
}

type AdmissionResult =
  | 'repeated'
  | { verdict: 'accepted'; event: { eventId: string } }
  | { verdict: 'duplicate' }
  | { verdict: 'rejected' | 'failed'; code: string; message: string }

/**
 * Starts the span of an admission; the emit continues from it. A relay has an outer span that starts when it is written
 * for the peer. Call the returned function with the verdict.
 */
export function startAdmissionSpan(tracing: Tracing, emit: TracedAdmission): (verdict: AdmissionResult) => void {
  const { request, platform } = emit
  const relay =
    platform?.kind === 'relay' ? tracing.begin('relay', request.traceparent, emit.record.timestampMs) : undefined
  const span = tracing.begin('admit.judge', relay?.traceparent ?? request.traceparent)
  request.traceparent = span.traceparent
  return verdict => {
    endJudging(span, emit, verdict)
    if (relay) endRelay(relay, emit, verdict)
  }
}

function endJudging(
  span: Span,
  { request, organizationId, environment, emitId, platform }: TracedAdmission,
  verdict: AdmissionResult,
): void {
  const judged = verdict === 'repeated' ? undefined : verdict
  const attributes = {
    'clarion.verdict': judged?.verdict ?? 'repeated',
    'clarion.code': judged && 'code' in judged ? judged.code : undefined,
    'clarion.organization.id': organizationId,
    'clarion.environment': environment,
    'clarion.event.type': request.fullName,
    'clarion.event.id': judged && 'event' in judged ? judged.event.eventId : undefined,
    'clarion.emit.id': emitId,
    'clarion.channel': request.channel,
    'clarion.platform.kind': platform?.kind,
  }
  // A refusal is the caller's error; a failed emit is the platform's.
  span.end(attributes, judged?.verdict === 'failed' ? judged.message : undefined)
}

function endRelay(span: Span, { organizationId, platform }: TracedAdmission, verdict: AdmissionResult): void {
  const code = verdict !== 'repeated' && 'code' in verdict ? verdict.code : undefined
  const attributes = {
    'clarion.federation.group.id': platform?.federation?.groupId,
    'clarion.federation.push.id': platform?.federation?.pushId,
    'clarion.federation.member.id': platform?.memberId,
    'clarion.federation.source.organization.id': platform?.federation?.sourceOrganizationId,
    'clarion.organization.id': organizationId,
    'clarion.code': code,
  }
  span.end(attributes, code)
}

interface Attempted {
  deliveryId: string
  webhookId: string
  attempts: number
  trigger: string
  event: { organizationId: string; eventId: string; type: string; traceparent: string | null }
}

/** The part of an attempt's result that its span records. */
interface Attempt {
  status: number | null
  errorKind: string | null
  error: string | null
}

/** One request to a receiver. `send` gets the span's own trace context; undefined: no request can be made. */
export function traceAttempt<Result extends Attempt>(
  tracing: Tracing,
  delivery: Attempted,
  url: string,
  send: (traceparent: string) => Promise<Result> | undefined,
): Promise<Result> | undefined {
  const { event } = delivery
  const span = tracing.begin('deliver.attempt', event.traceparent)
  const { hostname, port = '' } = URL.parse(url) ?? {}
  const about = {
    'http.request.method': 'POST',
    'server.address': hostname,
    'server.port': port === '' ? undefined : Number(port),
    'clarion.attempt.number': delivery.attempts + 1,
    'clarion.delivery.id': delivery.deliveryId,
    'clarion.delivery.trigger': delivery.trigger,
    'clarion.webhook.id': delivery.webhookId,
    'clarion.organization.id': event.organizationId,
    'clarion.event.id': event.eventId,
    'clarion.event.type': event.type,
  }
  return send(span.traceparent)?.then(result => {
    const { status, errorKind, error } = result
    span.end({ ...about, 'http.response.status_code': status, 'error.type': errorKind }, error ?? undefined)
    return result
  })
}

/** Most spans per insert: further emits of recorded traces get none. */
export const INSERT_SPANS_MAX = 200

/** An emit whose trace is recorded. */
export interface TracedEmit {
  emitId: string
  traceparent: string
}

/** An insert, as a span in the trace of each emit that it wrote into the history. */
export function traceInsert(
  tracing: Tracing,
  insert: { table: string; rows: number; traced: readonly TracedEmit[] },
  startedAtMs: number,
): void {
  const about = {
    'db.system.name': 'clickhouse',
    'db.collection.name': insert.table,
    'db.operation.batch.size': insert.rows,
  }
  for (const { traceparent, emitId } of insert.traced.slice(0, INSERT_SPANS_MAX))
    tracing.begin('record.insert', traceparent, startedAtMs).end({ ...about, 'clarion.emit.id': emitId })
}
