import { ROUTE_METHODS } from '../../model/workflows.ts'
import {
  anyObject,
  anything,
  definition,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'
import { draftFields, settings, workflowFields } from './schemas.ts'

const { 'recordSkips?': _skips, 'catchUp?': _catchUp, 'contracts?': _contracts, ...common } = settings

const own = {
  'auth?': oneOf(['api_key', 'bearer', 'none']),
  'bodySchema?': { type: ['object', 'null'] },
  'origins?': { type: 'array', items: text(1, 255), maxItems: 20, uniqueItems: true },
  'ratePerSecond?': { type: ['integer', 'null'], minimum: 1, maximum: 10_000 },
  'responseTimeoutMs?': { type: 'integer', minimum: 100, maximum: 30_000 },
}

const method = oneOf([...ROUTE_METHODS])
const path = text(1, 255)

export const newRoute = object({ 'name?': text(1, 100), method, path, ...own, ...common, 'definition?': definition })
export const routePatch = {
  ...object({ 'name?': text(1, 100), 'method?': method, 'path?': path, ...own, ...common }),
  minProperties: 1,
}

/** The request of a dry run, as a run would read it. */
export const dryRunInput = object({
  'body?': anything,
  'query?': anyObject,
  'path?': anyObject,
  'headers?': anyObject,
  'version?': { type: 'integer', minimum: 1 },
})

const tokenFields = { id: string, name: string, hint: string, createdAt: time }
export const newToken = object({ name: text(1, 100) })
/** `token` is shown here and never again. */
export const tokenMade = object({ ...tokenFields, token: string })

const {
  trigger: _trigger,
  recordSkips: _shownSkips,
  catchUp: _shownCatchUp,
  contracts: _needs,
  ...shared
} = workflowFields
const routeFields = {
  ...shared,
  ...{ method: string, path: string, auth: string, bodySchema: nullable(anyObject), origins: listOf(string) },
  ...{
    ratePerSecond: nullable(integer),
    responseTimeoutMs: integer,
    servedAt: string,
    tokens: listOf(object(tokenFields)),
  },
}
export const route = object({ ...routeFields, draft: nullable(object({ ...draftFields, definition })) })
/** In a list: without definitions. */
export const routeSummary = object({ ...routeFields, draft: nullable(object(draftFields)) })
