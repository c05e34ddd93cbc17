/** Emits and the history of events as callers see them. */
import type { EmitState } from '../../analytics/read/emit-reads.ts'
import type { Owner } from '../../model/environments.ts'
import type { ParsedEmitId } from '../../model/ids.ts'

/**
 * The payload is written into the answer in its original bytes: parsing and serializing it would change numbers beyond
 * double precision.
 */
export function withPayload(data: object, payload: string | null, requestId: string): string {
  return `{"success":true,"data":${JSON.stringify(data).slice(0, -1)},"payload":${payload ?? 'null'}},"meta":{"requestId":"${requestId}"}}`
}

type Found = { emitId: string; state: EmitState; traceparent: string | null }

export function presentEmit<T extends Found>({ emitId, state, traceparent: _, ...facts }: T) {
  return { id: emitId, emitId, status: state, ...facts }
}

/** The known fields of an emit that admission has not reached. */
export function requested({ organizationId, environment }: Owner, id: string, parsed: ParsedEmitId) {
  const recordedAt = new Date(parsed.timestampMs).toISOString()
  const lifecycle = [{ type: 'CUSTOM_EVENT_EMIT_REQUESTED', occurredAt: recordedAt, data: { emitId: id } }]
  return { id, emitId: id, status: 'REQUESTED', organizationId, environment, recordedAt, lifecycle }
}
