/** Routes of runs: literal paths come before those of `/workflows/:id`. */
import type { Route } from '../http/route.ts'
import { list, routesWith } from '../http/route-table.ts'
import type { createRunHandlers } from './handlers.ts'
import * as schemas from './schemas.ts'

const read = routesWith('workflows:read')
const run = routesWith('workflows:run')

// biome-ignore format: a table
export function createRunRoutes(on: ReturnType<typeof createRunHandlers>): Route[] {
  const path = '/api/v1/workflows'
  const accepted = { answer: schemas.accepted, status: 202, refusedWhenSuspended: true }
  return [
    read('GET', `${path}/runs`, 'List the runs of all workflows, newest first.', list(schemas.runSummary, { ...schemas.runFilter, 'workflowId?': { type: 'string', maxLength: 40 } }), on.list),
    read('GET', `${path}/runs/:runId`, 'One run, with its steps.', { answer: schemas.run }, on.get),
    run('POST', `${path}/runs/:runId/cancel`, 'Cancel a run that has not ended.', { answer: schemas.accepted, status: 202 }, on.cancel),
    run('POST', `${path}/runs/:runId/retry`, 'Start an ended run once more, with the same params.', { ...accepted, body: schemas.retryInput, bodyOptional: true }, on.retry),
    read('GET', `${path}/:id/runs`, 'List the runs of a workflow, newest first.', list(schemas.runSummary, schemas.runFilter), on.listOf),
    read('GET', '/api/v1/routes/:id/runs', 'List the runs of an API route, newest first.', list(schemas.runSummary, schemas.runFilter), on.listOf),
    run('POST', `${path}/:id/run`, 'Start the live version by hand, and wait for its end if you like.', { ...accepted, answer: schemas.acceptedOrEnded, takesIdempotencyKey: true, body: schemas.manualRun, bodyOptional: true }, on.run),
  ]
}
