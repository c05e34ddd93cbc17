/** Routes of streams; their paths come before `/events/:id`. */
import type { Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import { listOf, object } from '../http/schema-parts.ts'
import type { createStreamHandlers } from './handlers.ts'
import * as streams from './schemas.ts'

export type StreamHandlers = ReturnType<typeof createStreamHandlers>

const path = '/api/v1/events'

// biome-ignore format: a table
export const createStreamRoutes = (on: StreamHandlers): Route[] => [
  { method: 'GET', path: `${path}/stream`, access: 'events:read', summary: 'Events as they are accepted, as Server-Sent Events or NDJSON, from any place in the log on.', query: streams.streamQuery, content: streams.streamContent, isStream: true, direct: on.open, preflight: on.preflight },
  route('GET', `${path}/ws`, 'events:read', 'The same over a WebSocket with the subprotocol clarion.v1.', { query: streams.webSocketQuery, refusesKeyInQuery: true, isStream: true, status: 101 }, on.webSocket),
  route('POST', `${path}/stream-tokens`, 'events:read', 'Issue a token by which a browser opens a stream within a minute.', { body: streams.newStreamToken, answer: streams.streamToken, status: 201, refusedWhenSuspended: true, refusesKeyInQuery: true }, on.issueToken),
  route('GET', `${path}/streams`, 'events:read', 'The open streams of the environment, newest first.', { query: object({}), answer: listOf(streams.openStream), refusesKeyInQuery: true }, on.list),
  route('DELETE', `${path}/streams/:id`, 'events:manage', 'End an open stream.', { answer: streams.endedStream, refusesKeyInQuery: true }, on.end),
]
