/**
 * One WebSocket: its sign-in and its subscriptions. Messages are handled one after the other, and none is read from the
 * socket meanwhile, so a client that sends faster waits.
 */
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Timer } from '../../clock.ts'
import { ClarionError, CODES, type Code } from '../../model/codes.ts'
import { CONNECTION_UNSENT_BYTES_MAX, TIMINGS } from '../../streaming/hub/connection.ts'
import { webSocketFrames } from '../../streaming/hub/frames.ts'
import type { Connection, Reader } from '../../streaming/hub/ports.ts'
import { failureOf } from '../http/envelope.ts'
import type { StreamCaller } from './callers.ts'
import type { OpenStreamDeps } from './open-stream.ts'
import { malformed, questionOf } from './questions.ts'
import { type ClientMessage, readMessage, type SubscribeMessage } from './web-socket-messages.ts'
import { closeAs, createWebSocketSink } from './web-socket-sink.ts'

export const SUBSCRIPTIONS_MAX = 20
const SIGN_IN_MS = 10_000
const PING_MS = 15_000
/** `WebSocket.OPEN` */
const OPEN = 1
const POLICY = 1008
const RESTART = 1012

export interface Session {
  /** The process stops: a socket that has not signed in yet ends, too. */
  drain(): void
}

export interface SessionDeps extends OpenStreamDeps {
  requestId: string
  address: string | undefined
  origin: string | undefined
  client: string | undefined
  /** Signed in by a header or a token; else the first message does it. */
  caller: StreamCaller | undefined
  /** It has signed in, or will not any more; once. */
  onSignedIn(): void
  onClosed(): void
}

