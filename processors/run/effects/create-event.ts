/** The action `create_event`: a record that `admit` judges as any emit. The verdict comes back through `runs`. */
import { pathThrough } from '../../../src/events/chain.ts'
import { platformEmit } from '../../../src/ingress/platform-emit.ts'
import { GENERIC_FULL_NAME } from '../../../src/model/names.ts'
import type { Perform } from '../../../src/workflows/interpreter/run.ts'
import type { PlatformEmit } from '../../../topics/platform-emits.ts'
import type { RunFacts } from '../../../topics/run-journal.ts'
import type { StepVerdict } from '../../../topics/runs.ts'
import { type StepAnswer, stepIdOf } from './step.ts'

interface CreateEventInput {
  event: string
  version?: string
  params?: Record<string, unknown>
  idempotencyKey?: string
}

/** A name without a dot is the kind of a generic event. */
export function emitOf(facts: RunFacts, { path, attempt, with: given }: Perform): PlatformEmit {
  const { event, version = null, params = {}, idempotencyKey = null } = given as CreateEventInput
  const { runId, organizationId, environment, workflowId, correlationId, traceparent } = facts
  const isKind = !event.includes('.')
  const payload = isKind ? { kind: event, data: params } : params
  return {
    ...platformEmit({
      ...{ kind: 'builtin', id: stepIdOf(facts, path), organizationId, environment },
      ...{ type: isKind ? GENERIC_FULL_NAME : event, canonicalName: '', schemaVersion: '', schemaHash: '' },
      ...{ source: `workflow:${workflowId}`, actorId: workflowId, payload: Buffer.from(JSON.stringify(payload)) },
      ...{ correlationId, traceparent, causationId: facts.eventId, rootEventId: facts.rootEventId },
      ...{
        depth: facts.depth + 1,
        path: pathThrough(facts.path, workflowId),
        requestedVersion: version,
        idempotencyKey,
      },
    }),
    step: { runId, path, attempt },
  }
}

export function answerOfVerdict({
  verdict,
  code,
  message,
  emitId,
  eventId,
  canonicalName,
  depth,
}: StepVerdict): StepAnswer {
  if (verdict === 'accepted' || verdict === 'duplicate') return { output: { emitId, eventId, canonicalName, depth } }
  // What could not be written may be written later; a judgement stays.
  return { error: { code: code ?? 'internal_error', message: message ?? '', isTransient: verdict === 'failed' } }
}
