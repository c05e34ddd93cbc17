/** Reading an organization's log in pages. */
import type { Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import { boolean } from '../http/schema-parts.ts'
import type { createPullHandlers } from './handlers.ts'
import { pulled, pullQuery } from './schemas.ts'

export type PullHandlers = ReturnType<typeof createPullHandlers>

// biome-ignore format: a table
export const createPullRoutes = (on: PullHandlers): Route[] => [
  route('GET', '/api/v1/events', 'events:read', 'Read events from the log, oldest first.', { refusesKeyInQuery: true, rate: 'pullsPerS', query: pullQuery, answer: pulled, meta: { atEnd: boolean } }, on.pull),
]
