/** From a method and a path to the route that answers: a literal segment wins over a parameter. */
import type { ControlView } from '../model/control-view.ts'
import type { Environment, Owner } from '../model/environments.ts'
import type { RouteMethod, RouteTrigger, Workflow } from '../model/workflows.ts'
import { parsePath } from './route-path.ts'

export type Route = Workflow & { trigger: RouteTrigger }

export interface FoundRoute {
  route: Route
  params: Record<string, string>
}

export interface RouteTable {
  /** By method, of the path that fits best; empty: there is none. `segments` are not decoded. */
  find(segments: readonly string[]): ReadonlyMap<RouteMethod, FoundRoute>
}

interface Node {
  literals: Map<string, Node>
  param: Node | undefined
  /** Routes that end here, each with the names of its parameters in order. */
  ends: Map<RouteMethod, { route: Route; names: string[] }>
}

export const isRoute = (workflow: Workflow): workflow is Route => workflow.trigger.kind === 'route'

const isLive = ({ active, deployed, deletedAt }: Workflow) => active && deployed !== null && deletedAt === null

/** `workflows`: of one organization and environment; those that are no live routes are left out. */
export function createRouteTable(workflows: readonly Workflow[]): RouteTable {
  const root = emptyNode()
  for (const route of workflows.filter(isRoute).filter(isLive)) insert(root, route)
  return {
    find(segments) {
      const found = walk(root, segments, 0, [])
      return new Map(
        [...(found?.node.ends ?? [])].map(([method, { route, names }]) => [
          method,
          { route, params: paramsOf(names, found!.values) },
        ]),
      )
    },
  }
}

const emptyNode = (): Node => ({ literals: new Map(), param: undefined, ends: new Map() })

function insert(root: Node, route: Route): void {
  const parsed = parsePath(route.trigger.path)
  if (!parsed.ok) return
  const names: string[] = []
  let node = root
  for (const segment of parsed.segments) {
    if ('param' in segment) {
      names.push(segment.param)
      node.param ??= emptyNode()
      node = node.param
    } else {
      const next = node.literals.get(segment.literal) ?? emptyNode()
      node.literals.set(segment.literal, next)
      node = next
    }
  }
  node.ends.set(route.trigger.method, { route, names })
}

/** Literal first at each segment; back to the parameter where that leads nowhere. */
function walk(
  node: Node,
  segments: readonly string[],
  at: number,
  values: readonly string[],
): { node: Node; values: readonly string[] } | undefined {
  if (at === segments.length) return node.ends.size > 0 ? { node, values } : undefined
  const segment = segments[at]!
  const literal = node.literals.get(segment)
  const found = literal && walk(literal, segments, at + 1, values)
  if (found !== undefined || node.param === undefined || segment === '') return found
  return walk(node.param, segments, at + 1, [...values, segment])
}

const paramsOf = (names: readonly string[], values: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, at) => [name, values[at]!]))

/** By the organization's list, whose identity changes with each change of it. */
const tables = new WeakMap<readonly Workflow[], Partial<Record<Environment, RouteTable>>>()

export function routeTable(view: Pick<ControlView, 'list'>, { organizationId, environment }: Owner): RouteTable {
  const all = view.list('workflow', organizationId)
  const known = tables.get(all) ?? {}
  tables.set(all, known)
  known[environment] ??= createRouteTable(all.filter(each => each.environment === environment))
  return known[environment]
}
