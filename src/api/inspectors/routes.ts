/** Routes of inspectors. Their own URLs are not of the API: `receive.ts`. */
import type { Route } from '../http/route.ts'
import { counted, deleted, routesWith } from '../http/route-table.ts'
import type { createInspectorHandlers } from './handlers.ts'
import * as schemas from './schemas.ts'

export interface InspectorHandlers {
  inspectors: ReturnType<typeof createInspectorHandlers>
}

const manages = routesWith('webhooks:manage')
const reads = routesWith('webhooks:read')

// biome-ignore format: a table
export function createInspectorRoutes({ inspectors: on }: InspectorHandlers): Route[] {
  const path = '/api/v1/inspectors'
  const { inspector } = schemas
  return [
    manages('POST', path, 'Make an inspector: a receiver for a day, to try webhooks with.', { body: schemas.newInspector, bodyOptional: true, answer: inspector, status: 201 }, on.create),
    reads('GET', path, 'List inspectors, newest first.', counted(inspector), on.list),
    reads('GET', `${path}/:id`, 'One inspector.', { answer: inspector }, on.get),
    manages('PATCH', `${path}/:id`, 'Change what an inspector answers.', { body: schemas.inspectorPatch, answer: inspector }, on.patch),
    manages('DELETE', `${path}/:id`, 'Delete an inspector; its URL is gone at once.', { answer: deleted }, on.delete),
    reads('GET', `${path}/:id/requests`, 'The last 100 requests to an inspector, newest first; or each new one as Server-Sent Events.', { answer: schemas.inspectorRequests, alsoAs: ['text/event-stream'] }, on.requests),
  ]
}
