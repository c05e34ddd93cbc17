/** The answer to an emit, shared by all resources that emit. */
import type { OutcomeRow } from '../../../topics/outcomes.ts'
import type { PendingEmit } from '../../ingress/submit-emit.ts'
import { boolean, integer, listOf, nullable, object, string } from '../http/schema-parts.ts'

const quota = object({ used: integer, limit: nullable(integer) })
export const emitFields = {
  emitId: string,
  'eventId?': string,
  'canonicalName?': string,
  'sequence?': integer,
  'deduplicated?': boolean,
  'quota?': quota,
  'verdict?': { const: 'pending' },
  'warnings?': listOf(string),
}
/** `verdict: 'pending'`: taken, and not judged yet. */
export const emitResult = object({ ...emitFields, status: { const: 'queued' } })

/** An accepted item of a batch. */
export const emitResultInBatch = object({ ...emitFields, status: { const: 202 } })

export function presentEmitResult(outcome: OutcomeRow | PendingEmit): object {
  const { verdict, emitId } = outcome
  if (verdict === 'pending') return { emitId, status: 'queued', verdict }
  const { eventId, canonicalName, sequence } = outcome
  const quota = { used: outcome.quotaUsed ?? 0, limit: outcome.quotaLimit }
  return { emitId, eventId, canonicalName, status: 'queued', sequence, deduplicated: verdict === 'duplicate', quota }
}
