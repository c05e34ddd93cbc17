/** Routes of sinks. */
import type { Route } from '../http/route.ts'
import { deleted, list, routesWith } from '../http/route-table.ts'
import type { createSinkHandlers } from './handlers.ts'
import * as schemas from './schemas.ts'

export interface SinkHandlers {
  sinks: ReturnType<typeof createSinkHandlers>
}

const read = routesWith('webhooks:read')
const route = routesWith('webhooks:manage')

// biome-ignore format: a table
export function createSinkRoutes({ sinks: on }: SinkHandlers): Route[] {
  const path = '/api/v1/sinks'
  const { sink, ping } = schemas
  return [
    route('POST', path, 'Make a sink: events are written into a topic of your own cluster.', { body: schemas.newSink, answer: sink, status: 201 }, on.create),
    read('GET', path, 'List sinks.', list(sink, schemas.sinkQuery), on.list),
    read('GET', `${path}/:id`, 'One sink.', { answer: sink }, on.get),
    route('PATCH', `${path}/:id`, 'Change a sink; active: false pauses it, config replaces the former one as a whole.', { body: schemas.sinkPatch, answer: sink }, on.patch),
    route('DELETE', `${path}/:id`, 'Delete a sink; its waiting deliveries are cancelled.', { answer: deleted }, on.delete),
    route('POST', `${path}/:id/activate`, 'Switch a sink on, with the events of the pause or from now on.', { body: schemas.sinkActivation, bodyOptional: true, answer: sink }, on.activate),
    route('POST', `${path}/:id/test`, 'Write an event sink.test into the topic now; the answer has the result.', { answer: ping }, on.test),
  ]
}
