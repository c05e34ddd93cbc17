/**
 * Serves the console at `/console`. The page answers for every path below it, for the console's own addresses; its
 * assets are looked up by name and never on the disk. Every other request goes to the API.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Asset, BuildState, ConsoleBuild } from './build-files.ts'
import { consoleHeaders } from './policy.ts'
import { answerWaiting } from './waiting-page.ts'

const ASSETS = '/console/assets/'
const FOR_EVER = 'public, max-age=31536000, immutable'

export function serveConsole(deps: {
  state: () => Promise<BuildState>
  /** Called for every answer. */
  onAnswer(route: string, status: number, seconds: number): void
  nowMs(): number
  api: RequestListener
}): RequestListener {
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? ''
    if (path === '/' && isReading(request) && wantsPage(request)) return redirect(response)
    if (path !== '/console' && !path.startsWith('/console/')) return deps.api(request, response)
    const startedMs = deps.nowMs()
    answer(request, response, path, deps.state).then(
      () => deps.onAnswer('GET /console', response.statusCode, (deps.nowMs() - startedMs) / 1_000),
      () => response.destroy(),
    )
  }
}

const isReading = ({ method }: IncomingMessage) => method === 'GET' || method === 'HEAD'

/** Programs ask for JSON or for anything; a browser names HTML. */
const wantsPage = ({ headers }: IncomingMessage) => headers.accept?.includes('text/html') === true

function redirect(response: ServerResponse): void {
  response.writeHead(302, { location: '/console', 'content-length': 0, vary: 'accept' }).end()
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  state: () => Promise<BuildState>,
): Promise<void> {
  const headers = consoleHeaders(request.headers)
  if (!isReading(request)) {
    response.writeHead(405, { ...headers, allow: 'GET, HEAD', 'content-length': 0 }).end()
    return
  }
  const found = await state()
  if (path.startsWith(ASSETS))
    return answerAsset(request, response, headers, found.build?.assets.get(path.slice(ASSETS.length)))
  if (found.build === undefined) return answerWaiting(response, found.reason, headers, request.method === 'GET')
  answerPage(request, response, headers, found.build)
}

function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string>,
  { mark, page }: ConsoleBuild,
): void {
  const tag = `"${mark}"`
  const common = { ...headers, 'cache-control': 'no-cache', etag: tag }
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304, common).end()
    return
  }
  send(request, response, { ...common, 'content-type': 'text/html; charset=utf-8' }, page)
}

function answerAsset(
  request: IncomingMessage,
  response: ServerResponse,
  headers: Record<string, string>,
  asset: Asset | undefined,
): void {
  if (asset === undefined) {
    response.writeHead(404, { ...headers, 'cache-control': 'no-store', 'content-length': 0 }).end()
    return
  }
  const common = { ...headers, 'content-type': asset.contentType, 'cache-control': FOR_EVER }
  const [coding, body] = smallestOf(asset, String(request.headers['accept-encoding'] ?? ''))
  send(request, response, coding === undefined ? common : { ...common, 'content-encoding': coding }, body)
}

/** `accepted`: the header `Accept-Encoding`. */
function smallestOf({ plain, gzip, brotli }: Asset, accepted: string): [coding: string | undefined, body: Buffer] {
  if (brotli !== undefined && accepts(accepted, 'br')) return ['br', brotli]
  if (gzip !== undefined && accepts(accepted, 'gzip')) return ['gzip', gzip]
  return [undefined, plain]
}

const accepts = (header: string, coding: string): boolean =>
  header.split(',').some(each => {
    const [name = '', weight = ''] = each.split(';')
    return name.trim() === coding && !/^\s*q=0(?:\.0*)?\s*$/.test(weight)
  })

function send(request: IncomingMessage, response: ServerResponse, headers: Record<string, string>, body: Buffer): void {
  response.writeHead(200, { ...headers, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}
