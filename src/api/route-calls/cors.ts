/** CORS of routes: the pages that a route names may call it and read its answers. */
import type { IncomingMessage } from 'node:http'
import type { RouteTrigger } from '../../model/workflows.ts'

const PREFLIGHT_KEPT_S = 600
const REQUEST_HEADERS = 'authorization, content-type, idempotency-key, prefer, x-api-key'

export function corsHeaders({ headers }: IncomingMessage, { origins }: RouteTrigger): Record<string, string> {
  const { origin } = headers
  if (origins.length === 0) return {}
  if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return { vary: 'origin' }
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': 'x-clarion-run', vary: 'origin' }
}

/** Of the routes at a path: the methods that the page may use. */
export function preflightHeaders(request: IncomingMessage, triggers: readonly RouteTrigger[]): Record<string, string> {
  const allowed = triggers.filter(trigger => 'access-control-allow-origin' in corsHeaders(request, trigger))
  if (allowed.length === 0) return { vary: 'origin' }
  return {
    'access-control-allow-origin': request.headers.origin!,
    'access-control-allow-methods': allowed.map(({ method }) => method).join(', '),
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': String(PREFLIGHT_KEPT_S),
    vary: 'origin',
  }
}
