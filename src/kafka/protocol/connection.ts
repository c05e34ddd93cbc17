/**
 * One connection to a broker. It opens by itself (TCP or TLS, ApiVersions, SASL); requests made meanwhile are sent in
 * order once it is open. A broker answers the requests of a connection in sequence, so an overdue one blocks all behind
 * it: the connection is destroyed.
 *
 *     connecting ──► greeting ──► open ──login is due──► draining ──nothing in flight──► renewing ──► open
 *          └────────────┴──────────┴───────────────────────┴──────────────────────────────┴──► gone
 */
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../clock.ts'
import { createFrameReader, requestHeader } from './framing.ts'
import type { Authenticate, Exchange } from './sasl.ts'
import { KafkaError, type SocketFactory, type WireRequest } from './types.ts'
import { apiVersionsRequest, checkVersions } from './versions.ts'

const CONNECT_MS = 2_000
const GREETING_MS = 5_000
const REQUEST_MS = 30_000
const ANSWER_BYTES_MAX = 100 * 1024 * 1024
/** The login is renewed after this fraction of the session's life. */
const RENEW_AT = 0.8

export interface Connection {
  /**
   * Rejects with `KafkaError`: the broker's error, `REQUEST_TIMEOUT`, `CONNECTION`, or why the connection cannot be
   * opened.
   */
  send<T>(request: WireRequest<T>): Promise<T>
  /** Resolves when requests can be sent, rejects when they never will be. */
  readonly opened: Promise<void>
  readonly isOpen: boolean
  /** Broken, closed, or its session has expired. */
  isGone(): boolean
  /** Since when nothing is in flight, monotonic; undefined while something is. */
  idleSinceMs(): number | undefined
  close(): void
}

interface Pending {
  request: WireRequest<unknown>
  correlationId: number
  timer: Timer | undefined
  resolve(value: unknown): void
  reject(error: KafkaError): void
}

