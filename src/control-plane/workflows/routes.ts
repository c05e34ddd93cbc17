/** API routes: workflows that a request starts (docs/decisions/0126-a-route-is-a-workflow.md), and their tokens. */
import type { Clock, Random } from '../../clock.ts'
import { generateRouteToken } from '../../crypto/secret-box.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Owner } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import type { RouteMethod, RouteToken } from '../../model/workflows.ts'
import type { Validators } from '../../registry/validators.ts'
import { isRoute, type Route } from '../../workflows/route-table.ts'
import type { Caller } from '../store/announce.ts'
import { getWorkflow } from './get-workflow.ts'
import { checkedRoute, ROUTE_DEFAULTS, ROUTE_FIELDS, type RouteSettings } from './route-settings.ts'
import type { WorkflowSettings } from './workflow-settings.ts'
import type { Workflows } from './workflows.ts'

export interface NewRoute extends RouteSettings, Omit<WorkflowSettings, 'trigger'> {
  method: RouteMethod
  path: string
  definition?: unknown
}

export type RoutePatch = RouteSettings & Omit<WorkflowSettings, 'trigger'>

export interface Routes {
  /** Errors: those of a workflow, `route_conflict`. */
  create(caller: Caller, owner: Owner, input: NewRoute): Promise<Route>
  patch(caller: Caller, owner: Owner, id: string, patch: RoutePatch, revision?: number): Promise<Route>
  /** Errors: `not_found`, `conflict` when there are too many. The token is not stored. */
  addToken(caller: Caller, owner: Owner, id: string, name: string): Promise<RouteToken & { token: string }>
  /** Errors: `not_found`. */
  removeToken(caller: Caller, owner: Owner, id: string, tokenId: string): Promise<void>
}

/** Of a route. */
export const TOKENS_MAX = 20

export function createRouteChanges(deps: {
  workflows: Workflows
  view: ControlView
  validators: Validators
  ids: Ids
  clock: Clock
  random: Random
}): Routes {
  const { workflows, view, validators, ids, clock, random } = deps

  /** With the revision that was looked at, since the whole trigger is written. */
  async function changed(caller: Caller, owner: Owner, route: Route, patch: WorkflowSettings): Promise<Route> {
    return (await workflows.patch(caller, owner, route.id, patch, route.revision)) as Route
  }

  return {
    async create(caller, owner, input) {
      const { own, settings } = split(input)
      const trigger = checkedRoute(ROUTE_DEFAULTS, own, validators)
      const name = input.name ?? `${input.method} ${input.path}`.slice(0, NAME_CHARACTERS_MAX)
      return (await workflows.create(caller, owner, { ...settings, name, trigger })) as Route
    },
    async patch(caller, owner, id, patch, revision) {
      const route = getRoute(view, owner, id)
      const { own, settings } = split(patch)
      if (Object.keys(own).length === 0) return (await workflows.patch(caller, owner, id, settings, revision)) as Route
      const trigger = checkedRoute(route.trigger, own, validators)
      return (await workflows.patch(caller, owner, id, { ...settings, trigger }, revision ?? route.revision)) as Route
    },
    async addToken(caller, owner, id, name) {
      const route = getRoute(view, owner, id)
      const { tokens } = route.trigger
      if (tokens.length >= TOKENS_MAX)
        throw new ClarionError('conflict', `A route has at most ${TOKENS_MAX} tokens: delete one that is not needed.`)
      const { token, ...kept } = generateRouteToken(random)
      const createdAt = new Date(clock.nowMs()).toISOString()
      const made: RouteToken = { id: ids.next('rtk'), name, ...kept, createdAt }
      await changed(caller, owner, route, { trigger: { ...route.trigger, tokens: [...tokens, made] } })
      return { ...made, token }
    },
    async removeToken(caller, owner, id, tokenId) {
      const route = getRoute(view, owner, id)
      const tokens = route.trigger.tokens.filter(token => token.id !== tokenId)
      if (tokens.length === route.trigger.tokens.length)
        throw new ClarionError('not_found', 'The route has no such token.')
      await changed(caller, owner, route, { trigger: { ...route.trigger, tokens } })
    },
  }
}

const NAME_CHARACTERS_MAX = 100

/** Throws `not_found`, also for a workflow that is no route. */
export function getRoute(view: Pick<ControlView, 'find'>, owner: Owner, id: string): Route {
  const found = getWorkflow(view, owner, id)
  if (isRoute(found)) return found
  throw new ClarionError('not_found', 'There is no such route.')
}

function split<T extends RoutePatch>(input: T): { own: RouteSettings; settings: Omit<T, keyof RouteSettings> } {
  const isOwn = (field: string) => (ROUTE_FIELDS as readonly string[]).includes(field)
  const entries = Object.entries(input)
  return {
    own: Object.fromEntries(entries.filter(([field]) => isOwn(field))),
    settings: Object.fromEntries(entries.filter(([field]) => !isOwn(field))) as Omit<T, keyof RouteSettings>,
  }
}
