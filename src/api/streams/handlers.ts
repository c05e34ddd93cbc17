/** Streams as a resource: tokens for browsers, and the list of what is open. */
import type { OpenStream } from '../../../topics/streams-presence.ts'
import { ClarionError } from '../../model/codes.ts'
import type { StreamHub } from '../../streaming/hub/hub-calls.ts'
import type { Presence } from '../../streaming/hub/presence.ts'
import { type StreamTokens, TTL_S } from '../../streaming/hub/tokens.ts'
import { createSelection } from '../../streaming/selection.ts'
import { keyOf, organizationOf, seesPayloads } from '../http/caller.ts'
import type { Answer, Call, DirectHandler } from '../http/route.ts'
import { presentStream } from './presenter.ts'

interface NewToken {
  types: string | string[]
  subject?: string
  filter?: object
  ttlSeconds?: number
  allowedOrigins?: string[]
}

export function createStreamHandlers(deps: {
  hub: StreamHub
  presence: Presence
  tokens: StreamTokens
  open: DirectHandler
  preflight: DirectHandler
}) {
  const { hub, presence, tokens } = deps

  const streamOf = (organizationId: string, id: string): OpenStream | undefined =>
    hub.list(organizationId).find(stream => stream.id === id)

  return {
    open: deps.open,
    preflight: deps.preflight,

    /** A WebSocket begins with an upgrade, which does not come here. */
    webSocket(): Answer {
      const message = 'must be websocket: this path is for WebSocket clients'
      const details = [{ path: '/headers/upgrade', rule: 'upgrade', message }]
      throw new ClarionError('validation_failed', `The header upgrade ${message}.`, { details })
    },

    issueToken(call: Call): Answer {
      if (call.principal?.session !== undefined)
        throw new ClarionError('session_refused', 'A stream token comes from a key: send one in a header.')
      const { id: keyId, organizationId, environment } = keyOf(call)
      const { types, subject, filter, ttlSeconds = TTL_S.default, allowedOrigins = [] } = call.body as NewToken
      const question = {
        types: typeof types === 'string' ? types : types.join(','),
        ...(subject === undefined ? {} : { subject }),
        ...(filter === undefined ? {} : { filter: JSON.stringify(filter) }),
      }
      // A wrong question is found now, not when a browser opens the stream.
      createSelection(question, { isWithheld: !seesPayloads(call) })
      const scope = { organizationId, environment, keyId }
      const { token, openUntilMs, expiresAtMs } = tokens.issue({ ...scope, ...question, ttlSeconds, allowedOrigins })
      return { data: { token, openUntil: isoTime(openUntilMs), expiresAt: isoTime(expiresAtMs) } }
    },

    list(call: Call): Answer {
      const { environment } = keyOf(call)
      const own = hub.list(organizationOf(call).id).filter(stream => stream.environment === environment)
      return { data: own.sort((a, b) => b.openedAtMs - a.openedAtMs).map(presentStream), nextCursor: null }
    },

    async end(call: Call): Promise<Answer> {
      const { organizationId, environment } = keyOf(call)
      const id = call.params.id!
      if (streamOf(organizationId, id)?.environment !== environment)
        throw new ClarionError('not_found', 'There is no open stream with this id.')
      if (!hub.end(organizationId, id)) await presence.requestEnd(organizationId, id)
      return { data: { id, ended: true } }
    },
  }
}

const isoTime = (ms: number): string => new Date(ms).toISOString()
