/** Routes of runs: literal paths come before those of `/workflows/:id`. */
import type { Route } from '../http/route.ts'
import { list, routesWith } from '../http/route-table.ts'
import type { createDebugHandler } from './debug.ts'
import type { createDebugParamsHandler } from './debug-params.ts'
import type { createRunHandlers } from './handlers.ts'
import * as schemas from './schemas.ts'
import type { RunStreams } from './stream-run.ts'

export interface RunRoutesHandlers {
  runs: ReturnType<typeof createRunHandlers>
  debug: ReturnType<typeof createDebugHandler>
  debugParams: ReturnType<typeof createDebugParamsHandler>
  runStreams: Pick<RunStreams, 'open'>
}

const read = routesWith('workflows:read')
const run = routesWith('workflows:run')

// biome-ignore format: a table
export function createRunRoutes({ runs: on, debug, debugParams, runStreams }: RunRoutesHandlers): Route[] {
  const path = '/api/v1/workflows'
  const accepted = { answer: schemas.accepted, status: 202, refusedWhenSuspended: true }
  return [
    read('GET', `${path}/runs`, 'List the runs of all workflows, newest first.', { ...list(schemas.runSummary, { ...schemas.runFilter, 'workflowId?': { type: 'string', maxLength: 40 } }), meta: schemas.liveMeta }, on.list),
    read('GET', `${path}/runs/:runId`, 'One run, with its steps.', { answer: schemas.run, meta: schemas.liveMeta }, on.get),
    read('GET', `${path}/runs/:runId/stream`, 'One run as Server-Sent Events: each step under its number, then its end.', { content: schemas.runStream, isStream: true }, runStreams.open),
    run('POST', `${path}/runs/:runId/cancel`, 'Cancel a run that has not ended.', { answer: schemas.accepted, status: 202 }, on.cancel),
    run('POST', `${path}/runs/:runId/retry`, 'Start an ended run once more, with the same params.', { ...accepted, body: schemas.retryInput, bodyOptional: true }, on.retry),
    read('GET', `${path}/:id/runs`, 'List the runs of a workflow, newest first.', { ...list(schemas.runSummary, schemas.runFilter), meta: schemas.liveMeta }, on.listOf),
    read('GET', '/api/v1/routes/:id/runs', 'List the runs of an API route, newest first.', { ...list(schemas.runSummary, schemas.runFilter), meta: schemas.liveMeta }, on.listOf),
    run('POST', `${path}/:id/run`, 'Start the live version by hand, and wait for its end if you like.', { ...accepted, answer: schemas.acceptedOrEnded, takesIdempotencyKey: true, body: schemas.manualRun, bodyOptional: true }, on.run),
    run('POST', `${path}/:id/debug`, 'Run the draft with these params, and see each step; it counts nowhere.', { body: schemas.debugInput, bodyOptional: true, answer: schemas.acceptedOrRun, meta: schemas.liveMeta, refusedWhenSuspended: true }, debug),
    run('POST', '/api/v1/routes/:id/debug', 'Run the draft of an API route with a request of these params.', { body: schemas.debugInput, bodyOptional: true, answer: schemas.acceptedOrRun, meta: schemas.liveMeta, refusedWhenSuspended: true }, debug),
    read('GET', `${path}/:id/debug-params`, 'Params to debug with: an example, the last event, or those of a run.', { query: schemas.debugParamsQuery, answer: schemas.debugParams }, debugParams),
  ]
}
