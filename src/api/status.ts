/** What a process without the role `api` answers: whether it is alive, whether it serves, and its figures. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { runAs } from '../work.ts'

export function createStatus(deps: { missing: Array<() => string | undefined>; metrics: { text(): Promise<string> } }): RequestListener {
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
    }
    if (request.url === '/health') return answer(200, { success: true, data: { status: 'alive' } })
    if (request.url === '/metrics') {
      const text = await deps.metrics.text()
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
      return
    }
    const missing = deps.missing.map(each => each()).filter(each => each !== undefined)
    if (request.url !== '/ready')
      return answer(404, {
        success: false,
        error: { code: 'not_found', message: 'This process does not serve the API.', retryable: false },
      })
    if (missing.length === 0) return answer(200, { success: true, data: { status: 'ready' } })
    answer(503, { success: false, error: { code: 'service_unavailable', message: missing.join('; '), retryable: true } })
  }
  return (request, response) =>
    runAs({ of: 'request', requestId: undefined }, () => {
      handle(request, response).catch(() => response.destroy())
    })
}
