/** Calls about API routes: those of workflows under another prefix, and tokens. */
import type { Route } from '../http/route.ts'
import { deleted, list, route, routesWith } from '../http/route-table.ts'
import type { createDryRunHandler } from './dry-run.ts'
import type { createApiRouteHandlers } from './route-handlers.ts'
import * as own from './route-schemas.ts'
import * as schemas from './schemas.ts'

const read = routesWith('workflows:read')
const manage = routesWith('workflows:manage')

// biome-ignore format: a table
export function createApiRouteRoutes(on: ReturnType<typeof createApiRouteHandlers>, dryRun: ReturnType<typeof createDryRunHandler>): Route[] {
  const path = '/api/v1/routes'
  return [
    manage('POST', path, 'Make an API route, with a draft of its definition.', { body: own.newRoute, answer: own.route, status: 201 }, on.create),
    read('GET', path, 'List API routes, without their definitions.', list(own.routeSummary), on.list),
    read('GET', `${path}/:id`, 'One API route, with its draft.', { answer: own.route }, on.get),
    manage('PATCH', `${path}/:id`, 'Change the settings of an API route.', { body: own.routePatch, answer: own.route }, on.patch),
    manage('DELETE', `${path}/:id`, 'Delete an API route.', { answer: deleted }, on.delete),
    manage('PUT', `${path}/:id/draft`, 'Save the draft, finished or not; the answer has its findings. If-Match is the revision of the draft.', { body: schemas.draftInput, answer: schemas.draft }, on.saveDraft),
    manage('POST', `${path}/:id/deploy`, 'Make the draft the next version, which answers requests at once.', { body: schemas.deployInput, bodyOptional: true, answer: schemas.deployment }, on.deploy),
    manage('POST', `${path}/:id/rollback`, 'Deploy the definition of an older version again, as the next one.', { body: schemas.rollbackInput, answer: schemas.deployment }, on.rollback),
    manage('POST', `${path}/:id/undeploy`, 'Take the live version away.', { answer: own.route }, on.undeploy),
    manage('POST', `${path}/:id/activate`, 'Switch a deployed API route on.', { answer: own.route }, on.activate),
    manage('POST', `${path}/:id/deactivate`, 'Switch an API route off.', { answer: own.route }, on.deactivate),
    read('GET', `${path}/:id/versions`, 'The versions that are kept, newest first, each with what it changed.', list(schemas.versionSummary), on.versions),
    read('GET', `${path}/:id/versions/:version`, 'One version: its definition, and what it changed in the one before.', { answer: schemas.version }, on.version),
    route('POST', `${path}/:id/dry-run`, 'workflows:run', 'Which actions would run with this request; nothing runs.', { changesNothing: true, body: own.dryRunInput, answer: schemas.dryRun }, dryRun.ofRoute),
    manage('POST', `${path}/:id/tokens`, 'Make a token of an API route; it is shown once.', { body: own.newToken, answer: own.tokenMade, status: 201 }, on.addToken),
    manage('DELETE', `${path}/:id/tokens/:tokenId`, 'Delete a token of an API route.', { answer: deleted }, on.removeToken),
  ]
}
