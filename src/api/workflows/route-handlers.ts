/** API routes: what differs from workflows. */
import type { NewRoute, RoutePatch, Routes } from '../../control-plane/workflows/routes.ts'
import type { ControlView } from '../../model/control-view.ts'
import { ownerOf } from '../http/caller.ts'
import type { Answer, Call } from '../http/route.ts'
import { type createWorkflowHandlers, idOf } from './handlers.ts'
import { NEVER_RAN } from './presenter.ts'
import { presentRoute, presentToken } from './route-presenter.ts'

export function createApiRouteHandlers(
  { apiRoutes, view }: { apiRoutes: Routes; view: ControlView },
  common: ReturnType<typeof createWorkflowHandlers>,
) {
  const id = (call: Call) => idOf(call, 'route')
  return {
    ...common,
    async create(call: Call): Promise<Answer> {
      const made = await apiRoutes.create(call.caller, ownerOf(call), call.body as NewRoute)
      return { data: presentRoute(made, NEVER_RAN, view) }
    },
    async patch(call: Call): Promise<Answer> {
      const patch = call.body as RoutePatch
      const patched = await apiRoutes.patch(call.caller, ownerOf(call), id(call), patch, call.expectedRevision)
      return common.shown(patched)
    },
    async addToken(call: Call): Promise<Answer> {
      const { name } = call.body as { name: string }
      const { token, ...made } = await apiRoutes.addToken(call.caller, ownerOf(call), id(call), name)
      return { data: { ...presentToken(made), token } }
    },
    async removeToken(call: Call): Promise<Answer> {
      const { tokenId = '' } = call.params
      await apiRoutes.removeToken(call.caller, ownerOf(call), id(call), tokenId)
      return { data: { id: tokenId, deleted: true } }
    },
  }
}
