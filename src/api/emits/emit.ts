/**
 * `POST /emit` and `POST /emit/batch`: the hot path. They answer on the raw response, with JSON written by hand: the
 * generic path's context, schema check and serialization would cost as much as all other work.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { NoteTypes } from '../../control-plane/drift/type-generation.ts'
import type { PreviewEmit } from '../../control-plane/emits/preview-emit.ts'
import { readTraceparent } from '../../events/trace-context.ts'
import type { EmitLimits } from '../../ingress/emit-limits.ts'
import type { LoadShedder } from '../../ingress/load-shedding.ts'
import type { PausedOrganizations } from '../../ingress/paused-organizations.ts'
import type { Emitter } from '../../ingress/submit-emit.ts'
import { type Slice, sliceElements, sliceMembers } from '../../json/json-slices.ts'
import type { Logger } from '../../logger.ts'
import type { Ids } from '../../model/ids.ts'
import type { Authenticate } from '../http/authenticate.ts'
import { BATCH_BYTES_MAX, BODY_BYTES_MAX, malformed } from '../http/body.ts'
import { failureOf } from '../http/envelope.ts'
import { agreedKey, idempotencyKeyOf } from '../http/idempotency-key.ts'
import type { DirectHandler } from '../http/route.ts'
import type { AnswerEmit, EmitAnswer } from './answer.ts'
import { isDryRun } from './dry-run-query.ts'
import { readEmit } from './emit-request.ts'
import { createResponder, enveloped } from './raw-response.ts'
import { createBatchTypes, hashesOf, schemaHashOf } from './schema-hashes.ts'

export const BATCH_ITEMS_MAX = 1_000

export interface EmitDeps {
  authenticate: Authenticate
  answerEmit: AnswerEmit
  previewEmit: PreviewEmit
  noteTypes: NoteTypes
  loadShedder: LoadShedder
  pauses: PausedOrganizations
  emitLimits: EmitLimits
  ids: Ids
  clock: Clock
  logger: Logger
}

/** Common to all items of a batch. */
interface BatchCall {
  by: Emitter
  requestId: string
  async: boolean
  traceparent: string | null
  types: ReturnType<typeof createBatchTypes> | undefined
}

export function createDirectEmit(deps: EmitDeps): { emit: DirectHandler; emitBatch: DirectHandler } {
  const { answerEmit, clock } = deps

  const respond = createResponder(deps)

  async function emitItem(call: BatchCall, body: Buffer, item: Slice): Promise<EmitAnswer> {
    const { by, requestId, async, traceparent, types } = call
    try {
      const read = readEmit(body, clock.nowMs(), item)
      read.emit.traceparent = traceparent
      const answer = await answerEmit(by, read, { requestId, async })
      if (answer.status < 400) types?.note(read.emit)
      return answer
    } catch (error) {
      const { status, error: failure } = failureOf(error, requestId)
      return { status, json: JSON.stringify(failure), emitId: undefined }
    }
  }

  return {
    emit: respond(
      BODY_BYTES_MAX,
      async (by, body, request, requestId) => {
        if (isDryRun(request)) {
          const preview = deps.previewEmit(by, readEmit(body, clock.nowMs()))
          const json = `{"success":true,"data":${JSON.stringify(preview)},"meta":{"requestId":"${requestId}"}}`
          return { status: 200, json, emitId: undefined }
        }
        const read = readEmit(body, clock.nowMs())
        deps.emitLimits.take(by.organization, 1)
        read.emit.idempotencyKey = agreedKey(read.emit.idempotencyKey, idempotencyKeyOf(request))
        read.emit.traceparent = readTraceparent(request.headers.traceparent)
        const answer = await answerEmit(by, read, { requestId, async: wantsAsync(request) })
        const json = enveloped(answer, requestId)
        const schemaHash = schemaHashOf(request)
        if (schemaHash === undefined || answer.status >= 400) return { ...answer, json }
        const { fullName, version } = read.emit
        const schemaDrift = deps.noteTypes({ organizationId: by.organization.id, fullName, version, schemaHash })
        return { ...answer, json, schemaDrift }
      },
      { isHarmless: isDryRun },
    ),
    emitBatch: respond(
      BATCH_BYTES_MAX,
      async (by, body, request, requestId) => {
        refuseKey(request)
        const items = itemsOf(body)
        deps.emitLimits.take(by.organization, items.length)
        const hashOf = hashesOf(request)
        const types = hashOf && createBatchTypes(by.organization.id, deps.noteTypes, hashOf)
        const call = {
          by,
          requestId,
          async: wantsAsync(request),
          traceparent: readTraceparent(request.headers.traceparent),
          types,
        }
        const answers = await Promise.all(items.map(item => emitItem(call, body, item)))
        const json = `{"success":true,"data":{"results":[${answers.map(resultOf).join(',')}]},"meta":{"requestId":"${requestId}"}}`
        return { status: 200, json, emitId: undefined, schemaDrift: types?.header() }
      },
      { many: true },
    ),
  }
}

/**
 * `{ status: 202, …emit result }` or `{ status, error }`: here `status` is the number, and replaces the result's
 * `queued`.
 */
const resultOf = ({ status, json }: EmitAnswer) =>
  status < 400
    ? `{"status":${status},${json.replace('"status":"queued",', '').slice(1)}`
    : `{"status":${status},"error":${json}}`

/** RFC 7240. */
const wantsAsync = (request: IncomingMessage) =>
  /(?:^|,)\s*respond-async\s*(?:[,;]|$)/i.test(String(request.headers.prefer ?? ''))

/** A batch takes no single key: ignoring it would break the promise of idempotency. */
function refuseKey(request: IncomingMessage): void {
  if (request.headers['idempotency-key'] === undefined) return
  throw malformed([
    {
      path: '/items',
      rule: 'idempotency_key',
      message: 'take each a key of their own (idempotencyKey), not the header',
    },
  ])
}

function itemsOf(body: Buffer): Slice[] {
  const document = sliceMembers(body)
  if (!document.ok) throw malformed(document.findings, body)
  const items = document.members.get('items')
  const unknown = [...document.members.values()].filter(slice => slice !== items)
  if (unknown.length > 0)
    throw malformed(
      unknown.map(({ path }) => ({ path, rule: 'unknown_field', message: 'is not a field of this call' })),
    )
  if (items === undefined) throw malformed([{ path: '/items', rule: 'required', message: 'is missing' }])
  const sliced = sliceElements(body, items)
  if (!sliced.ok) throw malformed(sliced.findings)
  const count = sliced.elements.length
  if (count >= 1 && count <= BATCH_ITEMS_MAX) return sliced.elements
  throw malformed([{ path: '/items', rule: 'items', message: `must have 1 to ${BATCH_ITEMS_MAX} items, not ${count}` }])
}
