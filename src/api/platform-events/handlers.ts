/** `POST /platform/events`: the platform's own services publish built-in events with the operator's key. */

import type { Clock } from '../../clock.ts'
import { type BuiltInEvent, builtInEvent } from '../../events/built-in-events.ts'
import { isIdempotencyKey } from '../../events/ingress-emit.ts'
import { readTraceparent } from '../../events/trace-context.ts'
import { builtInEmit } from '../../ingress/built-in-emit.ts'
import type { SubmitPlatformEmit } from '../../ingress/submit-platform-emit.ts'
import { ClarionError, CODES } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { isNear, NOT_A_TIME, parseTime } from '../../model/time.ts'
import { createValidators } from '../../registry/validators.ts'
import { agreedKey } from '../http/idempotency-key.ts'
import type { Answer, Call } from '../http/route.ts'
import { presentEmitResult } from '../shared/emit-result.ts'

export interface NewPlatformEvent {
  organizationId: string
  /** A type of the catalogue, or its Go constant. */
  type: string
  data: Record<string, unknown>
  subject?: string
  actorId?: string
  /** Of the publishing service; `platform` by default. */
  source?: string
  time?: string
  correlationId?: string
  idempotencyKey?: string
}

export function createPlatformEventHandlers(deps: {
  view: ControlView
  submitPlatformEmit: SubmitPlatformEmit
  clock: Clock
}) {
  const validators = createValidators({ cacheMax: 100 })

  /** Throws `event_not_registered`, `payload_invalid`. */
  function checked({ type, data }: NewPlatformEvent): BuiltInEvent {
    const event = builtInEvent(type)
    if (!event) throw new ClarionError('event_not_registered', `'${type}' is not an event of the platform.`)
    const { schema: payloadSchema, schemaHash } = event
    const details = validators.validate({ payloadSchema, schemaHash, schemaFlavour: 'json-schema-2020-12' }, data)
    if (details.length > 0) throw new ClarionError('payload_invalid', CODES.payload_invalid.meaning, { details })
    return event
  }

  /** A suspended organization still receives events about itself. Throws `organization_not_found`. */
  function known(organizationId: string): string {
    const status = deps.view.organization(organizationId)?.status
    if (status !== undefined && status !== 'deleted') return organizationId
    throw new ClarionError('organization_not_found', CODES.organization_not_found.meaning)
  }

  return {
    async publish(call: Call): Promise<Answer> {
      const input = call.body as NewPlatformEvent
      const organizationId = known(input.organizationId)
      const event = checked(input)
      const { subject = null, correlationId = null, actorId = call.caller.actorId, source = 'platform' } = input
      const idempotencyKey = agreedKey(checkedKey(input.idempotencyKey), call.idempotencyKey) ?? null
      const timeMs = input.time === undefined ? null : checkedTime(input.time, deps.clock.nowMs())
      const traceparent = readTraceparent(call.headers.traceparent)
      const id = idempotencyKey === null ? `builtin/${call.requestId}` : `builtin/key/${idempotencyKey}`
      const about = { organizationId, id, subject, source, timeMs, traceparent }
      const facts = { ...about, correlationId, actorId, idempotencyKey, requestId: call.requestId }
      return {
        status: 202,
        data: presentEmitResult(await deps.submitPlatformEmit(builtInEmit(event.type, input.data, facts))),
      }
    },
  }
}

function checkedKey(key: string | undefined): string | undefined {
  if (key === undefined || isIdempotencyKey(key)) return key
  const message = 'must be 1 to 255 printable characters'
  const details = [{ path: '/idempotencyKey', rule: 'format', message }]
  throw new ClarionError('validation_failed', `The idempotency key ${message}.`, { details })
}

/** Within a day of now. */
function checkedTime(text: string, nowMs: number): number {
  const timeMs = parseTime(text)
  if (timeMs !== undefined && isNear(timeMs, nowMs)) return timeMs
  const message = timeMs === undefined ? NOT_A_TIME : 'must be within 24 hours of now'
  throw new ClarionError('validation_failed', `The time ${message}.`, {
    details: [{ path: '/time', rule: 'format', message }],
  })
}
