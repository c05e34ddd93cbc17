/** Routes of usage: the state of the custom events, and meters. */

import type { Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import { object } from '../http/schema-parts.ts'
import type { createUsageHandlers } from './handlers.ts'
import * as usage from './schemas.ts'

export type UsageHandlers = ReturnType<typeof createUsageHandlers>

// biome-ignore format: a table
export function createUsageRoutes(on: UsageHandlers): { health: Route; meters: Route[] } {
  return {
    health: route('GET', '/api/v1/events/custom/health', 'usage:read', 'Plan, usage, capabilities and recent failures.', { answer: usage.health }, on.health),
    meters: [
      route('GET', '/api/v1/usage/summary', 'usage:read', 'The meters of a month.', { query: object(usage.usageQuery), answer: usage.usage }, on.summary),
      route('GET', '/api/v1/usage/timeseries', 'usage:read', 'Meters by hour, day or month, without empty buckets; grouped, or as text/csv.', { alsoAs: ['text/csv'], query: object(usage.timeseriesQuery), answer: usage.timeseries }, on.timeseries),
    ],
  }
}
