/** Routes of connections to foreign databases. */
import type { Route } from '../http/route.ts'
import { list, route } from '../http/route-table.ts'
import { boolean, object, string } from '../http/schema-parts.ts'
import type { createConnectionHandlers } from './handlers.ts'
import { connection, connectionInput, tested } from './schemas.ts'

export interface ConnectionHandlers {
  connections: ReturnType<typeof createConnectionHandlers>
}

const removed = object({ name: string, deleted: boolean })

// biome-ignore format: a table
export function createConnectionRoutes({ connections }: ConnectionHandlers): Route[] {
  const path = '/api/v1/connections'
  return [
    route('GET', path, 'workflows:read', 'List connections, by name, without their passwords.', list(connection), connections.list),
    route('GET', `${path}/:name`, 'workflows:read', 'One connection; never its password.', { answer: connection }, connections.get),
    route('PUT', `${path}/:name`, 'workflows:manage and secrets:use', 'Set a connection to a PostgreSQL, which sql_query names.', { body: connectionInput, answer: connection }, connections.set),
    route('DELETE', `${path}/:name`, 'workflows:manage and secrets:use', 'Delete a connection that no live version uses.', { answer: removed }, connections.delete),
    route('POST', `${path}/:name/test`, 'workflows:manage and secrets:use', 'Connect, and ask for one row.', { answer: tested }, connections.test),
  ]
}
