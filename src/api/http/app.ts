/**
 * The API: one request listener over the route table. Emits go straight to their handlers; other calls go through Koa:
 *
 *     request id ─► error envelope ─► route ─► key and scope ─► schemas of body and query ─► handler ─► envelope
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import Router, { type RouterContext } from '@koa/router'
import Koa from 'koa'
import type { Clock } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Ids } from '../../model/ids.ts'
import { nameRequest, runAs } from '../../process/work.ts'
import type { Authenticate } from './authenticate.ts'
import { RequestAborted } from './body.ts'
import { createCalls } from './calls.ts'
import { failureBody, failureOf, JSON_TYPE, success } from './envelope.ts'
import type { Rates } from './rates.ts'
import type { Answer, DirectHandler, Route, Rows } from './route.ts'

export interface AppDeps {
  authenticate: Authenticate
  /** Of calls per second, by plan. */
  rates: Rates
  ids: Ids
  clock: Clock
  logger: Logger
  /** Called for every answer: `<method> <path of the route>`, or `none` where no route matched. */
  onAnswer(route: string, status: number, seconds: number): void
}

interface State {
  requestId: string
}

export function createApp(deps: AppDeps, routes: readonly Route[]): RequestListener {
  const app = new Koa<State>()
  // Only the error envelope below answers; an error that reaches Koa itself is a broken connection.
  app.silent = true
  const router = createRouter(deps, routes)
  app.use(enveloping(deps, streamsOf(routes)))
  app.use(router.routes())
  app.use(router.allowedMethods())
  const listener = shortcut(deps, routes, app.callback())
  return (request, response) => runAs({ of: 'request', requestId: undefined }, () => listener(request, response))
}

/** Exact matches of direct routes do not enter Koa at all. */
function shortcut(
  { clock, logger, onAnswer }: AppDeps,
  routes: readonly Route[],
  general: RequestListener,
): RequestListener {
  const direct = new Map<string, DirectHandler>()
  const streams = streamsOf(routes)
  for (const route of routes) if (route.direct !== undefined) direct.set(`${route.method} ${route.path}`, route.direct)
  return (request: IncomingMessage, response: ServerResponse) => {
    const name = `${request.method} ${request.url}`
    const handler = direct.get(name)
    if (handler === undefined) {
      general(request, response as never)
      return
    }
    const startedMs = clock.monotonicMs()
    handler(request, response)
      .then(() => {
        if (!streams.has(name) || response.statusCode >= 400)
          onAnswer(name, response.statusCode, (clock.monotonicMs() - startedMs) / 1000)
      })
      .catch(error => {
        logger.error({ err: error }, 'a request failed after its answer had begun')
        response.destroy()
      })
  }
}

function createRouter(deps: AppDeps, routes: readonly Route[]): Router<State> {
  const router = new Router<State>()
  const callOf = createCalls(deps)
  for (const route of routes) {
    const prepare = callOf(route)
    router.register(route.path, [route.method], async (context: RouterContext<State>) => {
      if (route.direct !== undefined) return respondDirectly(context, route.direct)
      const call = await prepare(context.req, context.res, context.params, context.querystring, context.state.requestId)
      write(context, route, await route.handle(call), call.principal?.viaAlias === true)
    })
  }
  for (const { path, preflight } of routes)
    if (preflight !== undefined)
      router.register(path, ['OPTIONS'], (context: RouterContext<State>) => respondDirectly(context, preflight))
  return router
}

async function respondDirectly(context: RouterContext<State>, handler: DirectHandler): Promise<void> {
  context.respond = false
  await handler(context.req, context.res)
}

/** Names of routes whose answers last. */
const streamsOf = (routes: readonly Route[]): ReadonlySet<string> =>
  new Set(routes.filter(({ isStream }) => isStream === true).map(({ method, path }) => `${method} ${path}`))

function enveloping(deps: AppDeps, streams: ReadonlySet<string>): Koa.Middleware<State> {
  return async (context, next) => {
    const requestId = deps.ids.next('req')
    const startedMs = deps.clock.monotonicMs()
    context.state.requestId = requestId
    nameRequest(requestId)
    context.set('x-request-id', requestId)
    try {
      await next()
      // The router has listed the allowed methods in the header `allow`.
      if (context.respond !== false && (context.status === 405 || context.status === 501))
        throw new ClarionError('method_not_allowed', 'The path exists, but not with this method.')
      if (context.status === 404 && context.respond !== false)
        throw new ClarionError('not_found', 'There is no such path.')
    } catch (error) {
      if (error instanceof RequestAborted) {
        context.respond = false
        return
      }
      if (!(error instanceof ClarionError))
        deps.logger.error({ err: error, requestId, path: context.path }, 'a request failed unexpectedly')
      const failed = failureOf(error, requestId)
      context.status = failed.status
      context.set(failed.headers)
      context.set('content-type', JSON_TYPE)
      context.body = failureBody(failed)
    } finally {
      const matched = (context as Partial<RouterContext>)._matchedRoute
      const route = matched === undefined ? 'none' : `${context.method} ${String(matched)}`
      if (!streams.has(route) || context.status >= 400)
        deps.onAnswer(route, context.status, (deps.clock.monotonicMs() - startedMs) / 1000)
    }
  }
}

function write(context: RouterContext<State>, route: Route, answer: Answer, viaAlias: boolean): void {
  context.status = answer.status ?? route.status ?? 200
  if (answer.headers !== undefined) context.set(answer.headers)
  if (answer.rows !== undefined) {
    writeRows(context, answer.rows)
    return
  }
  if (answer.plain !== undefined) {
    context.set('content-type', answer.plain.contentType)
    context.body = answer.plain.body
    return
  }
  if (answer.stream !== undefined) {
    context.set('content-type', answer.stream.contentType)
    // No proxy may keep, compress or gather frames.
    context.set({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' })
    context.body = answer.stream.body
    return
  }
  context.set('content-type', JSON_TYPE)
  const bare = viaAlias ? route.bare : undefined
  context.body = bare === undefined ? success(answer, context.state.requestId) : JSON.stringify(bare(answer))
}

/** Koa ends the answer with the lines; the trailer is known by then. */
function writeRows(context: RouterContext<State>, { contentType, lines, isTruncated, hasTrailer }: Rows): void {
  context.set({ 'content-type': contentType, 'x-accel-buffering': 'no', ...(hasTrailer ? { trailer: TRUNCATED } : {}) })
  async function* written() {
    yield* lines
    if (hasTrailer) context.res.addTrailers({ [TRUNCATED]: String(isTruncated()) })
  }
  context.body = Readable.from(written(), { objectMode: false })
}

const TRUNCATED = 'x-truncated'
