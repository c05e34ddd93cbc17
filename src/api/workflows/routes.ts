/** Routes of workflows. */
import type { Route } from '../http/route.ts'
import { deleted, list, route, routesWith } from '../http/route-table.ts'
import type { createDryRunHandler } from './dry-run.ts'
import type { createEvaluateHandler } from './evaluate.ts'
import type { createWorkflowHandlers } from './handlers.ts'
import * as schemas from './schemas.ts'

export interface WorkflowHandlers {
  workflows: ReturnType<typeof createWorkflowHandlers>
  evaluate: ReturnType<typeof createEvaluateHandler>
  dryRun: ReturnType<typeof createDryRunHandler>
}

const read = routesWith('workflows:read')
const manage = routesWith('workflows:manage')

// biome-ignore format: a table
export function createWorkflowRoutes({ workflows: on, evaluate, dryRun }: WorkflowHandlers): Route[] {
  const { workflow, workflowSummary, deployment } = schemas
  const path = '/api/v1/workflows'
  return [
    manage('POST', path, 'Make a workflow, with a draft of its definition.', { body: schemas.newWorkflow, answer: workflow, status: 201 }, on.create),
    read('GET', path, 'List workflows, without their definitions.', list(workflowSummary), on.list),
    read('POST', `${path}/evaluate`, 'Which workflows an event would start, and why the others not; nothing runs.', { changesNothing: true, body: schemas.evaluation, answer: schemas.evaluated }, evaluate),
    read('GET', `${path}/:id`, 'One workflow, with its draft.', { answer: workflow }, on.get),
    manage('PATCH', `${path}/:id`, 'Change the settings of a workflow.', { body: schemas.workflowPatch, answer: workflow }, on.patch),
    manage('DELETE', `${path}/:id`, 'Delete a workflow.', { answer: deleted }, on.delete),
    manage('PUT', `${path}/:id/draft`, 'Save the draft, finished or not; the answer has its findings. If-Match is the revision of the draft.', { body: schemas.draftInput, answer: schemas.draft }, on.saveDraft),
    manage('POST', `${path}/:id/deploy`, 'Make the draft the next version, and live at once.', { body: schemas.deployInput, bodyOptional: true, answer: deployment }, on.deploy),
    manage('POST', `${path}/:id/rollback`, 'Deploy the definition of an older version again, as the next one.', { body: schemas.rollbackInput, answer: deployment }, on.rollback),
    manage('POST', `${path}/:id/undeploy`, 'Take the live version away.', { answer: workflow }, on.undeploy),
    manage('POST', `${path}/:id/activate`, 'Switch a deployed workflow on.', { answer: workflow }, on.activate),
    manage('POST', `${path}/:id/deactivate`, 'Switch a workflow off.', { answer: workflow }, on.deactivate),
    read('GET', `${path}/:id/versions`, 'The versions that are kept, newest first, each with what it changed.', list(schemas.versionSummary), on.versions),
    read('GET', `${path}/:id/versions/:version`, 'One version: its definition, and what it changed in the one before.', { answer: schemas.version }, on.version),
    route('POST', `${path}/:id/dry-run`, 'workflows:run', 'Which actions would run with these params; nothing runs.', { changesNothing: true, body: schemas.dryRunInput, answer: schemas.dryRun }, dryRun.ofWorkflow),
  ]
}