export function openConnection(deps: {
  host: string
  port: number
  clientId: string
  socketFactory: SocketFactory
  /** None: the listener requires no login. */
  authenticate: Authenticate | undefined
  clock: Clock
  onOpen(): void
  /** A request of this kind was not answered in time; `onBroken` follows. */
  onLate(api: string): void
  /**
   * It cannot be opened, or it broke. Not called for an open connection that ends while nothing is in flight, nor after
   * `close`.
   */
  onBroken(error: KafkaError, wasOpen: boolean): void
}): Connection {
  const { clock } = deps
  const broker = `${deps.host}:${deps.port}`
  const clientId = Buffer.from(deps.clientId)
  let state: 'connecting' | 'greeting' | 'open' | 'draining' | 'renewing' | 'gone' = 'connecting'
  let failure: KafkaError | undefined
  let correlationId = 0
  let answers = 0
  /** Sent, in the order of the answers. */
  const inFlight: Pending[] = []
  /** Not sent yet. */
  let waiting: Pending[] = []
  let usedAtMs = clock.monotonicMs()
  let session = { renewAtMs: Number.POSITIVE_INFINITY, endsAtMs: Number.POSITIVE_INFINITY }
  let settleOpened: { resolve(): void; reject(error: KafkaError): void }
  const opened = new Promise<void>((resolve, reject) => {
    settleOpened = { resolve, reject }
  })
  opened.catch(() => undefined)
  const frames = createFrameReader({
    bytesMax: () => inFlight[0]?.request.answerBytesMax ?? ANSWER_BYTES_MAX,
    onFrame,
    onTooLarge: bytes => fail(isTlsAlert(bytes) ? speaksTls() : connectionError(`sends a frame of ${bytes} bytes`)),
  })
  const connectTimer = clock.after(CONNECT_MS, () =>
    fail(connectionError(`cannot be connected to within ${CONNECT_MS / 1_000} s`)),
  )
  const socket: Socket = deps.socketFactory({ host: deps.host, port: deps.port, onConnect: () => void greet() })
  socket.on('data', frames.push)
  socket.on('error', error => fail(socketError(error)))
  socket.on('end', () => fail(connectionError(endedSentence())))
  socket.on('close', () => fail(connectionError(endedSentence())))

  function connectionError(what: string, cause?: unknown): KafkaError {
    return new KafkaError('CONNECTION', `the broker ${broker} ${what}`, { cause })
  }

  function speaksTls(): KafkaError {
    return new KafkaError('TLS', `The broker ${broker} speaks TLS: set KAFKA_SSL=true, or name another port.`)
  }

  function socketError(error: Error): KafkaError {
    const { code = '' } = error as { code?: string }
    if (!isCertificateError(code)) return connectionError(`is lost: ${error.message}`, error)
    const advice = 'Check KAFKA_SSL_CA, and KAFKA_SSL_CERT and KAFKA_SSL_KEY where the brokers ask for a certificate.'
    return new KafkaError('TLS', `No TLS connection to the broker ${broker}: ${error.message} (${code}). ${advice}`, {
      cause: error,
    })
  }

  function endedSentence(): string {
    if (state === 'greeting')
      return 'has closed the connection before it said which requests it speaks; does this listener speak TLS?'
    if (!deps.authenticate && answers === 1 && inFlight.length > 0)
      return 'has closed the connection at the first request; does this listener ask for a user?'
    return 'has closed the connection'
  }

  /** Ends the connection. Requests that were sent may have arrived. */
  function fail(error: KafkaError, overdue?: Pending): void {
    if (state === 'gone') return
    const wasOpen = state !== 'connecting' && state !== 'greeting'
    const isQuietEnd = wasOpen && inFlight.length + waiting.length === 0
    const pending = end(error)
    if (!isQuietEnd) deps.onBroken(error, wasOpen)
    for (const each of pending) {
      if (each === overdue || error.type !== 'REQUEST_TIMEOUT') each.reject(error)
      else each.reject(connectionError(`is given up: ${error.message}`, error))
    }
  }

  function end(error: KafkaError): Pending[] {
    state = 'gone'
    failure = error
    connectTimer.cancel()
    socket.destroy()
    settleOpened.reject(error)
    const pending = [...inFlight.splice(0), ...waiting]
    waiting = []
    for (const each of pending) each.timer?.cancel()
    return pending
  }

  function enqueue<T>(request: WireRequest<T>, timeoutMs: number, take: (pending: Pending) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (failure) return reject(failure)
      const pending: Pending = {
        request,
        correlationId: 0,
        timer: undefined,
        resolve: resolve as (value: unknown) => void,
        reject,
      }
      pending.timer = clock.after(timeoutMs, () => overdue(pending, timeoutMs))
      usedAtMs = clock.monotonicMs()
      take(pending)
    })
  }

  /**
   * Runs after the answers that have already arrived: in a process that was stopped for a while, timers fire before it
   * reads them.
   */
  function overdue(pending: Pending, timeoutMs: number): void {
    setImmediate(() => {
      if (!inFlight.includes(pending) && !waiting.includes(pending)) return
      deps.onLate(pending.request.apiName)
      const sentence = `the broker ${broker} has not answered ${pending.request.apiName} within ${timeoutMs} ms`
      fail(new KafkaError('REQUEST_TIMEOUT', sentence), pending)
    })
  }

  function write(pending: Pending): void {
    pending.correlationId = correlationId
    correlationId = (correlationId + 1) & 0x7fffffff
    inFlight.push(pending)
    socket.cork()
    socket.write(requestHeader(pending.request, pending.correlationId, clientId))
    socket.write(pending.request.body)
    socket.uncork()
  }

  function onFrame(frame: Buffer): void {
    if (state === 'gone') return
    const pending = inFlight.shift()
    if (pending === undefined || frame.readInt32BE(0) !== pending.correlationId) {
      if (pending) inFlight.unshift(pending)
      fail(connectionError('sends an answer that belongs to no request'))
      return
    }
    pending.timer?.cancel()
    answers++
    usedAtMs = clock.monotonicMs()
    try {
      pending.resolve(pending.request.decode(frame.subarray(4)))
    } catch (error) {
      if (error instanceof KafkaError) pending.reject(error)
      else {
        const unreadable = connectionError(
          `answers ${pending.request.apiName} with what cannot be read: ${String(error)}`,
          error,
        )
        pending.reject(unreadable)
        fail(unreadable)
      }
    }
    if (state === 'draining' && inFlight.length === 0) void renew()
  }

  async function greet(): Promise<void> {
    if (state !== 'connecting') return
    state = 'greeting'
    connectTimer.cancel()
    const deadlineMs = clock.monotonicMs() + GREETING_MS
    const exchange: Exchange = request => enqueue(request, Math.max(1, deadlineMs - clock.monotonicMs()), write)
    try {
      checkVersions(broker, await exchange(apiVersionsRequest()))
      await login(exchange)
    } catch (error) {
      fail(error instanceof KafkaError ? error : connectionError(`cannot be logged in to: ${String(error)}`, error))
      return
    }
    if (!becomeOpen()) return
    settleOpened.resolve()
    deps.onOpen()
  }

  async function login(exchange: Exchange): Promise<void> {
    if (!deps.authenticate) return
    const lifetimeMs = await deps.authenticate(exchange, broker)
    if (lifetimeMs <= 0) return
    const nowMs = clock.monotonicMs()
    session = { renewAtMs: nowMs + lifetimeMs * RENEW_AT, endsAtMs: nowMs + lifetimeMs }
  }

  async function renew(): Promise<void> {
    state = 'renewing'
    const deadlineMs = clock.monotonicMs() + GREETING_MS
    try {
      await login(request => enqueue(request, Math.max(1, deadlineMs - clock.monotonicMs()), write))
    } catch (error) {
      fail(error instanceof KafkaError ? error : connectionError(`cannot be logged in to: ${String(error)}`, error))
      return
    }
    becomeOpen()
  }

  function becomeOpen(): boolean {
    if (state === 'gone') return false
    state = 'open'
    const sent = waiting
    waiting = []
    for (const pending of sent) write(pending)
    return true
  }

  function sendWhenOpen(pending: Pending): void {
    if (state === 'open' && usedAtMs >= session.renewAtMs) {
      state = 'draining'
      waiting.push(pending)
      if (inFlight.length === 0) void renew()
    } else if (state === 'open') write(pending)
    else waiting.push(pending)
  }

  return {
    opened,
    get isOpen() {
      return state === 'open'
    },
    send: request => enqueue(request, request.timeoutMs ?? REQUEST_MS, sendWhenOpen),
    isGone: () => state === 'gone' || (inFlight.length === 0 && clock.monotonicMs() >= session.endsAtMs),
    idleSinceMs: () => (inFlight.length + waiting.length > 0 || state !== 'open' ? undefined : usedAtMs),
    close() {
      if (state === 'gone') return
      const error = connectionError('is not needed any more: the connection is closed')
      for (const pending of end(error)) pending.reject(error)
    },
  }
}

/** The first bytes of a TLS alert (record type 21, version 3), read as a length. */
const isTlsAlert = (bytes: number): boolean => bytes >>> 16 === 0x1503

/** OpenSSL and Node codes for certificates that we or the broker reject, and for a peer that does not speak TLS. */
const isCertificateError = (code: string): boolean =>
  /^(ERR_TLS_|ERR_SSL_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/.test(code)
