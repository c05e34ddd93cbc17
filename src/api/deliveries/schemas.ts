import { ERROR_KINDS } from '../../../topics/audit-attempts.ts'
import { REPLAY_RATE } from '../../control-plane/replays/replays.ts'
import {
  anyObject,
  boolean,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'
import { attempt, DELIVERY_STATUSES, delivery, deliveryFields, TRIGGERS } from '../shared/delivery-schemas.ts'
import { replayFields } from '../shared/replay-schemas.ts'

export { attempt, delivery }

/**
 * `history`: every step, including those without an attempt (`attemptId` null). `webhook`: its current state, null when
 * it has been deleted.
 */
export const deliveryInFull = object({ ...deliveryFields, history: listOf(attempt), webhook: nullable(anyObject) })

const range = { 'from?': time, 'to?': time }
export const deliveryQuery = {
  'status?': oneOf(DELIVERY_STATUSES),
  'type?': text(1, 255, { description: 'A selector; not one of a kind.' }),
  ...range,
}
const selector = text(1, 255, { description: 'A selector; not one of a kind.' })
const httpStatus = { type: 'integer', minimum: 100, maximum: 599 }
export const deadLetterQuery = { 'webhookId?': text(1, 64), ...range }
export const deadLetterSearch = {
  ...deadLetterQuery,
  ...{ 'type?': selector, 'errorKind?': oneOf(ERROR_KINDS), 'responseStatus?': httpStatus },
}
/** All filters hold; those of errors and answers are about the newest step. */
export const deliverySearch = {
  'status?': oneOf(DELIVERY_STATUSES),
  'trigger?': oneOf(TRIGGERS),
  ...{ ...deadLetterSearch, 'eventId?': text(1, 64), 'replayId?': text(1, 64) },
}

export const retry = object({ 'resume?': boolean })
const REDRIVE_IDS_MAX = 1_000
/** By ids, or the dead letters that a filter chooses. An empty body would select all: refused. */
export const redrive = {
  ...object({
    'deliveryIds?': { type: 'array', items: text(1, 64), minItems: 1, maxItems: REDRIVE_IDS_MAX },
    ...deadLetterSearch,
    'dryRun?': boolean,
    'ratePerSecond?': { type: 'integer', minimum: 1, maximum: REPLAY_RATE.most },
  }),
  oneOf: [
    { required: ['deliveryIds'] },
    { anyOf: ['webhookId', 'type', 'errorKind', 'responseStatus', 'from', 'to'].map(name => ({ required: [name] })) },
  ],
}
const ofJob = Object.fromEntries(Object.entries(replayFields).map(([name, schema]) => [`${name}?`, schema]))
/**
 * Of a filter with the job that redrives them: how many the history has now. `rangeIds` is empty: earlier releases had
 * ranges.
 */
export const redriven = object({
  count: integer,
  skipped: listOf(object({ 'deliveryId?': string, 'webhookId?': string, 'count?': integer, reason: string })),
  more: boolean,
  rangeIds: listOf(string),
  ...ofJob,
})
