/** Who opens a stream: the holder of a key, or of a token that a key has issued. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Organization } from '../../model/organizations.ts'
import { holdsScope } from '../../model/scopes.ts'
import { SESSION_STREAMS, type Subscriber } from '../../streaming/hub/ports.ts'
import type { StreamToken, StreamTokens } from '../../streaming/hub/tokens.ts'
import { type Authenticate, requireScope } from '../http/authenticate.ts'

export interface StreamCaller {
  subscriber: Subscriber
  key: ApiKey
  /** It carries the question of its streams. */
  token: StreamToken | undefined
}

export interface StreamCallers {
  /** Throws `unauthorized`, `insufficient_scope`, `organization_suspended`. */
  byKey(headers: IncomingHttpHeaders, address: string | undefined): StreamCaller
  /** `origin`: the page that calls; a call without one comes from no other page. Throws the same. */
  byToken(text: string, origin: string | undefined): StreamCaller
}

export function createStreamCallers(deps: {
  authenticate: Authenticate
  tokens: StreamTokens
  view: Pick<ControlView, 'find' | 'organization'>
  clock: Clock
}): StreamCallers {
  const { view, clock } = deps

  /** The key behind a token, as it is now. */
  function keyOf({ organizationId, keyId }: StreamToken): { key: ApiKey; organization: Organization } {
    const key = view.find('key', organizationId, keyId)
    const organization = view.organization(organizationId)
    const isExpired = key?.expiresAt != null && Date.parse(key.expiresAt) <= clock.nowMs()
    if (key === undefined || isExpired || organization === undefined || organization.status === 'deleted')
      throw new ClarionError('unauthorized', 'The key that issued the stream token is not valid any more.')
    return { key, organization }
  }

  return {
    byKey(headers, address) {
      const { key, organization, session } = requireScope(deps.authenticate(headers, address, 'GET'), 'events:read')
      refuseSuspended(organization)
      const { organizationId, environment } = key
      const subscriber: Subscriber = { organizationId, environment, keyId: key.id }
      if (session === undefined) return { subscriber, key, token: undefined }
      // Of sessions, streams are counted by their holder, apart from those of keys.
      const keyId = SESSION_STREAMS + session.holder
      return { subscriber: { ...subscriber, keyId, session }, key, token: undefined }
    },
    byToken(text, origin) {
      const token = deps.tokens.read(text)
      const { key, organization } = keyOf(token)
      if (!holdsScope(key, 'events:read'))
        throw new ClarionError('insufficient_scope', 'The key that issued the token lacks the scope events:read.')
      if (origin !== undefined && !token.allowedOrigins.includes(origin))
        throw new ClarionError('insufficient_scope', 'The stream token is not for this origin (allowedOrigins).')
      refuseSuspended(organization)
      const { organizationId, environment, keyId, id, expiresAtMs } = token
      return { subscriber: { organizationId, environment, keyId, token: { id, expiresAtMs } }, key, token }
    },
  }
}

function refuseSuspended({ status }: Organization): void {
  if (status !== 'suspended') return
  throw new ClarionError('organization_suspended', 'The organization is suspended: it opens no streams.')
}
