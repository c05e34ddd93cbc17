/**
 * The caller of a request: `Authorization: Bearer`, `x-api-key`, or the alias header of the settings. See
 * docs/specification/conventions.md#keys.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../clock.ts'
import { hashApiKey } from '../../crypto/secret-box.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import { ClarionError } from '../../model/codes.ts'
import { holdsScope, type Scope } from '../../model/scopes.ts'
import { createFailedKeys } from './failed-keys.ts'
import type { KeyLookup } from './key-lookup.ts'
import type { Access, Principal } from './route.ts'
import type { Sessions } from './sessions.ts'

/**
 * `address`: the peer of the connection, whose unknown keys are counted. `method`: without it the cookie of a session
 * does not count.
 */
export type Authenticate = (
  headers: IncomingHttpHeaders,
  address: string | undefined,
  method?: string | undefined,
) => Principal

/**
 * Throws `unauthorized`, which does not reveal whether a key is unknown, expired or deleted beyond the caller's own
 * knowledge, and `rate_limited` instead once an address has sent too many unknown keys. No message repeats a key. Keys
 * of organizations are random and cannot be guessed, so they work from an address over its limit: one client behind a
 * shared proxy cannot lock out the others. The operator's key may have been chosen by a person, so it is not even
 * compared until the address is below its limit.
 */
export function createAuthenticate(deps: {
  keys: KeyLookup
  /** Absent: a process that serves no console. */
  sessions?: Pick<Sessions, 'read'>
  clock: Clock
  aliasKeyHeader: string
  /** Called with every key that is accepted. */
  onUse?(key: ApiKey): void
}): Authenticate {
  const { keys } = deps
  const failedKeys = createFailedKeys(deps)

  function bySession(headers: IncomingHttpHeaders, method: string | undefined): Principal | undefined {
    const principal = method === undefined ? undefined : deps.sessions?.read(headers, method)?.principal
    if (principal?.kind === 'key' && principal.session?.isOperators === false) deps.onUse?.(principal.key)
    return principal
  }

  return (headers, address, method) => {
    const { text, viaAlias } = presented(headers, deps.aliasKeyHeader)
    if (text === undefined) {
      const principal = bySession(headers, method)
      if (principal !== undefined) return principal
      throw new ClarionError(
        'unauthorized',
        `The call carries no API key: send it as ${BEARER}, or in the header x-api-key.`,
      )
    }
    const hash = hashApiKey(text)
    const holder = keys.byHash(hash)
    if (holder === undefined) {
      refuseOverLimit(failedKeys.retryAfterS(address))
      if (keys.isOperators(hash)) return { kind: 'operator', viaAlias }
      failedKeys.count(address)
    }
    if (holder === 'expired') throw new ClarionError('unauthorized', 'The API key has expired.')
    if (holder === undefined || holder === 'deleted')
      throw new ClarionError('unauthorized', 'The API key is not known.')
    deps.onUse?.(holder.key)
    return { kind: 'key', ...holder, viaAlias }
  }
}

export function refuseOverLimit(retryAfterS: number): void {
  if (retryAfterS === 0) return
  const message = `Too many unknown API keys came from this address: check the key, and repeat in ${retryAfterS} s.`
  throw new ClarionError('rate_limited', message, { retryAfterS })
}

function presented(headers: IncomingHttpHeaders, alias: string): { text: string | undefined; viaAlias: boolean } {
  const { authorization } = headers
  if (authorization !== undefined) return { text: bearer(authorization), viaAlias: false }
  const direct = single(headers['x-api-key'])
  if (direct !== undefined) return { text: direct, viaAlias: false }
  return { text: single(headers[alias]), viaAlias: true }
}

const BEARER = "'Authorization: Bearer <key>'"
const BEARER_SCHEME = /^bearer(?:\s|$)/i
/** Schemes that a message may name; any other start of the header may be a key. */
const OTHER_SCHEME = /^(?:basic|digest|negotiate|token|apikey|api-key|hawk|dpop)(?=\s)/i

/** The scheme in any case, then one space or more. Throws `unauthorized`. */
function bearer(authorization: string): string {
  const key = authorization.slice(0, 7).toLowerCase() === 'bearer ' ? authorization.slice(7).trim() : ''
  if (key === '') throw notBearer(authorization)
  return key
}

function notBearer(authorization: string): ClarionError {
  const [other] = OTHER_SCHEME.exec(authorization) ?? []
  const problem = BEARER_SCHEME.test(authorization)
    ? 'has no key behind Bearer and a space'
    : other === undefined
      ? 'does not begin with Bearer'
      : `uses the scheme ${other}, which is not taken here`
  const message = `${problem}: send ${BEARER}`
  const details = [{ path: '/headers/authorization', rule: 'bearer', message }]
  return new ClarionError('unauthorized', `The header Authorization ${message}.`, { details })
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

/** Throws `insufficient_scope` unless the principal may call a route of this access. */
export function authorize(principal: Principal, access: Access): void {
  if (access === 'any' || access === 'public') return
  if (access === 'operator') {
    if (principal.kind !== 'operator' && principal.session?.isOperators !== true)
      throw new ClarionError('insufficient_scope', "This call is the operator's.")
    return
  }
  if (principal.kind === 'operator' && access.endsWith(' or operator')) return
  for (const needed of access.split(' and ')) requireScope(principal, ...(needed.split(' or ') as Scope[]))
}

/** The organization's key of a call, if it holds one of the scopes. */
export function requireScope(principal: Principal, ...scopes: Scope[]): Extract<Principal, { kind: 'key' }> {
  if (principal.kind === 'operator')
    throw new ClarionError(
      'insufficient_scope',
      "The operator's key belongs to no organization; use a key of the organization.",
    )
  if (!scopes.some(scope => holdsScope(principal.key, scope)))
    throw new ClarionError('insufficient_scope', `The key does not hold the scope ${scopes.join(', nor ')}.`)
  return principal
}
