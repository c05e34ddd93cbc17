/**
 * The answers of a process that does not serve the API, because it lacks the role or is still starting: liveness,
 * readiness, and metrics.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { ClarionError, CODES } from '../../model/codes.ts'
import { runAs } from '../../process/work.ts'

const RETRY_AFTER_S = 1
const EVENT_STREAM = 'text/event-stream'
/** An EventSource gives up for good after an error; after this it connects again in a second. */
const COME_BACK = `retry: ${RETRY_AFTER_S * 1_000}\n\n`

export function createStatus(deps: {
  missing: Array<() => string | undefined>
  /** Faults of the cluster; the process serves nevertheless. */
  degraded?: () => string[]
  /** Undefined: the process is starting, and every other path is served soon. */
  metrics?: { text(): Promise<string> }
  /** Throws when the caller may not read the metrics; absent: they need no key. */
  authorizeMetrics?: ((request: IncomingMessage) => void) | undefined
}): RequestListener {
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = (status: number, body: object, headers = {}) => answerWith(response, status, body, headers)
    const path = request.url?.split('?')[0]
    if (path === '/health') return answer(200, { success: true, data: { status: 'alive' } })
    if (path === '/metrics' && deps.metrics !== undefined) {
      deps.authorizeMetrics?.(request)
      const text = await deps.metrics.text()
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
      return
    }
    const missing = deps.missing.map(each => each()).filter(each => each !== undefined)
    if (path !== '/ready' && deps.metrics !== undefined)
      return answer(404, {
        success: false,
        error: { code: 'not_found', message: 'This process does not serve the API.', retryable: false },
      })
    if (path !== '/ready' && wantsEvents(request)) {
      response.writeHead(200, { 'content-type': EVENT_STREAM, 'cache-control': 'no-store' }).end(COME_BACK)
      return
    }
    const degraded = deps.degraded?.() ?? []
    if (missing.length === 0) return answer(200, { success: true, data: { status: 'ready', degraded } })
    const error = { code: 'service_unavailable', message: missing.join('; '), retryable: true }
    answer(503, { success: false, error }, { 'retry-after': String(RETRY_AFTER_S) })
  }
  return (request, response) =>
    runAs({ of: 'request', requestId: undefined }, () => {
      handle(request, response).catch(error => refuse(response, error))
    })
}

const wantsEvents = ({ headers }: IncomingMessage): boolean => headers.accept === EVENT_STREAM

function answerWith(response: ServerResponse, status: number, body: object, headers: Record<string, string>): void {
  response
    .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    .end(JSON.stringify(body))
}

function refuse(response: ServerResponse, error: unknown): void {
  if (!(error instanceof ClarionError) || response.headersSent) {
    response.destroy()
    return
  }
  const { code, message, retryAfterS } = error
  const { status, retryable } = CODES[code]
  const headers: Record<string, string> = { ...(status === 401 && { 'www-authenticate': 'Bearer' }) }
  if (retryAfterS !== undefined) headers['retry-after'] = String(retryAfterS)
  answerWith(response, status, { success: false, error: { code, message, retryable } }, headers)
}
