/** Routes of the quarantine. The redrive of a quarantined record is a route of emits. */

import type { Route } from '../http/route.ts'
import { counted, route } from '../http/route-table.ts'
import type { createQuarantineHandlers } from './handlers.ts'
import { quarantinedRecord, quarantineEntry, quarantineQuery } from './schemas.ts'

export type QuarantineHandlers = ReturnType<typeof createQuarantineHandlers>

const PATH = '/api/v1/events/custom/quarantine'

// biome-ignore format: a table
export function createQuarantineRoutes(on: QuarantineHandlers): Route[] {
  return [
    route('GET', PATH, 'events:read', 'Rejected records of your own Kafka producers.', counted(quarantineEntry, quarantineQuery), on.list),
    route('GET', `${PATH}/:id`, 'events:read', 'One quarantined record, unchanged.', { answer: quarantinedRecord }, on.get),
  ]
}
