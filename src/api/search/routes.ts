/** The route of the search box. */
import type { Handler, Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import { listOf, object, oneOf, string, text } from '../http/schema-parts.ts'

const found = object({
  kind: oneOf(['event_type', 'webhook', 'workflow', 'emit', 'organization']),
  ...{ id: string, label: string },
  matched: oneOf(['id', 'name', 'url', 'subject', 'correlationId', 'idempotencyKey']),
})
const query = {
  ...object({ q: text(1, 100), 'limit?': { type: 'integer', minimum: 1, maximum: 20, default: 10 } }),
}

// biome-ignore format: a table
export const createSearchRoutes = (search: Handler): Route[] => [
  route('GET', '/api/v1/search', 'any', 'Find records that the key may see, by the beginning of an id, a part of a name, or a whole value of an emit.', { query, answer: listOf(found) }, search),
]
