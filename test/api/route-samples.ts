/** Calls of routes that are made from the route table: what a route must have, and no more. */
import type { Route, Schema } from '../../src/api/http/route.ts'

/** The schema façade speaks as a schema registry does; its own tests hold it to that. */
export const isOurs = (route: Route) => !route.path.startsWith('/api/v1/schema-registry')

const HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString()

/** A body that the route takes, so that nothing but the id can be wrong. */
export function bodyFor(route: Route): unknown {
  if (`${route.method} ${route.path}` === 'PATCH /api/v1/webhooks/:id') return { active: false }
  if (`${route.method} ${route.path}` === 'POST /api/v1/routes') return { method: 'GET', path: '/sample' }
  // A range that is over; a time or a cursor begins it.
  if (route.path.endsWith('/:id/replay')) return { from: HOUR_AGO }
  if (route.path.endsWith('/:id/recover')) return { since: HOUR_AGO }
  return route.body === undefined ? undefined : sampleOf(route.body)
}

/** Required parameters of the query. */
export function queryFor(route: Route): string {
  // One of two parameters is required, which its schema cannot say.
  if (route.path === '/api/v1/events') return '?types=*&from=earliest'
  const needed = new URLSearchParams(sampleOf(route.query ?? {}) as Record<string, string>).toString()
  return needed && `?${needed}`
}

/** The least that a schema of the route table takes; of optional fields, as many as it must have. */
export function sampleOf(schema: Schema): unknown {
  const {
    type,
    enum: values,
    properties = {},
    required = [],
    minProperties = 0,
    items,
    anyOf,
    pattern,
    format,
  } = schema as SampleSchema
  if (values !== undefined) return values[0]
  if (anyOf !== undefined) return sampleOf(anyOf[0]!)
  const kind = Array.isArray(type) ? type[0] : type
  if (kind === 'object' || kind === undefined) {
    const optional = Object.keys(properties).filter(name => !required.includes(name))
    const names = [...required, ...optional.slice(0, Math.max(0, minProperties - required.length))]
    return Object.fromEntries(names.map(name => [name, sampleOf(properties[name]!)]))
  }
  if (kind === 'array')
    return Array.from({ length: (schema.minItems as number | undefined) ?? 0 }, () => sampleOf(items!))
  if (kind === 'boolean') return false
  if (kind === 'integer' || kind === 'number') return schema.minimum ?? 1
  if (format === 'date-time') return new Date().toISOString()
  if (format === 'email') return 'somebody@example.test'
  return pattern === undefined ? 'sample'.padEnd((schema.minLength as number | undefined) ?? 0, 'x') : 'abc'
}

interface SampleSchema {
  type?: string | string[]
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  minProperties?: number
  items?: Schema
  anyOf?: Schema[]
  pattern?: string
  format?: string
}
