/** From something that the platform emits to its verdict: append to `platform.emits`, then wait for `admit`, as for an emit (C.11.4). */
import type { OutcomeRow } from '../../topics/outcomes.ts'
import type { PlatformEmit } from '../../topics/platform-emits.ts'
import type { Clock } from '../clock.ts'
import { ClarionError, type Code, type Finding } from '../model/codes.ts'
import type { ControlView } from '../model/control-view.ts'
import { emitId } from '../model/ids.ts'
import { platformEmitRecord } from './platform-emit.ts'
import type { Appender, Place } from '../kafka/ports.ts'
import { shardOf } from '../kafka/shards.ts'
import { VERDICT_TIMEOUT_MS } from './submit-emit.ts'
import { failure, failureBody, JSON_TYPE } from '../api/http/envelope.ts'
import type { OutcomeWaiter } from './verdict-waiter.ts'
import type { Answer } from '../api/http/route.ts'
import { unacknowledged } from './unacknowledged.ts'

export type PlatformEmitting = (emit: PlatformEmit, requestId: string) => Promise<Answer>

/** Answers 202 as an emit does; throws what it was rejected with, `service_unavailable` when the append was not acknowledged. */
export function createPlatformEmitting(deps: {
  appender: Appender
  outcomes: OutcomeWaiter
  view: ControlView
  shards: number
  clock: Clock
}): PlatformEmitting {
  const { appender, outcomes, view, shards } = deps

  async function append(emit: PlatformEmit, ticket: number): Promise<Place> {
    try {
      return await appender.append(platformEmitRecord({ ...emit, replyTo: outcomes.processId, ticket }, shards, view.appliedOffset))
    } catch (cause) {
      outcomes.forget(ticket)
      throw unacknowledged('The event', cause)
    }
  }

  return async (emit, requestId) => {
    const ticket = outcomes.ticket()
    const place = await append(emit, ticket)
    const outcome = await outcomes.wait(ticket, VERDICT_TIMEOUT_MS)
    if (outcome !== 'pending') return answerOf(outcome, requestId)
    const { organizationId, environment } = emit
    const partition = shardOf(organizationId, shards)
    const id = emit.redriveOf ?? emitId({ ...place, partition, organizationId, environment, kind: 'platform' })
    return { status: 202, data: { emitId: id, status: 'queued', verdict: 'pending' } }
  }
}

function answerOf(outcome: OutcomeRow, requestId: string): Answer {
  const { verdict, emitId: id, eventId, canonicalName, sequence } = outcome
  const code = (outcome.code ?? 'internal_error') as Code
  const message = outcome.message ?? code
  if (verdict === 'rejected') {
    const details = outcome.findings === null ? undefined : (JSON.parse(outcome.findings) as Finding[])
    throw new ClarionError(code, message, details === undefined ? {} : { details })
  }
  if (verdict === 'failed') {
    // Its id is what it can be redriven by.
    const failed = failure(code, message, requestId)
    failed.error.emitId = id
    return { status: failed.status, plain: { contentType: JSON_TYPE, body: failureBody(failed) } }
  }
  const quota = { used: outcome.quotaUsed ?? 0, limit: outcome.quotaLimit }
  const data = { emitId: id, eventId, canonicalName, status: 'queued', sequence, deduplicated: verdict === 'duplicate', quota }
  return { status: 202, data }
}
