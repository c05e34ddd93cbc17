/**
 * From a read emit to its verdict: append to the organization's ingress with the platform's tag, then wait for `admit` (C.11.4, steps 3
 * and 4). Nothing is judged here.
 */
import { emits } from '../../topics/emits.ts'
import type { OutcomeRow } from '../../topics/outcomes.ts'
import type { Code, Finding } from '../model/codes.ts'
import type { ApiKey, Organization } from '../model/records.ts'
import type { ControlView } from '../model/control-view.ts'
import { emitId } from '../model/ids.ts'
import { buildIngressHeaders, type IngressTags } from '../events/ingress.ts'
import type { Appender, Place } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import { traceEmit } from '../observability/tracing/spans.ts'
import type { Tracing } from '../observability/tracing/tracing.ts'
import type { ReadEmit } from '../api/emits/emit-request.ts'
import { failure } from '../api/http/envelope.ts'
import type { OutcomeWaiter } from './verdict-waiter.ts'
import type { Overload } from './load-shedding.ts'
import { unacknowledged } from './unacknowledged.ts'

/** How long a request is held open for its verdict (C.11.4). */
export const VERDICT_TIMEOUT_MS = 2_000

export interface Emitter {
  key: ApiKey
  organization: Organization
}

/** An answer to one emit: alone the body's core, in a batch one item. */
export interface EmitAnswer {
  status: number
  /** JSON of `data`, or of `error`. */
  json: string
  emitId: string | undefined
}

/** `async`: do not wait for the verdict. `redriveOf`: the emit from quarantine that this one repeats. */
export type Emitting = (by: Emitter, read: ReadEmit, requestId: string, async: boolean, more?: { redriveOf: string }) => Promise<EmitAnswer>

export function createEmitting(deps: {
  appender: Appender
  outcomes: OutcomeWaiter
  view: ControlView
  tags: IngressTags
  /** Counts what is taken; whoever calls this has asked it before. */
  overload: Overload
  tracing?: Tracing | undefined
}): Emitting {
  const { appender, outcomes, view, tags, overload, tracing } = deps
  let turn = 0

  /** Kafka's own rule for keyed records, so that a subject's emits stand in one partition whichever way they come in. */
  function partitionOf(organization: Organization, subject: string | undefined): number {
    if (organization.partitions === 1) return 0
    if (subject !== undefined) return shardOf(subject, organization.partitions)
    turn = (turn + 1) % organization.partitions
    return turn
  }

  const emitting: Emitting = async (by, { emit, payload }, requestId, async, more) => {
    const { key, organization } = by
    const topic = emits.nameFor(organization.id, key.environment)
    const partition = partitionOf(organization, emit.subject)
    const ticket = async ? undefined : outcomes.ticket()
    const facts = { controlOffset: view.appliedOffset, actorId: key.id, requestId, ...more }
    const platform = ticket === undefined ? facts : { ...facts, replyTo: outcomes.processId, ticket }
    const headers = buildIngressHeaders(emit, platform, { topic, value: payload, tags })
    const taken = overload.take(organization.id, topic, partition)
    let place: Place
    try {
      place = await appender.append({ topic, partition, key: emit.subject ?? null, value: payload, headers })
      taken(place.offset)
    } catch (cause) {
      taken(undefined)
      if (ticket !== undefined) outcomes.forget(ticket)
      throw unacknowledged('The emit', cause)
    }
    const outcome = ticket === undefined ? 'pending' : await outcomes.wait(ticket, VERDICT_TIMEOUT_MS)
    if (outcome !== 'pending') return answerOf(outcome, requestId)
    const id = emitId({ ...place, partition, organizationId: organization.id, environment: key.environment, kind: 'emits' })
    return { status: 202, json: `{"emitId":"${id}","status":"queued","verdict":"pending"}`, emitId: id }
  }
  return tracing === undefined ? emitting : traced(emitting, tracing)
}

/** What comes after goes on from the span of the request. */
function traced(emitting: Emitting, tracing: Tracing): Emitting {
  return ({ key, organization }, read, requestId, async, more) => {
    const { fullName, traceparent: parent = null } = read.emit
    const about = { organizationId: organization.id, environment: key.environment, fullName }
    const ask = (traceparent: string) =>
      emitting({ key, organization }, { ...read, emit: { ...read.emit, traceparent } }, requestId, async, more)
    return traceEmit(tracing, about, parent, ask)
  }
}

/** Ids and canonical names need no escaping: their alphabets have no quote. */
function answerOf(outcome: OutcomeRow, requestId: string): EmitAnswer {
  const { verdict, emitId: id, quotaUsed } = outcome
  if (verdict === 'rejected' || verdict === 'failed') return refusalOf(outcome, requestId)
  const quota = `{"used":${quotaUsed ?? 0},"limit":${outcome.quotaLimit}}`
  const json =
    `{"emitId":"${id}","eventId":"${outcome.eventId}","canonicalName":"${outcome.canonicalName}","status":"queued",` +
    `"sequence":${outcome.sequence},"deduplicated":${verdict === 'duplicate'},"quota":${quota}${outcome.warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(outcome.warnings)}`}}`
  return { status: 202, json, emitId: id }
}

function refusalOf(outcome: OutcomeRow, requestId: string): EmitAnswer {
  const findings = outcome.findings === null ? undefined : (JSON.parse(outcome.findings) as Finding[])
  const code = (outcome.code ?? 'internal_error') as Code
  const { status, error } = failure(code, outcome.message ?? code, requestId, findings)
  // A failed emit is there and must not be emitted again, which its key sees to: its id is what it can be redriven by.
  if (code === 'bus_relay_failed') error.emitId = outcome.emitId
  return { status, json: JSON.stringify(error), emitId: outcome.emitId }
}
