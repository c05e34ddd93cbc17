import { EMIT_STATES } from '../../analytics/read/emit-reads.ts'
import {
  anyObject,
  anything,
  environment,
  integer,
  listOf,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'
import { emitFields } from '../shared/emit-result.ts'

/**
 * The body of an emit; the hot path reads it by hand (`emit-request.ts`), and a test checks both against the same
 * examples.
 */
export const newEmit = object({
  name: text(1, 200),
  payload: anyObject,
  'version?': text(1, 255),
  'idempotencyKey?': text(1, 255),
  'subject?': text(1, 255),
  'time?': time,
  'correlationId?': text(1, 255),
  'chainToken?': text(1, 2_048),
})
export const newEmits = object({ items: { type: 'array', items: newEmit, minItems: 1, maxItems: 1_000 } })
export const emitResults = object({
  results: listOf({
    anyOf: [object({ ...emitFields, status: { const: 202 } }), object({ status: integer, error: anyObject })],
  }),
})

export const EMIT_STATUSES = ['REQUESTED', ...EMIT_STATES] as const
const NAME_FILTER = { description: 'A selector, or the name as it was emitted.' }
export const emitQuery = {
  'status?': oneOf(EMIT_STATUSES),
  'name?': text(1, 255, NAME_FILTER),
  'from?': time,
  'to?': time,
}
/** Other fields depend on the state of the emit. */
export const emit = {
  type: 'object',
  properties: {
    id: string,
    emitId: string,
    status: oneOf(EMIT_STATUSES),
    organizationId: string,
    environment,
    recordedAt: time,
  },
  required: ['id', 'emitId', 'status', 'organizationId', 'environment', 'recordedAt'],
}
export const history = object({
  ...{
    id: string,
    emit,
    'payload?': anything,
    'withheld?': { const: true },
    federation: { type: ['object', 'null'] },
    deliveries: listOf(anyObject),
  },
  attempts: listOf(anyObject),
})
/** The redrive of a quarantined record: with another payload or version, or unchanged. */
export const redrive = object({ 'payload?': anything, 'version?': text(1, 255) })
