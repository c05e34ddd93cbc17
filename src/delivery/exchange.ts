/**
 * One request and its answer on one connection. Ends exactly once: by the answer's end, an error, the size limit or the
 * time limit.
 */
import { createHash } from 'node:crypto'
import type { Dispatcher } from 'undici'
import type { ErrorKind } from '../../topics/audit-attempts.ts'
import type { Clock } from '../clock.ts'
import { unreadable } from './answer-filter.ts'
import { AttemptError } from './attempt-error.ts'
import type { Connections, Target } from './connections.ts'

const BODY_OF_SUCCESS_MS_MAX = 2000
const READ_BYTES_MAX = 64 * 1024
const KEPT_BODY_BYTES = 4 * 1024
const KEPT_HEADER_BYTES = 8 * 1024
/** Kept before all other headers: the retry decision depends on them (`retry-schedule.ts`). */
const OBEYED = ['retry-after', 'webhook-retry']
const EMPTY = Buffer.alloc(0)
const NOT_MODIFIED =
  'The receiver answered 304 (Not Modified), which is no answer to a POST: a delivery is taken with 2xx.'
/** llhttp's message for a body that was cut off by the end of the connection. */
const ENDED_EARLY = 'Invalid EOF state'

export interface Exchange {
  status: number | null
  errorKind: ErrorKind | null
  error: string | null
  headers: Record<string, string>
  body: Buffer
  connectMs: number | null
  /** Parts of it: the name, and TLS. */
  dnsMs: number | null
  tlsMs: number | null
  remoteAddress: string | null
  firstByteMs: number | null
  /** A kept connection turned out to be closed before any answer: a new connection may succeed. */
  stale: boolean
  /** SHA-256 of what was read of the body, at most 64 KB; of a request that asks for it. */
  bodyHash?: string
}

export interface ExchangeOptions {
  connections: Connections
  clock: Clock
  target: Target
  request: { body: Buffer; headers: Record<string, string>; timeoutMs: number; hashesAnswer?: boolean }
  /** Monotonic time at which the attempt began; the time limit starts here. */
  startedMs: number
  fresh: boolean
}

