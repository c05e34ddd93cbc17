import { anyObject, boolean, integer, listOf, nullable, object, oneOf, string, text } from '../http/schema-parts.ts'

const START = { description: '`latest` (default), `earliest`, a time, or a cursor.' }
const END = { description: 'A time, which may lie ahead, or a cursor: events from there on are left out.' }

export const pullQuery = object({
  'types?': text(1, 12_000, {
    description: 'Selectors, at most 100, separated by commas; required without `sequence`.',
  }),
  'subject?': text(1, 255, { description: 'Only events of this subject.' }),
  'filter?': text(1, 4_096, { description: 'One group of conditions, JSON.' }),
  'from?': text(1, 500, START),
  'to?': text(1, 500, END),
  'cursor?': text(1, 500, { description: '`meta.nextCursor` of the page before.' }),
  'limit?': { type: 'integer', minimum: 1, maximum: 1_000, default: 100, description: 'Events on a page.' },
  'waitSeconds?': {
    type: 'integer',
    minimum: 0,
    maximum: 20,
    default: 0,
    description: 'At the end of the log: the longest wait for an event.',
  },
  'format?': oneOf(['default', 'cloudevents']),
  'includeLifecycle?': boolean,
  'sequence?': text(3, 31, { description: 'Instead of `types`: events by number, such as `101-250`.' }),
  'webhook?': text(1, 255, {
    description: 'With `sequence`: only what this webhook selects now, with its deliveries.',
  }),
})

export const logEvent = {
  type: 'object',
  required: ['id', 'type', 'sequence'],
  properties: { id: string, type: string, sequence: integer },
}
export const eventWithDelivery = object({
  event: anyObject,
  delivery: nullable(object({ id: string, status: string, 'skipped?': string })),
})
/** An envelope, or with `sequence` and `webhook` an envelope and its delivery. */
export const pulled = listOf({ anyOf: [logEvent, eventWithDelivery] })
