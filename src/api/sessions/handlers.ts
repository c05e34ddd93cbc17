/** Sessions of the console. See docs/specification/sessions.md. */
import type { Clock } from '../../clock.ts'
import type { Logins } from '../../control-plane/sessions/logins.ts'
import type { ActAs, OperatorAccess } from '../../control-plane/sessions/operator-access.ts'
import { getOrganization } from '../../control-plane/store/get-organization.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { Environment } from '../../model/environments.ts'
import { type ConsoleLink, OPERATORS, type Theme } from '../../model/logins.ts'
import { holdsScope, type Scope } from '../../model/scopes.ts'
import { baseOf, refuseOtherSite, refusePlainHttp } from '../http/call-origin.ts'
import type { Answer, Call } from '../http/route.ts'
import type { ActingAs, SessionFacts } from '../http/session-cookie.ts'
import type { OpenSession, Sessions } from '../http/sessions.ts'
import { presentSession } from './presenter.ts'
import type { SignIn } from './sign-in.ts'

interface NewActAs {
  organizationId: string
  environment: Environment
  write?: boolean
  reason?: string
}

interface NewLink {
  environment: Environment
  scopes: Scope[]
  readOnly?: boolean
  expiresInSeconds?: number
  screens?: string[]
  theme?: Theme
  returnUrl?: string
}

/** A link works for ten minutes; its session lasts as long as the caller says. */
const TOKEN_SECONDS = 600
const LINK_SECONDS = 86_400

export function createSessionHandlers(deps: {
  sessions: Sessions
  signIn: SignIn
  logins: Logins
  operatorAccess: OperatorAccess
  view: ControlView
  clock: Clock
}) {
  const { sessions, logins, operatorAccess, view } = deps

  const present = (session: OpenSession): object => presentSession(session, sessions.idleEndsAtMs(session.facts))

  /** The answer to a call that changes the session. */
  function begin(call: Call, facts: SessionFacts, status: number): Answer {
    const headers = { 'set-cookie': sessions.cookie(facts, call.headers), 'cache-control': 'no-store' }
    return { status, data: present(sessions.open(facts)), headers }
  }

  const leave = async (call: Call, facts: SessionFacts): Promise<void> => {
    if (facts.actAs !== undefined) await operatorAccess.end(call.caller, recordedAccess(facts.actAs))
  }

  /** Throws `session_refused` for a call with a key. */
  function operatorsSession(call: Call): OpenSession {
    const session = sessions.read(call.headers, 'POST')
    if (session?.facts.kind === 'operator') return session
    throw new ClarionError('session_refused', "This call is for the operator's session of the console.")
  }

  async function issue(call: Call, input: Parameters<Logins['issue']>[0]): Promise<Answer> {
    const { loginToken, expiresAt } = await logins.issue(input)
    return { data: { loginToken, url: `${baseOf(call.headers)}/console#login=${loginToken}`, expiresAt } }
  }

  return {
    async create(call: Call): Promise<Answer> {
      refuseOtherSite(call.headers)
      refusePlainHttp(call.headers, call.caller.ip)
      const given = call.body as { apiKey: string } | { loginToken: string }
      return begin(call, await deps.signIn(given, call.caller.ip), 201)
    },
    current(call: Call): Answer {
      const session = sessions.read(call.headers, 'GET')
      if (session === undefined) throw new ClarionError('not_found', 'The call has no session.')
      const { renewed } = session.principal.session!
      const headers = { 'cache-control': 'no-store', ...(renewed === undefined ? {} : { 'set-cookie': renewed }) }
      return { data: present(session), headers }
    },
    /** A session that has ended is cleared as well. */
    async end(call: Call): Promise<Answer> {
      const session = readOrEnded(() => sessions.read(call.headers, 'DELETE'))
      if (session !== undefined) await leave(call, session.facts)
      return { data: { ended: true }, headers: { 'set-cookie': sessions.cleared(call.headers) } }
    },
    async issueLogin(call: Call): Promise<Answer> {
      const { principal } = call
      if (principal?.session !== undefined)
        throw new ClarionError('session_refused', 'A login token comes from a key: send one in a header.')
      const { expiresInSeconds = TOKEN_SECONDS } = call.body as { expiresInSeconds?: number }
      const { organizationId, id: keyId } =
        principal?.kind === 'key' ? principal.key : { organizationId: OPERATORS, id: null }
      return issue(call, { organizationId, keyId, expiresInSeconds })
    },
    async actAs(call: Call): Promise<Answer> {
      const { facts } = operatorsSession(call)
      const { organizationId, environment, write = false, reason = null } = call.body as NewActAs
      if (write && reason === null) {
        const details = [{ path: '/reason', rule: 'required', message: 'is missing: writing needs one' }]
        throw new ClarionError('validation_failed', 'The operator writes in an organization for a reason only.', {
          details,
        })
      }
      getOrganization(view, organizationId)
      await leave(call, facts)
      const acting = sessions.acting(facts, { organizationId, environment, write, reason })
      await operatorAccess.begin(call.caller, recordedAccess(acting.actAs!))
      return begin(call, acting, 201)
    },
    async leaveOrganization(call: Call): Promise<Answer> {
      const { facts } = operatorsSession(call)
      await leave(call, facts)
      const { actAs: _left, ...operator } = facts
      return begin(call, operator, 200)
    },
    async consoleLink(call: Call): Promise<Answer> {
      const organizationId = call.params.id!
      const makerId = checkMaker(call, organizationId)
      getOrganization(view, organizationId)
      const { environment, scopes, readOnly = false, expiresInSeconds = LINK_SECONDS, ...look } = call.body as NewLink
      const { screens = null, theme = null, returnUrl = null } = look
      const link: Omit<ConsoleLink, 'endsAt'> = {
        ...{ environment, scopes: [...new Set(scopes)], readOnly, expiresInSeconds, screens, theme, returnUrl },
      }
      return issue(call, { organizationId, keyId: makerId, expiresInSeconds: TOKEN_SECONDS, link })
    },
  }
}

/** Of another organization's id a key learns nothing. Throws `not_found`, `insufficient_scope`. */
function checkMaker({ principal, body }: Call, organizationId: string): string | null {
  if (principal?.kind !== 'key') return null
  const { key } = principal
  if (!holdsScope(key, 'keys:manage'))
    throw new ClarionError('insufficient_scope', 'The key does not hold the scope keys:manage.')
  if (key.organizationId !== organizationId) throw new ClarionError('not_found', 'There is no such organization.')
  const { scopes, environment } = body as NewLink
  const missing = scopes.filter(scope => !holdsScope(key, scope))
  if (missing.length > 0)
    throw new ClarionError('insufficient_scope', `The key does not hold ${missing.join(', ')} itself.`)
  if (key.environment === 'test' && environment === 'live')
    throw new ClarionError('insufficient_scope', 'A key of the test environment cannot open the live one.')
  return principal.session?.isOperators === true ? null : key.id
}

const recordedAccess = ({ endsAtMs, ...access }: ActingAs): ActAs => ({
  ...access,
  endsAt: new Date(endsAtMs).toISOString(),
})

function readOrEnded(read: () => OpenSession | undefined): OpenSession | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof ClarionError && error.code === 'unauthorized') return undefined
    throw error
  }
}
