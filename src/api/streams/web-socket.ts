/** `GET /events/ws`: the upgrade to a WebSocket. Errors before it are answered in HTTP. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { parse as parseQuery } from 'node:querystring'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { ClarionError, CODES } from '../../model/codes.ts'
import { failureBody, failureOf, JSON_TYPE } from '../http/envelope.ts'
import { refuseKeyInQuery } from '../http/key-in-query.ts'
import { createValidators } from '../http/validate.ts'
import type { StreamCaller } from './callers.ts'
import type { OpenStreamDeps } from './open-stream.ts'
import { webSocketQuery } from './schemas.ts'
import { type Session, startSession } from './web-socket-session.ts'

export const WS_PATH = '/api/v1/events/ws'
const PROTOCOL = 'clarion.v1'
const MESSAGE_BYTES_MAX = 64 * 1024
/** Sockets of a process that have not signed in: each has ten seconds for it. */
const UNSIGNED_MAX = 1_000

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export interface WebSockets {
  upgrade: Upgrade
  /** Ends what has no stream yet; the hub ends the others. */
  drain(): void
}

export function createWebSockets(deps: OpenStreamDeps & { aliasKeyHeader: string }): WebSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    // The session answers pings, and only a peer that takes its answers.
    autoPong: false,
    handleProtocols: protocols => (protocols.has(PROTOCOL) ? PROTOCOL : false),
  })
  const checkQuery = createValidators().query(webSocketQuery)
  const sessions = new Set<Session>()
  let unsigned = 0

  const presentsKey = ({ headers }: IncomingMessage) =>
    [headers.authorization, headers['x-api-key'], headers[deps.aliasKeyHeader]].some(each => each !== undefined)

  function callerOf(request: IncomingMessage, token: unknown): StreamCaller | undefined {
    if (typeof token === 'string') return deps.callers.byToken(token, request.headers.origin)
    if (presentsKey(request)) return deps.callers.byKey(request.headers, request.socket.remoteAddress)
    if (unsigned >= UNSIGNED_MAX) throw new ClarionError('service_unavailable', CODES.service_unavailable.meaning)
    return undefined
  }

  function accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path, querystring = ''] = (request.url ?? '').split('?', 2)
    if (path !== WS_PATH) throw new ClarionError('not_found', 'There is no such path for an upgrade.')
    refuseKeyInQuery(querystring)
    const query: { client?: string; token?: string } = { ...parseQuery(querystring) }
    const caller = callerOf(request, query.token)
    checkQuery(query)
    refuseOtherProtocols(request.headers['sec-websocket-protocol'])
    server.handleUpgrade(request, socket, head, webSocket => {
      if (caller === undefined) unsigned++
      const session = startSession(webSocket, socket as Socket, {
        ...deps,
        requestId: deps.ids.next('req'),
        address: request.socket.remoteAddress,
        origin: request.headers.origin,
        client: query.client,
        caller,
        onSignedIn() {
          if (caller === undefined) unsigned--
        },
        onClosed: () => void sessions.delete(session),
      })
      sessions.add(session)
    })
  }

  return {
    upgrade(request, socket, head) {
      // A peer that goes while it is being refused.
      socket.on('error', () => socket.destroy())
      try {
        accept(request, socket, head)
      } catch (error) {
        const requestId = deps.ids.next('req')
        if (!(error instanceof ClarionError))
          deps.logger.error({ err: error, requestId }, 'an upgrade failed unexpectedly')
        answer(socket, error, requestId)
      }
    },
    drain() {
      for (const session of sessions) session.drain()
    },
  }
}

function refuseOtherProtocols(offered: string | undefined): void {
  if (offered === undefined || offered.split(',').some(each => each.trim() === PROTOCOL)) return
  const message = `must offer ${PROTOCOL}, or be left out`
  const details = [{ path: '/headers/sec-websocket-protocol', rule: 'protocol', message }]
  throw new ClarionError('validation_failed', `The header sec-websocket-protocol ${message}.`, { details })
}

function answer(socket: Duplex, error: unknown, requestId: string): void {
  const { status, headers, error: facts } = failureOf(error, requestId)
  const body = failureBody({ status, headers, error: facts })
  const all = {
    ...headers,
    'content-type': JSON_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${facts.code}\r\n${lines.join('')}\r\n${body}`)
}
