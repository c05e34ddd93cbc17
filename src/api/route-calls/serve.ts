/**
 * API routes: `/run/<organization>/<path>`, and `/run/<organization>.test/<path>` for the test environment. A request
 * starts a run of the live version and gets what it responds, once that has committed:
 *
 *     route ─► caller ─► rate ─► places ─► body ─► schema ─► start ─► response
 */
import { hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../clock.ts'
import { findVersion } from '../../control-plane/workflows/get-workflow.ts'
import type { ChainTokens } from '../../events/chain.ts'
import { readTraceparent } from '../../events/trace-context.ts'
import type { Logger } from '../../logger.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment } from '../../model/environments.ts'
import type { Ids } from '../../model/ids.ts'
import type { RouteMethod, RouteTrigger } from '../../model/workflows.ts'
import { nameRequest } from '../../process/work.ts'
import type { Validators } from '../../registry/validators.ts'
import { callKey } from '../../run-calls/call-key.ts'
import type { GivenCommand, RunAnswer, RunCalls } from '../../run-calls/run-calls.ts'
import { type FoundRoute, type Route, routeTable } from '../../workflows/route-table.ts'
import type { Authenticate } from '../http/authenticate.ts'
import { RequestAborted, readBody } from '../http/body.ts'
import { failureBody, failureOf, JSON_TYPE, success } from '../http/envelope.ts'
import { idempotencyKeyOf } from '../http/idempotency-key.ts'
import { createRates } from '../http/rates.ts'
import { type HttpAnswer, httpAnswer } from './answers.ts'
import { callerOf, type RouteUser } from './callers.ts'
import { type ChainPlace, chainOf } from './chain.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import { scopesOf } from './request-scopes.ts'

export interface ServeRouteDeps {
  view: ControlView
  authenticate: Authenticate
  runCalls: Pick<RunCalls, 'check' | 'call' | 'send'>
  validators: Validators
  chains: Pick<ChainTokens, 'verify'>
  ids: Ids
  clock: Clock
  logger: Logger
  aliasKeyHeader: string
  /** Routes have a host of their own, and are served there alone, without the sandbox. Empty: they share the API's. */
  routesHost: string
  /** For metrics: after each answer. */
  onRouteAnswer(status: number, seconds: number): void
}

export const ROUTES_PREFIX = '/run/'
const BODY_BYTES_MAX = 1_048_576
/** Answers are content of an organization on the origin of the API: no script of theirs may act there. */
const SANDBOX = { 'content-security-policy': "sandbox; default-src 'none'" }
const TAKEN_MS = 1_000
const ASYNC = /(?:^|,)\s*respond-async\s*(?:[,;]|$)/i

export function createServeRoute(deps: ServeRouteDeps) {
  const { view, authenticate, runCalls, validators, ids, clock, logger, routesHost } = deps
  const rates = createRates(deps)
  const policy = { 'x-content-type-options': 'nosniff', ...(routesHost === '' ? SANDBOX : {}) }

  async function answerOf(request: IncomingMessage, response: ServerResponse, requestId: string): Promise<HttpAnswer> {
    const { place, query } = placeOf(request)
    if (routesHost !== '' && request.headers.host !== routesHost) throw noRoute()
    const found = routesAt(view, place)
    if (request.method === 'OPTIONS') return preflight(request, found)
    const { route, params } = chosen(request, response, found)
    setAll(response, corsHeaders(request, route.trigger))
    const user = admitted(request, route)
    const chain = chainOf(request, deps.chains)
    const body = route.trigger.method === 'GET' ? Buffer.alloc(0) : await bodyOf(request)
    const version = findVersion(view, route, route.deployed!.version)
    if (version === undefined) throw noRoute()
    const scopes = scopesOf(
      { route, version, headers: request.headers, query, params, user, body },
      validators,
      deps.aliasKeyHeader,
    )
    const command = commandOf(request, route, { scopes, user, chain, body, query, requestId })
    return started(request, response, route, command)
  }

  /** Every check that needs no body, so that a refusal costs little. */
  function admitted(request: IncomingMessage, route: Route): RouteUser {
    if (view.organization(route.organizationId)?.status === 'suspended')
      throw new ClarionError('organization_suspended', 'The organization of the route is suspended.')
    const user = callerOf(request, route, authenticate)
    const { ratePerSecond } = route.trigger
    const retryAfterS = ratePerSecond === null ? 0 : rates.take(route.id, ratePerSecond)
    if (retryAfterS > 0)
      throw new ClarionError('rate_limited', `The route takes ${ratePerSecond} calls a second.`, { retryAfterS })
    runCalls.check(route.organizationId)
    return user
  }

  function commandOf(
    request: IncomingMessage,
    { id: workflowId, organizationId, environment, deployed, trigger }: Route,
    given: {
      scopes: string
      user: RouteUser
      chain: ChainPlace | undefined
      body: Buffer
      query: string
      requestId: string
    },
  ): GivenCommand {
    const { scopes, user, chain, body, query, requestId } = given
    const key = idempotencyKeyOf(request)
    const { pathname } = placeOf(request)
    const asked = [trigger.method, pathname, query, hash('sha256', body, 'hex')]
    const traceparent = readTraceparent(request.headers.traceparent)
    return {
      ...{ kind: 'start', organizationId, environment, runId: ids.next('run'), workflowId, version: deployed!.version },
      ...{ actorId: user === null ? '' : 'keyId' in user ? user.keyId : user.tokenId, requestId, scopes },
      trigger: JSON.stringify({ mode: 'route', triggerKind: 'route', correlationId: requestId, traceparent, ...chain }),
      callKey: callKey(key, asked),
    }
  }

  async function started(
    request: IncomingMessage,
    response: ServerResponse,
    { trigger }: Route,
    command: GivenCommand,
  ): Promise<HttpAnswer> {
    response.setHeader('x-clarion-run', command.runId)
    const isAsync = ASYNC.test(String(request.headers.prefer ?? ''))
    const signal = hungUp(response)
    if (isAsync && command.callKey === null) {
      await runCalls.send(command)
      return accepted(command)
    }
    const wants = isAsync ? 'taken' : 'response'
    const answer = await runCalls.call(command, { wants, timeoutMs: trigger.responseTimeoutMs, signal })
    if (answer === undefined && command.callKey !== null) {
      // The run of a key may be an earlier one.
      const taken = await runCalls.call(command, { wants: 'taken', timeoutMs: TAKEN_MS, signal })
      const runId = taken?.runId ?? command.runId
      response.setHeader('x-clarion-run', runId)
      return isAsync ? accepted({ ...command, runId }) : httpAnswer(undefined, runId)
    }
    if (answer !== undefined) response.setHeader('x-clarion-run', answer.runId)
    return isAsync ? accepted(command, answer) : httpAnswer(answer, command.runId)
  }

  /** `answer`: names the run that the idempotency key has started. */
  const accepted = ({ runId, requestId = '' }: GivenCommand, answer?: RunAnswer): HttpAnswer => ({
    ...{ status: 202, headers: { 'content-type': JSON_TYPE, 'preference-applied': 'respond-async' } },
    body: success({ data: { runId: answer?.runId ?? runId } }, requestId),
  })

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = ids.next('req')
    const startedMs = clock.monotonicMs()
    nameRequest(requestId)
    setAll(response, { ...policy, 'x-request-id': requestId })
    try {
      send(response, await answerOf(request, response, requestId))
    } catch (error) {
      if (error instanceof RequestAborted) return
      if (!(error instanceof ClarionError))
        logger.error({ err: error, requestId }, 'a call of a route failed unexpectedly')
      const failed = failureOf(error, requestId)
      send(response, {
        ...{ status: failed.status, headers: { 'content-type': JSON_TYPE, ...failed.headers } },
        body: failureBody(failed),
      })
    }
    deps.onRouteAnswer(response.statusCode, (clock.monotonicMs() - startedMs) / 1000)
  }
}

