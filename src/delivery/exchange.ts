/**
 * One request and its answer on one connection. Ends exactly once: by the answer's end, by an error, by the size limit or by the time limit.
 */
import type { Dispatcher } from 'undici'
import type { ErrorKind } from '../../topics/audit-attempts.ts'
import type { Clock } from '../clock.ts'
import { AttemptError } from './attempt-error.ts'
import type { Connections, Target } from './connections.ts'

const READ_BYTES_MAX = 64 * 1024
const KEPT_BODY_BYTES = 4 * 1024
const KEPT_HEADER_BYTES = 8 * 1024
const EMPTY = Buffer.alloc(0)

export interface Exchange {
  status: number | null
  errorKind: ErrorKind | null
  error: string | null
  headers: Record<string, string>
  body: Buffer
  connectMs: number | null
  firstByteMs: number | null
  /** A kept connection turned out to be closed: nothing was answered, and a new connection may fare better. */
  stale: boolean
}

export interface ExchangeOptions {
  connections: Connections
  clock: Clock
  target: Target
  request: { body: Buffer; headers: Record<string, string>; timeoutMs: number }
  /** Monotonic time at which the attempt began; the time limit counts from here. */
  startedMs: number
  fresh: boolean
}

/** Never rejects. */
export function exchange({ connections, clock, target, request, startedMs, fresh }: ExchangeOptions): Promise<Exchange> {
  const connection = connections.take(target, fresh)
  const { promise, resolve } = Promise.withResolvers<Exchange>()
  let status: number | null = null
  let headers: Record<string, string> = {}
  let body: Buffer = EMPTY
  let bytes = 0
  let firstByteMs: number | null = null
  let ended = false

  function end(errorKind: ErrorKind | null, error: string | null, whole: boolean): void {
    if (ended) return
    ended = true
    timer.cancel()
    const connectMs = connection.connectMs === null ? null : Math.round(connection.connectMs)
    const stale = errorKind === 'connect' && status === null && connection.uses > 0 && connectMs === null
    if (whole) connections.give(connection)
    else connections.drop(connection)
    resolve({ status, errorKind, error, headers, body, connectMs, firstByteMs, stale })
  }

  function endByStatus(whole: boolean): void {
    if (status! < 300) end(null, null, whole)
    else if (status! < 400) end('redirect', `The receiver answered ${status}: redirects are not followed.`, whole)
    else end(whole ? 'status' : 'too_large', `The receiver answered ${status}.`, whole)
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart(_controller, code, received) {
      if (code < 200) return
      status = code
      headers = keptHeaders(received)
      firstByteMs = Math.round(clock.monotonicMs() - startedMs)
    },
    onResponseData(_controller, chunk) {
      bytes += chunk.length
      if (body.length < KEPT_BODY_BYTES) body = Buffer.concat([body, chunk.subarray(0, KEPT_BODY_BYTES - body.length)])
      if (bytes > READ_BYTES_MAX) endByStatus(false)
    },
    onResponseEnd: () => endByStatus(true),
    onResponseError: (_controller, error) => {
      const failure = attemptError(error, status)
      end(failure.kind, failure.message, false)
    },
  }

  const timer = clock.after(Math.max(0, request.timeoutMs - (clock.monotonicMs() - startedMs)), () =>
    end('timeout', `No complete answer within ${request.timeoutMs} ms.`, false),
  )
  try {
    connection.client.dispatch({ path: target.path, method: 'POST', headers: request.headers, body: request.body }, handler)
  } catch (error) {
    end('connect', `The request could not be sent: ${error instanceof Error ? error.message : error}.`, false)
  }
  return promise
}

function attemptError(error: Error, status: number | null): AttemptError {
  if (error instanceof AttemptError) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return new AttemptError('too_large', "The answer's headers are larger than 16 KB.")
  const when = status === null ? 'before an answer came' : `in the middle of the answer (${status})`
  return new AttemptError('connect', `The connection broke ${when}: ${error.message} (${code}).`)
}

function keptHeaders(received: Record<string, string | string[] | undefined>): Record<string, string> {
  const kept: Record<string, string> = {}
  let bytes = 0
  for (const name in received) {
    const value = received[name]
    const text = Array.isArray(value) ? value.join(', ') : (value ?? '')
    bytes += name.length + text.length
    if (bytes > KEPT_HEADER_BYTES) break
    kept[name] = text
  }
  return kept
}
