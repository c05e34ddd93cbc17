/**
 * From a request to a call: all checks before the handler, in the order in which the first failure is answered. See
 * docs/specification/conventions.md#order-of-checks.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parse as parseQuery } from 'node:querystring'
import { requireRightOf } from '../../control-plane/marketplace/access.ts'
import { pointerTo } from '../../json/json-pointer.ts'
import { ClarionError, CODES } from '../../model/codes.ts'
import { planOf } from '../../model/plans.ts'
import { type Authenticate, authorize } from './authenticate.ts'
import { BODY_BYTES_MAX, checkContentType, parseCommand, readBody } from './body.ts'
import { refuseControls } from './control-characters.ts'
import { idempotencyKeyOf } from './idempotency-key.ts'
import { refuseKeyInQuery } from './key-in-query.ts'
import type { Rates } from './rates.ts'
import type { Call, Principal, Rate, Route, SessionOfCall } from './route.ts'
import { type Check, createValidators } from './validate.ts'

export type Prepare = (
  request: IncomingMessage,
  response: ServerResponse,
  params: Record<string, string>,
  querystring: string,
  requestId: string,
) => Promise<Call>

const NO_QUERY = { type: 'object', additionalProperties: false }

/** The schemas of a route are compiled once, at its first call. */
export function createCalls({
  authenticate,
  rates,
}: {
  authenticate: Authenticate
  rates: Rates
}): (route: Route) => Prepare {
  const validators = createValidators()
  return route => {
    const checkQuery = validators.query(route.query ?? NO_QUERY)
    const checkBody = route.body === undefined ? undefined : validators.body(route.body)
    return async (request, response, params, querystring, requestId) => {
      if (route.refusesKeyInQuery === true) refuseKeyInQuery(querystring)
      const principal =
        route.access === 'public'
          ? undefined
          : authenticate(request.headers, request.socket.remoteAddress, request.method)
      if (principal?.session !== undefined) keepSession(response, principal.session)
      if (principal !== undefined) authorize(principal, route.access)
      if (principal?.session?.isReadOnly === true) refuseChange(route)
      if (route.refusedWhenSuspended === true) refuseSuspended(principal)
      if (route.needsFederation === true) refuseWithoutFederation(principal)
      if (route.needsSql === true) refuseWithoutSql(principal)
      if (route.needsRight !== undefined && principal?.kind === 'key')
        requireRightOf(principal.organization, route.needsRight)
      if (route.rate !== undefined) refuseOverRate(rates, route.rate, principal)
      const query: Record<string, unknown> = { ...parseQuery(querystring) }
      refuseControls(params, '/path')
      refuseLongIds(params)
      refuseControls(query)
      checkQuery(query)
      const idempotencyKey = route.takesIdempotencyKey === true ? idempotencyKeyOf(request) : undefined
      const body = checkBody === undefined ? undefined : await readCommand(request, checkBody, route)
      const actorId = principal?.kind === 'key' ? principal.key.id : 'operator'
      const caller = { actorId, requestId, ip: request.socket.remoteAddress }
      const { headers } = request
      return {
        requestId,
        principal,
        caller,
        params,
        query,
        body,
        headers,
        idempotencyKey,
        expectedRevision: expectedRevision(request),
        signal: () => signalOf(response),
      }
    }
  }
}

/** Answers to a session stay out of caches. */
function keepSession(response: ServerResponse, { renewed }: SessionOfCall): void {
  response.setHeader('cache-control', 'no-store')
  if (renewed !== undefined) response.setHeader('set-cookie', renewed)
}

/** Throws `session_read_only`. */
function refuseChange({ method, changesNothing }: Route): void {
  if (method === 'GET' || changesNothing === true) return
  throw new ClarionError('session_read_only', CODES.session_read_only.meaning)
}

function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  if (response.destroyed) controller.abort()
  else response.once('close', () => controller.abort())
  return controller.signal
}

const ID_CHARACTERS_MAX = 255

/** No id is that long, and a look-up further on may fail on it. */
function refuseLongIds(params: Record<string, string>): void {
  for (const [name, id] of Object.entries(params)) {
    if (id.length <= ID_CHARACTERS_MAX) continue
    const message = `must not have more than ${ID_CHARACTERS_MAX} characters`
    const details = [{ path: pointerTo('/path', name), rule: 'maxLength', message }]
    throw new ClarionError('validation_failed', `'${name}' in the path ${message}.`, { details })
  }
}

/**
 * Throws `organization_suspended` for a call that changes events. See docs/specification/organizations.md#suspended.
 */
function refuseSuspended(principal: Principal | undefined): void {
  if (principal?.kind !== 'key' || principal.organization.status !== 'suspended') return
  throw new ClarionError(
    'organization_suspended',
    'The organization is suspended: it can read, but not change its events.',
  )
}

/** Federation needs the Enterprise plan, on both sides. */
function refuseWithoutFederation(principal: Principal | undefined): void {
  if (principal?.kind !== 'key' || planOf(principal.organization.plan).federation) return
  throw new ClarionError('federation_not_available', CODES.federation_not_available.meaning)
}

function refuseWithoutSql(principal: Principal | undefined): void {
  if (principal?.kind !== 'key' || planOf(principal.organization.plan).sql) return
  throw new ClarionError('table_quota_exceeded', 'The plan has no SQL: rows can be read with where.')
}

/** Throws `rate_limited`. */
function refuseOverRate(rates: Rates, rate: Rate, principal: Principal | undefined): void {
  if (principal?.kind !== 'key') return
  const { id, plan } = principal.organization
  const perSecond = planOf(plan)[rate]
  const retryAfterS = rates.take(`${rate}/${id}`, perSecond)
  if (retryAfterS === 0) return
  const calls = perSecond === 1 ? 'one such call' : `${perSecond} such calls`
  const message = `The plan allows ${calls} a second: repeat in ${retryAfterS} s.`
  throw new ClarionError('rate_limited', message, { retryAfterS })
}

async function readCommand(
  request: IncomingMessage,
  check: Check,
  { bodyOptional = false, exactMember }: Route,
): Promise<unknown> {
  if (bodyOptional && hasNoBody(request)) return {}
  checkContentType(request)
  const body = parseCommand(await readBody(request, BODY_BYTES_MAX), exactMember)
  check(body)
  return body
}

const hasNoBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0

/** `If-Match: 3` or `If-Match: "3"`; `*` matches any. */
function expectedRevision(request: IncomingMessage): number | undefined {
  const header = request.headers['if-match']
  if (header === undefined || header.trim() === '*') return undefined
  const revision = /^\s*"?(\d{1,15})"?\s*$/.exec(header)?.[1]
  if (revision !== undefined) return Number(revision)
  const details = [{ path: '/headers/if-match', rule: 'format', message: 'must be a revision, such as 3' }]
  throw new ClarionError('validation_failed', 'If-Match is not a revision.', { details })
}
