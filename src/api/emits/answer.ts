/**
 * The answer to one emit, as JSON written by hand: on the hot path serializing an object would cost as much as all
 * other work.
 */
import type { OutcomeRow } from '../../../topics/outcomes.ts'
import type { EmitCall, Emitter, PendingEmit, ReadEmit, SubmitEmit } from '../../ingress/submit-emit.ts'
import type { Code, Finding } from '../../model/codes.ts'
import { traceEmit } from '../../observability/tracing/spans.ts'
import type { Tracing } from '../../observability/tracing/tracing.ts'
import { failure } from '../http/envelope.ts'

/** The core of a single answer's body, or one item of a batch. */
export interface EmitAnswer {
  status: number
  /** JSON of `data`, or of `error`. */
  json: string
  emitId: string | undefined
  /** The version that judges, where the caller's types are of another; of a batch `<name>=<version>` for each name. */
  schemaDrift?: string | undefined
}

export type AnswerEmit = (by: Emitter, read: ReadEmit, call: EmitCall) => Promise<EmitAnswer>

export function createAnswerEmit({
  submitEmit,
  tracing,
}: {
  submitEmit: SubmitEmit
  tracing?: Tracing | undefined
}): AnswerEmit {
  const answerEmit: AnswerEmit = async (by, read, call) => answerOf(await submitEmit(by, read, call), call.requestId)
  return tracing === undefined ? answerEmit : traced(answerEmit, tracing)
}

/** Later steps continue the trace from the span of the request. */
function traced(answerEmit: AnswerEmit, tracing: Tracing): AnswerEmit {
  return (by, read, call) => {
    const { fullName, traceparent: parent = null } = read.emit
    const about = { organizationId: by.organization.id, environment: by.key.environment, fullName }
    const submit = (traceparent: string) => answerEmit(by, { ...read, emit: { ...read.emit, traceparent } }, call)
    return traceEmit(tracing, about, parent, submit)
  }
}

/** Ids and canonical names need no escaping: their alphabets have no quote. */
export function answerOf(outcome: OutcomeRow | PendingEmit, requestId: string): EmitAnswer {
  const { verdict, emitId } = outcome
  if (verdict === 'pending')
    return { status: 202, json: `{"emitId":"${emitId}","status":"queued","verdict":"pending"}`, emitId }
  if (verdict === 'rejected' || verdict === 'failed') return refusalOf(outcome, requestId)
  const quota = `{"used":${outcome.quotaUsed ?? 0},"limit":${outcome.quotaLimit}}`
  const warnings = outcome.warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(outcome.warnings)}`
  const json =
    `{"emitId":"${emitId}","eventId":"${outcome.eventId}","canonicalName":"${outcome.canonicalName}","status":"queued",` +
    `"sequence":${outcome.sequence},"deduplicated":${verdict === 'duplicate'},"quota":${quota}${warnings}}`
  return { status: 202, json, emitId }
}

function refusalOf(outcome: OutcomeRow, requestId: string): EmitAnswer {
  const findings = outcome.findings === null ? undefined : (JSON.parse(outcome.findings) as Finding[])
  const code = (outcome.code ?? 'internal_error') as Code
  const { status, error } = failure(code, outcome.message ?? code, requestId, findings)
  // A failed emit is recorded and holds its key, so it cannot be emitted again: the caller needs its id to redrive it.
  if (code === 'bus_relay_failed') error.emitId = outcome.emitId
  return { status, json: JSON.stringify(error), emitId: outcome.emitId }
}
