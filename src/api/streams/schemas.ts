import { TRANSPORTS } from '../../../topics/streams-presence.ts'
import { TTL_S } from '../../streaming/hub/tokens.ts'
import { SELECTORS_MAX } from '../../streaming/selection.ts'
import type { Schema } from '../http/route.ts'
import {
  anyObject,
  environment,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const CURSOR_CHARACTERS_MAX = 600

const boolean: Schema = { type: 'boolean' }
const types: Schema = {
  ...text(1, 20_000),
  description: `Up to ${SELECTORS_MAX} selectors, separated by commas; * is every event. Required, except with a token.`,
}
const place = (description: string): Schema => ({ ...text(1, CURSOR_CHARACTERS_MAX), description })

export const streamQuery = object({
  'types?': types,
  'subject?': text(1, 255),
  'filter?': { ...text(1, 12_288), description: 'One group of conditions in JSON, up to 4 KB, as those of webhooks.' },
  'environment?': { ...environment, description: 'Confirms the environment of the key; another one is an error.' },
  'from?': place('latest (default), earliest, a time or a cursor. The header Last-Event-ID takes precedence.'),
  'until?': place('A time or a cursor: the stream ends there.'),
  'format?': oneOf(['default', 'cloudevents']),
  'includeLifecycle?': boolean,
  'onExpired?': {
    ...oneOf(['fail', 'continue']),
    description: 'Where retention has passed the cursor: 410, or a frame `gap` and on from the oldest event.',
  },
  'client?': { ...text(1, 100), description: 'A new stream of the same key and name ends the older one.' },
  'token?': { ...text(1, 8_000), description: 'A stream token, instead of a key.' },
})

export const webSocketQuery = object({ 'token?': text(1, 8_000), 'client?': text(1, 100) })

const ORIGIN = '^https?://[^/?#\\s@]{1,250}$'

export const newStreamToken = object({
  types: {
    anyOf: [{ ...listOf(text(1, 300)), minItems: 1, maxItems: SELECTORS_MAX }, text(1, 20_000)],
    description: 'Selectors, as a list or separated by commas.',
  },
  'subject?': text(1, 255),
  'filter?': { ...anyObject, description: 'One group of conditions.' },
  'ttlSeconds?': { type: 'integer', minimum: 1, maximum: TTL_S.most, default: TTL_S.default },
  'allowedOrigins?': { ...listOf({ type: 'string', pattern: ORIGIN }), maxItems: 20, uniqueItems: true },
})

export const streamToken = object({ token: string, openUntil: time, expiresAt: time })

export const openStream = object({
  id: string,
  keyId: string,
  environment,
  client: nullable(string),
  transport: oneOf(TRANSPORTS),
  types: listOf(string),
  openedAt: time,
  behindEvents: integer,
  unsentBytes: integer,
})

export const endedStream = object({ id: string, ended: boolean })

/** Answers of a stream by media type, for the OpenAPI document. */
export const streamContent: Record<string, Schema> = {
  'text/event-stream': {
    type: 'string',
    description:
      'Frames `ready` (first: place, selectors, limits), one for each event (`id`: cursor, `event`: type, `data`: envelope), `position` each minute, `gap`, and `end` with a reason; a comment each 15 s.',
    examples: [
      'id: AYb0…\nevent: order.created\ndata: {"id":"evt_…","specversion":"1.0","type":"order.created","sequence":42,"data":{}}\n\n',
    ],
  },
  'application/x-ndjson': {
    type: 'string',
    description: 'The same, one object a line: `type` is ready, event, position, gap or end.',
    examples: ['{"type":"event","cursor":"AYb0…","event":{"id":"evt_…","type":"order.created","data":{}}}\n'],
  },
}
