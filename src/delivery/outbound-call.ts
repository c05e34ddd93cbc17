/**
 * One request to an address outside for a workflow, through the guard that webhooks pass, with every possible result as
 * a value. It costs at most the time limit and a megabyte. Redirects are not followed.
 */
import type { Dispatcher } from 'undici'
import type { ErrorKind } from '../../topics/audit-attempts.ts'
import type { Clock } from '../clock.ts'
import type { AddressGuard } from './address-guard.ts'
import { AttemptError } from './attempt-error.ts'
import { createConnect } from './connect.ts'
import { type Connection, createConnections, type Target } from './connections.ts'

export const ANSWER_BODY_BYTES_MAX = 1_048_576
/** With headers and the framing of chunks. */
const ANSWER_BYTES_MAX = 2 * ANSWER_BODY_BYTES_MAX
const IDLE_MAX = 256

export interface OutboundCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'
  url: string
  headers: Record<string, string>
  body: Buffer | null
  timeoutMs: number
  /** Gives the answer up. */
  signal: AbortSignal
}

export type CallAnswer = { status: number; headers: Record<string, string>; body: Buffer; durationMs: number }
export type CallResult = CallAnswer | { errorKind: ErrorKind; error: string }

export interface Caller {
  /** Never rejects, and resolves within `timeoutMs`. */
  call(request: OutboundCall): Promise<CallResult>
  /** Aborts everything under way. */
  close(): void
}

export function createCaller(deps: { guard: AddressGuard; clock: Clock; connectionAgeMsMax?: number }): Caller {
  const { guard, clock, connectionAgeMsMax: ageMsMax } = deps
  const connections = createConnections({
    connect: createConnect({ guard, clock }),
    clock,
    idleMax: IDLE_MAX,
    answerBytesMax: ANSWER_BYTES_MAX,
    ...(ageMsMax !== undefined && { ageMsMax }),
  })

  /** `isStale`: a kept connection turned out to be closed before any answer. */
  function exchange(target: Target, request: OutboundCall, startedMs: number, fresh: boolean) {
    const connection = connections.take(target, fresh)
    const { promise, resolve } = Promise.withResolvers<{ result: CallResult; isStale: boolean }>()
    let status = 0
    let headers: Record<string, string> = {}
    const chunks: Buffer[] = []
    let bytes = 0
    let ended = false

    function end(result: CallResult, whole: boolean): void {
      if (ended) return
      ended = true
      timer.cancel()
      request.signal.removeEventListener('abort', onAbort)
      const isStale = 'errorKind' in result && result.errorKind === 'connect' && isUnanswered(connection)
      if (whole) connections.give(connection)
      else connections.drop(connection)
      resolve({ result, isStale })
    }
    const fail = (errorKind: ErrorKind, error: string) => end({ errorKind, error }, false)
    const answer = (): CallAnswer => ({
      status,
      headers,
      body: Buffer.concat(chunks, bytes),
      durationMs: Math.round(clock.monotonicMs() - startedMs),
    })
    const onAbort = () => fail('timeout', 'The request was given up.')
    const remainingMs = Math.max(0, request.timeoutMs - (clock.monotonicMs() - startedMs))
    const timer = clock.after(remainingMs, () => fail('timeout', `No complete answer within ${request.timeoutMs} ms.`))
    request.signal.addEventListener('abort', onAbort)

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => connection.answers?.begin(),
      onResponseStart(_controller, code, received) {
        status = code
        headers = textsOf(received)
        // It has no body, but undici waits for the one that its Content-Length describes.
        if (code === 304) end(answer(), false)
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length
        if (bytes > ANSWER_BODY_BYTES_MAX) fail('too_large', 'The answer is larger than 1 MB.')
        else chunks.push(chunk)
      },
      onResponseEnd: () => end(answer(), true),
      onResponseError(_controller, error) {
        if (error instanceof AttemptError) fail(error.kind, error.message)
        else fail('connect', `The connection failed before the answer was complete (${codeOf(error)}).`)
      },
    }
    const { method, headers: sent, body } = request
    function dispatch(): void {
      try {
        if (!ended) connection.client.dispatch({ path: target.path, method, headers: sent, body }, handler)
      } catch (error) {
        fail('protocol', `The request could not be sent: ${error instanceof Error ? error.message : error}.`)
      }
    }
    if (request.signal.aborted) onAbort()
    else if (connection.uses > 0) setImmediate(dispatch)
    else dispatch()
    return promise
  }

  return {
    async call(request) {
      const refused = guard.checkUrl(request.url)
      if (refused) return { errorKind: 'blocked_address', error: refused.message }
      const target = targetOf(new URL(request.url))
      const startedMs = clock.monotonicMs()
      const first = await exchange(target, request, startedMs, false)
      return first.isStale ? (await exchange(target, request, startedMs, true)).result : first.result
    },
    close: () => connections.close(),
  }
}

/** The platform's own routes are not open to workflows, whatever the guard allows webhooks. */
const targetOf = (url: URL): Target => ({ url, path: url.pathname + url.search, trusted: false, key: url.origin })

const isUnanswered = ({ answers, uses, connectMs }: Connection): boolean =>
  uses > 0 && connectMs === null && !(answers?.answered() ?? false)

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : error.name)

/** A header that came several times is one value, as HTTP combines them. */
const textsOf = (received: Record<string, string | string[] | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(received).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
