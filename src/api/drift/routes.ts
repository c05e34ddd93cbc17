/** Routes of drift. */

import type { Route } from '../http/route.ts'
import { counted, route } from '../http/route-table.ts'
import type { createDriftHandlers } from './handlers.ts'
import * as drift from './schemas.ts'

export type DriftHandlers = ReturnType<typeof createDriftHandlers>

// biome-ignore format: a table
export function createDriftRoutes(on: DriftHandlers): Route[] {
  const path = '/api/v1/drift'
  const { finding } = drift
  const settles = { body: drift.settlement, bodyOptional: true, answer: finding }
  return [
    route('GET', `${path}/findings`, 'events:read or operator', 'Things that must agree and do not.', counted(finding, drift.findingQuery), on.list),
    route('GET', `${path}/findings/:id`, 'events:read', 'One finding, with what differs.', { answer: finding }, on.get),
    route('POST', `${path}/findings/:id/acknowledge`, 'events:manage', 'Say that a finding is known.', settles, on.settle('acknowledged')),
    route('POST', `${path}/findings/:id/ignore`, 'events:manage', 'Say nothing of this difference any more.', settles, on.settle('ignored')),
    route('POST', `${path}/findings/:id/resolve`, 'events:manage', 'End a finding by hand.', settles, on.settle('resolved')),
    route('GET', `${path}/summary`, 'events:read or operator', 'How many findings there are, by kind, severity and status.', { answer: drift.summary }, on.summary),
    route('POST', `${path}/check`, 'events:read', 'Compare a manifest of definitions with the registry; nothing is changed.', { body: drift.manifest, exactMember: 'definitions', changesNothing: true, answer: drift.declared }, on.check),
  ]
}