export function startSession(webSocket: WebSocket, socket: Socket, deps: SessionDeps): Session {
  const { clock, hub, tokens } = deps
  const subscriptions = new Map<string, Reader>()
  let { caller } = deps
  let connection: Connection | undefined
  let isAlive = true
  let isCounted = true
  let queue: Promise<void> = Promise.resolve()
  let waiting = 0
  const takesAnswers = () => webSocket.bufferedAmount < CONNECTION_UNSENT_BYTES_MAX
  const signIn: Timer = clock.after(SIGN_IN_MS, () => {
    if (connection === undefined) refuse(new ClarionError('unauthorized', 'No message of type auth came within 10 s.'))
  })
  let pinging: Timer = clock.after(PING_MS, ping)

  function ping(): void {
    if (!isAlive) {
      webSocket.terminate()
      return
    }
    isAlive = false
    webSocket.ping()
    pinging = clock.after(PING_MS, ping)
  }

  function signedIn(): void {
    signIn.cancel()
    if (isCounted) deps.onSignedIn()
    isCounted = false
  }

  const say = (message: object) => webSocket.send(JSON.stringify(message), () => undefined)

  /** An error in a message, with the members that it has in an answer of the API. */
  function sayError(error: unknown, id: string | undefined): void {
    if (!(error instanceof ClarionError))
      deps.logger.error({ err: error, requestId: deps.requestId }, 'a message of a WebSocket failed')
    const { requestId: _, ...facts } = failureOf(error, deps.requestId).error
    say({ type: 'error', ...(id === undefined ? {} : { id }), ...facts })
  }

  function refuse(error: ClarionError): void {
    sayError(error, undefined)
    closeAs(webSocket, clock, POLICY, error.code)
  }

  function openConnection(as: StreamCaller): void {
    const reservation = hub.reserve({ subscriber: as.subscriber, client: deps.client, transport: 'websocket' })
    const sink = createWebSocketSink(webSocket, socket, { clock, onWritable: () => connection?.onWritable() })
    connection = reservation.open(sink, undefined)
    signedIn()
    hub.changed(as.subscriber.organizationId)
    const { organizationId, environment } = as.subscriber
    say({ type: 'ready', streamId: reservation.streamId, environment, limits: hub.limitsOf(organizationId) })
    if (hub.isDraining) drain()
  }

  function drain(): void {
    if (connection === undefined) closeAs(webSocket, clock, RESTART, 'server_drain')
    else connection.end('server_drain', { retryMs: hub.retryMs() })
  }

  function authenticate(message: Extract<ClientMessage, { type: 'auth' }>): void {
    if (connection !== undefined) throw new ClarionError('conflict', 'The connection has signed in already.')
    const { key, token } = message
    try {
      caller =
        token === undefined
          ? deps.callers.byKey({ authorization: `Bearer ${key}` }, deps.address)
          : deps.callers.byToken(token, deps.origin)
      openConnection(caller)
    } catch (error) {
      if (!(error instanceof ClarionError)) throw error
      refuse(error)
    }
  }

  async function subscribe(message: SubscribeMessage, to: Connection, as: StreamCaller): Promise<void> {
    const { id, type: _, ...fields } = message
    if (subscriptions.has(id)) throw new ClarionError('conflict', 'There is a subscription with this id.')
    if (subscriptions.size >= SUBSCRIPTIONS_MAX) throw tooMany()
    if (as.token !== undefined) tokens.checkOpening(as.token, fields.from)
    const subscription = await deps.subscribe(as.subscriber, questionOf(as, fields, undefined))
    if (to.isEnded) {
      subscription.release()
      return
    }
    const tag = as.token === undefined ? '' : tokens.tagOf(as.token)
    const reader = subscription.start(to, {
      frames: webSocketFrames(id),
      frameKey: `websocket/${tag}/${id}`,
      tag,
      positionMs: TIMINGS.positionMs,
      facts: {},
      onEnd(ended, reason, facts = {}) {
        subscriptions.delete(id)
        to.notice(ended.endFrame(reason, facts, undefined))
        leave(ended, to)
      },
    })
    // A subscription without anything to read may have ended already.
    if (to.readers.has(reader)) subscriptions.set(id, reader)
  }

  function leave(reader: Reader, from: Connection): void {
    from.readers.delete(reader)
    reader.close()
  }

  function subscriptionOf(id: string): Reader {
    const reader = subscriptions.get(id)
    if (reader !== undefined) return reader
    throw new ClarionError('not_found', 'There is no subscription with this id.')
  }

  async function handle(message: ClientMessage): Promise<void> {
    if (message.type === 'auth') {
      authenticate(message)
      return
    }
    if (message.type === 'ping') {
      say({ type: 'pong', ...(message.id === undefined ? {} : { id: message.id }) })
      return
    }
    if (connection === undefined || caller === undefined) {
      refuse(new ClarionError('unauthorized', 'The first message must be of type auth.'))
      return
    }
    if (message.type === 'subscribe') await subscribe(message, connection, caller)
    else if (message.type === 'unsubscribe') {
      leave(subscriptionOf(message.id), connection)
      subscriptions.delete(message.id)
    } else if (!subscriptionOf(message.id).acknowledge(message.cursor))
      throw malformed('/cursor', 'cursor', 'is no cursor of an event that waits for its acknowledgement')
  }

  async function receive(data: Buffer, isBinary: boolean): Promise<void> {
    let id: string | undefined
    try {
      if (isBinary) throw malformed('/', 'type', 'must be text')
      const message = readMessage(data.toString())
      id = 'id' in message ? message.id : undefined
      await handle(message)
    } catch (error) {
      sayError(error, id)
    }
  }

  /** In order. Those that came with the first one wait in memory: what one read of the socket has brought. */
  function enqueue(data: Buffer, isBinary: boolean): void {
    if (waiting++ === 0) webSocket.pause()
    queue = queue.then(async () => {
      if (webSocket.readyState === OPEN) await receive(data, isBinary)
      if (--waiting === 0) readOn()
    })
  }

  /** Answers would fill the memory for a client that sends and takes nothing. */
  function readOn(): void {
    if (waiting === 0 && takesAnswers()) webSocket.resume()
  }

  socket.on('drain', readOn)
  webSocket.on('ping', (data: Buffer) => {
    isAlive = true
    if (takesAnswers()) webSocket.pong(data)
  })

  webSocket.on('pong', () => {
    isAlive = true
  })
  webSocket.on('message', (data: Buffer, isBinary: boolean) => {
    isAlive = true
    enqueue(data, isBinary)
  })
  webSocket.on('error', () => undefined)
  webSocket.once('close', () => {
    signedIn()
    pinging.cancel()
    connection?.onClose()
    deps.onClosed()
  })
  if (caller !== undefined) {
    try {
      openConnection(caller)
    } catch (error) {
      refuse(error instanceof ClarionError ? error : internal(error))
    }
  }
  return { drain }
}

const internal = (cause: unknown) => {
  const code: Code = 'internal_error'
  return new ClarionError(code, CODES[code].meaning, { cause })
}

function tooMany(): ClarionError {
  const message = `a connection has at most ${SUBSCRIPTIONS_MAX} subscriptions: end one, or select more types with one`
  const details = [{ path: '', rule: 'subscriptions', message }]
  return new ClarionError('stream_limit_exceeded', CODES.stream_limit_exceeded.meaning, { details })
}
