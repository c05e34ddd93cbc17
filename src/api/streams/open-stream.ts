/** `GET /events/stream`: Server-Sent Events or NDJSON, until the client or the platform ends it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parse as parseQuery } from 'node:querystring'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Ids } from '../../model/ids.ts'
import { nameRequest } from '../../process/work.ts'
import { TIMINGS } from '../../streaming/hub/connection.ts'
import { framesOf } from '../../streaming/hub/frames.ts'
import type { Reservation, StreamHub } from '../../streaming/hub/hub-calls.ts'
import type { Subscribe, Subscription } from '../../streaming/hub/subscribe.ts'
import type { StreamTokens } from '../../streaming/hub/tokens.ts'
import { refuseControls } from '../http/control-characters.ts'
import { failureBody, failureOf, JSON_TYPE } from '../http/envelope.ts'
import { refuseKeyInQuery } from '../http/key-in-query.ts'
import type { DirectHandler } from '../http/route.ts'
import { createValidators } from '../http/validate.ts'
import type { StreamCaller, StreamCallers } from './callers.ts'
import { allowOrigin, corsHeaders } from './cors.ts'
import { createHttpSink } from './http-sink.ts'
import { type HttpTransport, MEDIA, negotiate } from './negotiate.ts'
import { type QuestionFields, questionOf, startOf } from './questions.ts'
import { streamQuery } from './schemas.ts'

export interface OpenStreamDeps {
  hub: StreamHub
  subscribe: Subscribe
  callers: StreamCallers
  tokens: StreamTokens
  ids: Ids
  clock: Clock
  logger: Logger
}

type StreamQuery = QuestionFields & { client?: string; token?: string }

interface Opening {
  caller: StreamCaller
  query: StreamQuery
  transport: HttpTransport
  requestId: string
}

/** `retry` of SSE while all is well. */
const RETRY_MS = 3_000

export function createOpenStream(deps: OpenStreamDeps): DirectHandler {
  const { hub, callers, tokens } = deps
  const checkQuery = createValidators().query(streamQuery)

  /** Throws what is wrong with the call, in the order of checks. */
  function read(request: IncomingMessage, response: ServerResponse, requestId: string): Opening {
    const querystring = (request.url ?? '').split('?', 2)[1] ?? ''
    refuseKeyInQuery(querystring)
    const query: StreamQuery & Record<string, unknown> = { ...parseQuery(querystring) }
    const { origin } = request.headers
    const caller =
      typeof query.token === 'string'
        ? callers.byToken(query.token, origin)
        : callers.byKey(request.headers, request.socket.remoteAddress)
    allowOrigin(response, corsHeaders(request, caller.token))
    checkQuery(query)
    refuseControls(query)
    const transport = negotiate(request.headers.accept)
    const { text } = startOf(query.from, lastEventIdOf(request))
    if (caller.token !== undefined) tokens.checkOpening(caller.token, text)
    return { caller, query, transport, requestId }
  }

  async function open(request: IncomingMessage, response: ServerResponse, opening: Opening): Promise<void> {
    const { caller, query, transport } = opening
    const question = questionOf(caller, query, lastEventIdOf(request))
    const reservation = hub.reserve({ subscriber: caller.subscriber, client: query.client, transport })
    let subscription: Subscription | undefined
    try {
      subscription = await deps.subscribe(caller.subscriber, question)
    } finally {
      if (subscription === undefined) reservation.release()
    }
    if (response.destroyed || request.socket.destroyed) {
      reservation.release()
      subscription.release()
      return
    }
    begin(response, opening, reservation, subscription)
  }

  function begin(
    response: ServerResponse,
    { caller, transport, requestId }: Opening,
    reservation: Reservation,
    subscription: Subscription,
  ): void {
    response.writeHead(200, {
      'content-type': `${MEDIA[transport]}; charset=utf-8`,
      // No proxy may keep, compress or gather frames.
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-request-id': requestId,
    })
    const frames = framesOf(transport)
    const connection = reservation.open(createHttpSink(response, deps.clock), frames.heartbeat)
    response.on('drain', connection.onWritable)
    response.once('close', connection.onClose)
    const tag = caller.token === undefined ? '' : tokens.tagOf(caller.token)
    subscription.start(connection, {
      frames,
      frameKey: `${transport}/${tag}`,
      tag,
      // A line of NDJSON that keeps the connection open may as well say where the reader is.
      positionMs: transport === 'sse' ? TIMINGS.positionMs : TIMINGS.heartbeatMs,
      facts: { streamId: reservation.streamId },
      ...(transport === 'sse' ? { retryMs: RETRY_MS } : {}),
      onEnd: (_reader, reason, facts) => connection.end(reason, facts),
    })
    if (hub.isDraining) connection.end('server_drain', { retryMs: hub.retryMs() })
  }

  return async (request, response) => {
    const requestId = requestIdOf(response) ?? deps.ids.next('req')
    nameRequest(requestId)
    try {
      await open(request, response, read(request, response, requestId))
    } catch (error) {
      if (!(error instanceof ClarionError)) deps.logger.error({ err: error, requestId }, 'a stream could not be opened')
      if (response.headersSent) {
        response.destroy()
        return
      }
      const failed = failureOf(error, requestId)
      response.writeHead(failed.status, { ...failed.headers, 'content-type': JSON_TYPE, 'x-request-id': requestId })
      response.end(failureBody(failed))
    }
  }
}

/** Set where the call came through the router. */
function requestIdOf(response: ServerResponse): string | undefined {
  const given = response.getHeader('x-request-id')
  return typeof given === 'string' ? given : undefined
}

function lastEventIdOf({ headers }: IncomingMessage): string | undefined {
  const given = headers['last-event-id']
  return Array.isArray(given) ? given[0] : given
}
