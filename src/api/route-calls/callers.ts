/** Who calls a route: a key of its organization and environment, one of its tokens, or anybody. */
import type { IncomingMessage } from 'node:http'
import { hashApiKey } from '../../crypto/secret-box.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Route } from '../../workflows/route-table.ts'
import { type Authenticate, requireScope } from '../http/authenticate.ts'

/** `$user` of the run. */
export type RouteUser = { keyId: string; name: string } | { tokenId: string; name: string } | null

/** Throws `unauthorized`, `insufficient_scope`, `rate_limited` (too many unknown keys). */
export function callerOf(request: IncomingMessage, route: Route, authenticate: Authenticate): RouteUser {
  const { auth } = route.trigger
  if (auth === 'none') return null
  return auth === 'bearer' ? tokenOf(request, route) : keyOf(request, route, authenticate)
}

function keyOf(request: IncomingMessage, route: Route, authenticate: Authenticate): RouteUser {
  const principal = authenticate(request.headers, request.socket.remoteAddress)
  const { key, organization } = requireScope(principal, 'routes:call')
  if (organization.id !== route.organizationId || key.environment !== route.environment)
    throw new ClarionError('unauthorized', 'The API key belongs to another organization or environment than the route.')
  return { keyId: key.id, name: key.name }
}

function tokenOf({ headers }: IncomingMessage, { trigger }: Route): RouteUser {
  const [, text] = /^bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? []
  if (text === undefined)
    throw new ClarionError('unauthorized', "The call carries no token: send it as 'Authorization: Bearer <token>'.")
  const hash = hashApiKey(text)
  const token = trigger.tokens.find(each => each.hash === hash)
  if (token === undefined) throw new ClarionError('unauthorized', 'The token is not one of this route.')
  return { tokenId: token.id, name: token.name }
}