interface Place {
  slug: string
  environment: Environment
  segments: string[]
}

/** Throws `not_found` where a segment is no UTF-8 in percent-encoding. */
function placeOf({ url = '' }: IncomingMessage): { place: Place; query: string; pathname: string } {
  const at = url.indexOf('?')
  const pathname = at < 0 ? url : url.slice(0, at)
  const [owner = '', ...rest] = pathname.slice(ROUTES_PREFIX.length).split('/')
  const isTest = owner.endsWith('.test')
  try {
    const segments = rest.map(decodeURIComponent)
    const path = segments.length === 1 && segments[0] === '' ? [] : segments
    const slug = isTest ? owner.slice(0, -'.test'.length) : owner
    const place: Place = { slug, environment: isTest ? 'test' : 'live', segments: path }
    return { place, query: at < 0 ? '' : url.slice(at + 1), pathname }
  } catch {
    throw noRoute()
  }
}

/** Throws `not_found` where no live route of any method is. */
function routesAt(view: ControlView, { slug, environment, segments }: Place): ReadonlyMap<RouteMethod, FoundRoute> {
  const organization = view.organizationBySlug(slug)
  if (organization === undefined || organization.status === 'deleted') throw noRoute()
  const found = routeTable(view, { organizationId: organization.id, environment }).find(segments)
  if (found.size === 0) throw noRoute()
  return found
}

/** Throws `method_not_allowed`. */
function chosen(
  { method }: IncomingMessage,
  response: ServerResponse,
  found: ReadonlyMap<RouteMethod, FoundRoute>,
): FoundRoute {
  const fitting = found.get(method as RouteMethod)
  if (fitting !== undefined) return fitting
  response.setHeader('allow', [...found.keys()].join(', '))
  throw new ClarionError('method_not_allowed', 'The route exists, but not with this method.')
}

function preflight(request: IncomingMessage, found: ReadonlyMap<RouteMethod, FoundRoute>): HttpAnswer {
  const triggers = [...found.values()].map(({ route }): RouteTrigger => route.trigger)
  return { status: 204, headers: preflightHeaders(request, triggers), body: '' }
}

/** Throws `payload_too_large`, `unsupported_media_type`. */
function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity')
    throw new ClarionError(
      'unsupported_media_type',
      'The header content-encoding must be left out: send the body uncompressed.',
    )
  return readBody(request, BODY_BYTES_MAX)
}

function hungUp(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  if (response.destroyed) controller.abort()
  else response.once('close', () => controller.abort())
  return controller.signal
}

function setAll(response: ServerResponse, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

function send(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  const bodiless = status === 204 || status === 304
  // As bytes: Node writes the headers in front of a text in the text's encoding.
  const bytes = Buffer.from(body)
  const length = { 'content-length': bytes.length }
  response.writeHead(status, bodiless ? headers : { ...headers, ...length })
  response.end(bodiless ? undefined : bytes)
}

const noRoute = () => new ClarionError('not_found', 'There is no such route.')
