/** The settings that make a workflow an API route, checked, and in the form of the record. */
import { schemaHash } from '../../json/canonical-json.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { RouteMethod, RouteTrigger, Workflow } from '../../model/workflows.ts'
import { checkSchema } from '../../registry/check-schema.ts'
import type { Validators } from '../../registry/validators.ts'
import { parsePath, shapeOf } from '../../workflows/route-path.ts'
import { isRoute } from '../../workflows/route-table.ts'
import { invalid } from './workflow-settings.ts'

export interface RouteSettings {
  method?: RouteMethod
  path?: string
  auth?: RouteTrigger['auth']
  bodySchema?: Record<string, unknown> | null
  origins?: string[]
  ratePerSecond?: number | null
  responseTimeoutMs?: number
}

export const ROUTE_FIELDS = [
  ...(['method', 'path', 'auth', 'bodySchema', 'origins', 'ratePerSecond', 'responseTimeoutMs'] as const),
] satisfies ReadonlyArray<keyof RouteSettings>

export const ROUTE_DEFAULTS = {
  ...{ kind: 'route', auth: 'api_key', bodySchema: null, bodySchemaHash: null, origins: [] },
  ...{ ratePerSecond: null, responseTimeoutMs: 10_000, tokens: [] },
} satisfies Partial<RouteTrigger>

/** Throws `workflow_invalid`. */
export function checkedRoute(
  before: Omit<RouteTrigger, 'method' | 'path'> & Partial<RouteTrigger>,
  { method = before.method!, path = before.path!, bodySchema, ...given }: RouteSettings,
  validators: Validators,
): RouteTrigger {
  const parsed = parsePath(path)
  if (!parsed.ok) throw invalid('/path', 'path', parsed.message)
  for (const [index, origin] of (given.origins ?? []).entries()) checkOrigin(origin, index)
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const schema = bodySchema === undefined ? {} : checkedBodySchema(bodySchema, method, validators)
  return { ...before, ...fields, ...schema, method, path }
}

function checkOrigin(origin: string, index: number): void {
  if (origin === '*') return
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url !== undefined && url.origin === origin && /^https?:$/.test(url.protocol)) return
  throw invalid(
    `/origins/${index}`,
    'origin',
    "is no origin: write scheme, host and port such as https://shop.example, or '*'",
  )
}

function checkedBodySchema(bodySchema: Record<string, unknown> | null, method: RouteMethod, validators: Validators) {
  if (bodySchema === null) return { bodySchema, bodySchemaHash: null }
  if (method === 'GET') throw invalid('/bodySchema', 'no_body', 'describes a body, and a GET has none')
  const { findings } = checkSchema({ payloadSchema: bodySchema }, validators)
  const [first] = findings
  if (first === undefined) return { bodySchema, bodySchemaHash: schemaHash(bodySchema) }
  const details: Finding[] = findings.flatMap(({ details: found = [], code, message }) =>
    found.length === 0
      ? [{ path: '/bodySchema', rule: code, message }]
      : found.map(each => ({ ...each, path: each.path.replace(/^\/payloadSchema/, '/bodySchema') })),
  )
  throw new ClarionError('workflow_invalid', `The schema of the body cannot be used: ${first.message}`, { details })
}

/** Throws `route_conflict` when another route of the organization answers the same requests. */
export function checkRouteConflict(workflows: readonly Workflow[], route: Workflow): void {
  if (!isRoute(route)) return
  const shape = shapeIn(route)
  const other = workflows.find(
    each =>
      each.id !== route.id &&
      each.environment === route.environment &&
      each.deletedAt === null &&
      isRoute(each) &&
      shapeIn(each) === shape,
  )
  if (other === undefined) return
  const { method, path } = route.trigger
  throw new ClarionError(
    'route_conflict',
    `The route ${other.id} answers ${method} ${path} already: change it instead.`,
  )
}

function shapeIn({ trigger }: Workflow & { trigger: RouteTrigger }): string {
  const parsed = parsePath(trigger.path)
  return `${trigger.method} ${parsed.ok ? shapeOf(parsed.segments) : trigger.path}`
}
