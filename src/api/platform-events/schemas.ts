import { BUILT_IN_EVENTS } from '../../events/built-in-events.ts'
import { anyObject, object, string, text, time } from '../http/schema-parts.ts'

const types = [...BUILT_IN_EVENTS.values()].flatMap(({ type, alias }) => (alias === undefined ? [type] : [type, alias]))

export const newPlatformEvent = object({
  organizationId: string,
  /** Not an enum: a type that does not exist is `event_not_registered`. */
  type: {
    type: 'string',
    minLength: 1,
    maxLength: 200,
    description: 'A built-in type, or its Go constant.',
    examples: types,
  },
  data: anyObject,
  'subject?': text(1, 255),
  'actorId?': text(1, 255),
  'source?': text(1, 255),
  'time?': time,
  'correlationId?': text(1, 255),
  'idempotencyKey?': text(1, 255),
})
