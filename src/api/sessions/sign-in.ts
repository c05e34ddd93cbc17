/** From a key or a login token to the session that it opens. */

import type { Clock } from '../../clock.ts'
import type { Logins } from '../../control-plane/sessions/logins.ts'
import { hashApiKey } from '../../crypto/secret-box.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Login } from '../../model/logins.ts'
import { refuseOverLimit } from '../http/authenticate.ts'
import { createFailedKeys } from '../http/failed-keys.ts'
import type { KeyLookup } from '../http/key-lookup.ts'
import type { SessionFacts } from '../http/session-cookie.ts'
import type { Sessions } from '../http/sessions.ts'

export type SignIn = (
  given: { apiKey: string } | { loginToken: string },
  address: string | undefined,
) => Promise<SessionFacts>

/** Wrong ones of an address: ten at once, ten a minute. */
const FAILURES = { burst: 10, refillMs: 6_000 }

/**
 * Throws `unauthorized` with one text for all that is wrong, and `rate_limited` once an address has been wrong too
 * often. Keys of organizations and tokens are random, so right ones work from such an address too; the operator's key
 * may have been chosen by a person, so it does not.
 */
export function createSignIn(deps: {
  keys: KeyLookup
  sessions: Pick<Sessions, 'ofKey' | 'ofOperator' | 'ofLink'>
  logins: Pick<Logins, 'use'>
  clock: Clock
}): SignIn {
  const { keys, sessions } = deps
  const failed = createFailedKeys(deps, FAILURES)

  function byKey(apiKey: string, address: string | undefined): SessionFacts | undefined {
    const hash = hashApiKey(apiKey)
    const holder = keys.byHash(hash)
    if (holder === undefined) {
      refuseOverLimit(failed.retryAfterS(address))
      return keys.isOperators(hash) ? sessions.ofOperator() : undefined
    }
    return typeof holder === 'string' ? undefined : sessions.ofKey(holder)
  }

  /** The session of the key that issued it, or of the link. */
  function ofLogin(login: Login): SessionFacts | undefined {
    const { organizationId, keyId, link } = login
    if (keyId === null) return link === null ? sessions.ofOperator() : sessions.ofLink(login)
    const holder = keys.byId(organizationId, keyId)
    if (typeof holder === 'string') return undefined
    return link === null ? sessions.ofKey(holder) : sessions.ofLink(login)
  }

  async function byToken(loginToken: string): Promise<SessionFacts | undefined> {
    const login = await deps.logins.use(loginToken)
    return login && ofLogin(login)
  }

  return async (given, address) => {
    const facts = 'apiKey' in given ? byKey(given.apiKey, address) : await byToken(given.loginToken)
    if (facts !== undefined) return facts
    refuseOverLimit(failed.retryAfterS(address))
    failed.count(address)
    throw new ClarionError('unauthorized', 'The key or the login token is not valid: it is wrong, used or expired.')
  }
}
