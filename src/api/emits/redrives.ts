/**
 * `POST /custom/emits/:id/redrive`: retries an emit that could not be written to the log. See
 * docs/specification/emit.md#failed-emits.
 */
import type { Emit } from '../../analytics/read/emit-reads.ts'
import type { Reads } from '../../analytics/read/reads.ts'
import type { Clock } from '../../clock.ts'
import { platformEmit } from '../../ingress/platform-emit.ts'
import type { SubmitPlatformEmit } from '../../ingress/submit-platform-emit.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'
import { originOf, parseEmitId } from '../../model/ids.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import { presentEmitResult } from '../shared/emit-result.ts'

/** The longest delay of a judged emit on its way into ClickHouse; one second is normal. */
const RECORD_TIMEOUT_MS = 8_000
const RECORD_POLL_MS = 100

export function createRedriveHandlers({
  reads,
  clock,
  submitPlatformEmit,
}: {
  reads: Reads
  clock: Clock
  submitPlatformEmit: SubmitPlatformEmit
}) {
  /** The caller knows from an answer that it failed, so its record may still be in flight. */
  async function recorded({ organizationId, environment }: Owner, emitId: string): Promise<Emit> {
    const deadlineMs = clock.monotonicMs() + RECORD_TIMEOUT_MS
    for (;;) {
      const emit = await reads.emitById(organizationId, environment, emitId)
      if (emit !== undefined) return emit
      if (clock.monotonicMs() >= deadlineMs) throw notFound()
      await clock.sleep(RECORD_POLL_MS)
    }
  }

  async function failedOne(owner: Owner, emitId: string): Promise<{ emit: Emit; payload: Buffer }> {
    const parsed = parseEmitId(emitId)
    if (parsed?.origin !== originOf('emits', owner.organizationId, owner.environment)) throw notFound()
    const emit = await recorded(owner, emitId)
    if (emit.verdict !== 'failed')
      throw new ClarionError('conflict', 'Only an emit that could not be written to the log can be redriven.')
    const payload = await reads.payloadOf(owner.organizationId, owner.environment, emitId)
    if (payload === undefined) throw new ClarionError('conflict', 'The payload of the emit is no longer kept.')
    return { emit, payload: Buffer.from(payload) }
  }

  return {
    /** Keeps its id and its key; quota and sequence are assigned now. The answer is that of an emit. */
    async redrive(call: Call): Promise<Answer> {
      const { emit, payload } = await failedOne(ownerOf(call), call.params.id!)
      const { organizationId, environment, emitId, name, kind, source, subject, actorId, correlationId, causationId } =
        emit
      const redriven = platformEmit({
        ...{
          kind: 'redrive',
          id: `redrive/${emitId}`,
          redriveOf: emitId,
          organizationId,
          environment,
          type: name,
          genericKind: kind,
        },
        ...{
          source,
          subject,
          actorId,
          correlationId,
          causationId,
          rootEventId: emit.rootEventId,
          depth: emit.depth,
          path: emit.path,
        },
        ...{
          canonicalName: emit.canonicalName ?? '',
          schemaVersion: emit.schemaVersion ?? '',
          schemaHash: emit.schemaHash ?? '',
        },
        ...{
          requestedVersion: emit.requestedVersion,
          idempotencyKey: emit.idempotencyKey,
          timeMs: Date.parse(emit.time),
        },
        ...{ requestId: call.requestId, traceparent: emit.traceparent, payload },
      })
      return { status: 202, data: presentEmitResult(await submitPlatformEmit(redriven)) }
    },
  }
}

const notFound = () => new ClarionError('not_found', 'There is no such emit.')
