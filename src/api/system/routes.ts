/** Routes for operators and load balancers. */

import type { Route } from '../http/route.ts'
import { route } from '../http/route-table.ts'
import { listOf, object, string } from '../http/schema-parts.ts'
import type { createSystemHandlers } from './handlers.ts'

export type SystemHandlers = ReturnType<typeof createSystemHandlers>

// biome-ignore format: a table
export function createSystemRoutes(on: SystemHandlers): Route[] {
  return [
    route('GET', '/health', 'public', 'Whether the process is alive.', { answer: object({ status: string }) }, on.health),
    route('GET', '/ready', 'public', 'Whether every role of the process serves.', { answer: object({ status: string, degraded: listOf(string) }) }, on.ready),
    route('GET', '/metrics', 'public', 'Figures in the text format of Prometheus; with the key of the operator unless the api listens on loopback alone.', {}, on.metrics),
    route('GET', '/openapi.json', 'public', 'This API, as OpenAPI 3.1.', {}, on.openapi),
    route('GET', '/openapi-3.0.json', 'public', 'The same for tools that read OpenAPI 3.0 alone.', {}, on.openapi30),
  ]
}
