/** Routes of emits and events: submitting, states and histories, redrives. */

import type { DirectHandler, Handler, Route } from '../http/route.ts'
import { direct, exported, route } from '../http/route-table.ts'
import { emitResult } from '../shared/emit-result.ts'
import type { createEmitHandlers } from './handlers.ts'
import type { createRedriveHandlers } from './redrives.ts'
import * as emits from './schemas.ts'

export interface EmitHandlers {
  emits: ReturnType<typeof createEmitHandlers>
  submit: { emit: DirectHandler; emitBatch: DirectHandler }
  redrives: ReturnType<typeof createRedriveHandlers>
  redriveQuarantined: DirectHandler
  why: Handler
  lineage: Handler
}

const PATH = '/api/v1/events/custom'

// biome-ignore format: a table
export function createEmitRoutes(on: EmitHandlers): { emits: Route[]; redrive: Route; redriveQuarantined: Route; why: Route; lineage: Route; history: Route } {
  const keyed = { takesIdempotencyKey: true }
  return {
    emits: [
      direct(`${PATH}/emit`, 'Emit an event; the answer carries its verdict. A dry run (200) only says what it would be.', { ...keyed, body: emits.newEmit, answer: emitResult, dryRunAnswer: emits.emitPreview, takesDryRun: true, status: 202 }, on.submit.emit),
      direct(`${PATH}/emit/batch`, 'Emit up to 1,000 events; each gets its own verdict, in order.', { body: emits.newEmits, answer: emits.emitResults, status: 200 }, on.submit.emitBatch),
      route('GET', `${PATH}/emits`, 'events:read', 'Every emit of the environment, newest first; a page that few match may be short.', exported(emits.emit, emits.emitQuery), on.emits.list),
      route('GET', `${PATH}/emits/:id`, 'events:read', 'The state of an emit.', { answer: emits.emit }, on.emits.get),
    ],
    redrive: route('POST', `${PATH}/emits/:id/redrive`, 'events:emit', 'Redrive an emit that could not be written to the log.', { refusedWhenSuspended: true, answer: emitResult, status: 202 }, on.redrives.redrive),
    redriveQuarantined: direct(`${PATH}/quarantine/:id/redrive`, 'Emit a quarantined record again, corrected or unchanged.', { body: emits.redrive, answer: emitResult, status: 202 }, on.redriveQuarantined),
    why: route('GET', '/api/v1/events/:id/why', 'events:read', 'Of each webhook, what became of an event, or why it does not get it.', { query: emits.whyQuery, answer: emits.why }, on.why),
    lineage: route('GET', '/api/v1/events/:id/lineage', 'events:read', 'The causes and consequences of an event as a graph; other organizations are closed.', { answer: emits.lineage }, on.lineage),
    history: route('GET', '/api/v1/events/:id', 'events:read', 'The whole history of one event.', { refusesKeyInQuery: true, answer: emits.history }, on.emits.history),
  }
}