/** Never rejects. */
export function exchange({
  connections,
  clock,
  target,
  request,
  startedMs,
  fresh,
}: ExchangeOptions): Promise<Exchange> {
  const connection = connections.take(target, fresh)
  const { promise, resolve } = Promise.withResolvers<Exchange>()
  let status: number | null = null
  let headers: Record<string, string> = {}
  let body: Buffer = EMPTY
  let bytes = 0
  const digest = request.hashesAnswer === true ? createHash('sha256') : undefined
  let firstByteMs: number | null = null
  let ended = false

  const remainingMs = () => Math.max(0, request.timeoutMs - (clock.monotonicMs() - startedMs))
  const isSuccess = () => status !== null && status >= 200 && status < 300

  function end(errorKind: ErrorKind | null, error: string | null, whole: boolean): void {
    if (ended) return
    ended = true
    timer.cancel()
    const { remoteAddress } = connection
    const [connectMs, dnsMs, tlsMs] = [connection.connectMs, connection.dnsMs, connection.tlsMs].map(rounded)
    const answered = connection.answers?.answered() ?? false
    const stale = errorKind === 'connect' && !answered && connection.uses > 0 && connectMs === null
    if (whole) connections.give(connection)
    else connections.drop(connection)
    const times = { connectMs: connectMs!, dnsMs: dnsMs!, tlsMs: tlsMs!, firstByteMs }
    const hashed = digest === undefined ? {} : { bodyHash: digest.digest('hex') }
    resolve({ status, errorKind, error, headers, body, ...times, remoteAddress, stale, ...hashed })
  }

  function endByStatus(whole: boolean): void {
    if (isSuccess()) end(null, null, whole)
    else if (status === 304) end('redirect', NOT_MODIFIED, whole)
    else if (status! < 400) end('redirect', `The receiver answered ${status}: redirects are not followed.`, whole)
    else end(whole ? 'status' : 'too_large', `The receiver answered ${status}.`, whole)
  }

  /** The answer is endless, breaks off or cannot be read: after a 2xx the receiver has the event nevertheless. */
  function endBy(failure: AttemptError): void {
    status ??= failure.status
    if (isSuccess()) end(null, null, false)
    else end(failure.kind, failure.message, false)
  }

  const atLimit = () => endBy(new AttemptError('timeout', `No complete answer within ${request.timeoutMs} ms.`))

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => connection.answers?.begin(),
    onResponseStart(_controller, code, received) {
      status = code
      headers = keptHeaders(received)
      firstByteMs = Math.round(clock.monotonicMs() - startedMs)
      // A 304 has no body, but undici waits for the one that its Content-Length describes.
      if (code === 304) endByStatus(false)
      if (!isSuccess() || remainingMs() <= BODY_OF_SUCCESS_MS_MAX) return
      timer.cancel()
      timer = clock.after(BODY_OF_SUCCESS_MS_MAX, atLimit)
    },
    onResponseData(_controller, chunk) {
      digest?.update(chunk.subarray(0, Math.max(0, READ_BYTES_MAX - bytes)))
      bytes += chunk.length
      if (body.length < KEPT_BODY_BYTES) body = Buffer.concat([body, chunk.subarray(0, KEPT_BODY_BYTES - body.length)])
      if (bytes > READ_BYTES_MAX) endByStatus(false)
    },
    onResponseEnd: () => endByStatus(true),
    onResponseError: (_controller, error) => endBy(attemptError(error, status)),
  }

  function dispatch(): void {
    try {
      connection.client.dispatch(
        { path: target.path, method: 'POST', headers: request.headers, body: request.body },
        handler,
      )
    } catch (error) {
      end('connect', `The request could not be sent: ${error instanceof Error ? error.message : error}.`, false)
    }
  }

  let timer = clock.after(remainingMs(), atLimit)
  // Unrequested bytes from the receiver must be read before the request is written, or they are taken for its answer.
  // undici waits for the end of the current turn of the event loop, which may already be past its read phase; the next
  // turn reads first.
  if (connection.uses > 0) setImmediate(dispatch)
  else dispatch()
  return promise
}

const rounded = (ms: number | null) => (ms === null ? null : Math.round(ms))

/**
 * Most errors of undici's parser have a name and no code, and a Content-Length that it refuses is reported as a
 * mismatch.
 */
function attemptError(error: Error, status: number | null): AttemptError {
  if (error instanceof AttemptError) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return new AttemptError('too_large', "The answer's headers are larger than 16 KB.")
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && status === null)
    return unreadable('its Content-Length is repeated, is no length, or comes with a Transfer-Encoding')
  if (error.name === 'HTTPParserError' && !error.message.includes(ENDED_EARLY)) return unreadable(reasonOf(error))
  const when = status === null ? 'before an answer came' : `in the middle of the answer (${status})`
  return new AttemptError('connect', `The connection broke ${when}: ${error.message} (${code}).`)
}

/** "Response does not match the HTTP/1.1 protocol (Invalid header token)": the text in parentheses. */
const reasonOf = ({ message }: Error) => /\((.+)\)$/.exec(message)?.[1] ?? message

function keptHeaders(received: Record<string, string | string[] | undefined>): Record<string, string> {
  const kept: Record<string, string> = {}
  let bytes = 0
  for (const name of new Set([...OBEYED, ...Object.keys(received)])) {
    const value = received[name]
    if (value === undefined) continue
    const text = Array.isArray(value) ? value.join(', ') : value
    const size = name.length + text.length
    if (bytes + size > KEPT_HEADER_BYTES) continue
    bytes += size
    kept[name] = text
  }
  return kept
}
