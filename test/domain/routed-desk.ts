/** A desk behind the routes of the API, without HTTP: a path finds its route, and its handler the records. */
import { createDomainHandlers } from '../../src/api/domain/handlers.ts'
import { createDomainRoutes } from '../../src/api/domain/routes.ts'
import type { Answer, Call } from '../../src/api/http/route.ts'
import type { Desk } from './desk.ts'

const ORGANIZATION = { id: 'org_a', plan: 'ENTERPRISE' }
const KEY = { id: 'key_a', environment: 'test', scopes: [] }

/** Answers as the handlers do; throws what they throw. */
export function routedDesk(desk: Desk) {
  const routes = createDomainRoutes(
    createDomainHandlers({
      domainCalls: {
        call: async ({ name, id, part, body }) => desk.ask(name, JSON.parse(body) as object, { id, part }),
      },
      reads: { usageSummary: () => Promise.reject(new Error('no usage here')) },
      clock: { nowMs: () => desk.nowMs() } as never,
    }),
  )
  return async (method: string, path: string, body: object = {}): Promise<Answer> => {
    for (const route of routes) {
      const pattern = route.path.replace(/:(\w+)/g, '(?<$1>[^/]+)')
      const found = route.method === method ? new RegExp(`^${pattern}$`).exec(path) : null
      if (found === null || route.handle === undefined) continue
      const principal = { kind: 'key', organization: ORGANIZATION, key: KEY }
      const call = { params: { ...found.groups }, query: {}, body, principal, caller: { actorId: KEY.id } }
      return route.handle({ ...call, requestId: 'req' } as unknown as Call)
    }
    throw new Error(`there is no route ${method} ${path}`)
  }
}
