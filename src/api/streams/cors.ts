/** CORS for the routes of streams alone: the origins that a token allows may read its streams. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StreamToken, StreamTokens } from '../../streaming/hub/tokens.ts'
import type { DirectHandler } from '../http/route.ts'

const PREFLIGHT_KEPT_S = 600

export function corsHeaders(request: IncomingMessage, token: StreamToken | undefined): Record<string, string> {
  const { origin } = request.headers
  if (token === undefined) return {}
  if (origin === undefined || !token.allowedOrigins.includes(origin)) return { vary: 'origin' }
  return { 'access-control-allow-origin': origin, vary: 'origin' }
}

/** Answers a preflight of a stream with a token; any other one gets no permission. */
export function createPreflight(tokens: StreamTokens): DirectHandler {
  return async (request, response) => {
    const token = tokenOf(request, tokens)
    const allowed = corsHeaders(request, token)
    response.writeHead(204, {
      ...allowed,
      vary: 'origin',
      ...(allowed['access-control-allow-origin'] === undefined ? {} : PERMISSION),
    })
    response.end()
  }
}

const PERMISSION = {
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'accept, cache-control, last-event-id',
  'access-control-max-age': String(PREFLIGHT_KEPT_S),
}

function tokenOf({ url = '' }: IncomingMessage, tokens: StreamTokens): StreamToken | undefined {
  const text = new URLSearchParams(url.split('?', 2)[1] ?? '').get('token')
  try {
    return text === null ? undefined : tokens.read(text)
  } catch {
    return undefined
  }
}

/** For errors too: a page sees why its stream was not opened. */
export function allowOrigin(response: ServerResponse, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}
