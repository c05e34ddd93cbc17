/**
 * Sessions of the console: a sealed cookie in place of a key. Each call is checked against the control plane as it is
 * now, so a deleted key ends its sessions with their next call. See docs/specification/sessions.md.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { SecretBox } from '../../crypto/secret-box.ts'
import type { ApiKey } from '../../model/api-keys.ts'
import { ClarionError } from '../../model/codes.ts'
import type { ControlView } from '../../model/control-view.ts'
import type { ConsoleLink, Login } from '../../model/logins.ts'
import type { Organization } from '../../model/organizations.ts'
import { SCOPE_SET, SCOPES } from '../../model/scopes.ts'
import { isSecure, requireOwnPage } from './call-origin.ts'
import type { KeyHolder, KeyLookup } from './key-lookup.ts'
import type { Principal } from './route.ts'
import { type ActingAs, createSessionCookies, type SessionFacts } from './session-cookie.ts'

export const IDLE_MS = 2 * 3_600_000
const LONGEST_MS = 12 * 3_600_000
const RENEWED_AFTER_MS = 10 * 60_000
const ACTING_MS = 3_600_000

/** A session as a call finds it. */
export interface OpenSession {
  facts: SessionFacts
  link: ConsoleLink | null
  principal: Principal
}

export interface Sessions {
  /** Undefined: the call carries no cookie. Throws `session_refused`, `unauthorized`. */
  read(headers: IncomingHttpHeaders, method: string): OpenSession | undefined
  ofKey(holder: KeyHolder): SessionFacts
  ofOperator(): SessionFacts
  ofLink(login: Login): SessionFacts
  acting(facts: SessionFacts, as: Omit<ActingAs, 'endsAtMs'>): SessionFacts
  idleEndsAtMs(facts: SessionFacts): number | null
  /** The session of facts that were made now. */
  open(facts: SessionFacts): OpenSession
  cookie(facts: SessionFacts, headers: IncomingHttpHeaders): string
  cleared(headers: IncomingHttpHeaders): string
}

export function createSessions(deps: {
  keys: KeyLookup
  view: Pick<ControlView, 'organization'>
  findLink(organizationId: string, id: string): (Login & { link: ConsoleLink }) | undefined
  secrets: Pick<SecretBox, 'encrypt' | 'decrypt'>
  clock: Clock
}): Sessions {
  const { keys, clock } = deps
  const cookies = createSessionCookies(deps.secrets)
  const place = (headers: IncomingHttpHeaders) => ({ isSecure: isSecure(headers) })

  const idleEndsAtMs = ({ kind, seenAtMs }: SessionFacts) => (kind === 'link' ? null : seenAtMs + IDLE_MS)

  const begun = (most: number): Pick<SessionFacts, 'startedAtMs' | 'seenAtMs' | 'endsAtMs'> => {
    const nowMs = clock.nowMs()
    return { startedAtMs: nowMs, seenAtMs: nowMs, endsAtMs: Math.min(nowMs + LONGEST_MS, most) }
  }

  /** Throws `unauthorized`. */
  function holderOf({ organizationId = '', keyId = '', startedAtMs }: SessionFacts): KeyHolder {
    const holder = keys.byId(organizationId, keyId)
    if (typeof holder === 'string' || isEndedFor(holder.key, startedAtMs)) throw ended()
    return holder
  }

  function linkOf({ organizationId = '', linkId = '', startedAtMs }: SessionFacts) {
    const login = deps.findLink(organizationId, linkId)
    const organization = deps.view.organization(organizationId)
    if (login === undefined || organization === undefined || organization.status === 'deleted') throw ended()
    if (login.keyId !== null) {
      const maker = keys.byId(organizationId, login.keyId)
      if (typeof maker === 'string' || isEndedFor(maker.key, startedAtMs)) throw ended()
    }
    return { key: keyOfLink(login), organization, link: login.link }
  }

  function actingPrincipal(actAs: ActingAs): Principal | undefined {
    const organization = deps.view.organization(actAs.organizationId)
    if (actAs.endsAtMs <= clock.nowMs() || organization === undefined || organization.status === 'deleted')
      return undefined
    return { kind: 'key', key: operatorsKey(organization, actAs), organization, viaAlias: false }
  }

  function identify(facts: SessionFacts): Pick<OpenSession, 'link'> & { as: Principal; facts: SessionFacts } {
    if (facts.kind === 'key') return { link: null, facts, as: { kind: 'key', ...holderOf(facts), viaAlias: false } }
    if (facts.kind === 'link') {
      const { link, ...holder } = linkOf(facts)
      return { link, facts, as: { kind: 'key', ...holder, viaAlias: false } }
    }
    if (facts.mark !== keys.operatorMark) throw ended()
    const acting = facts.actAs && actingPrincipal(facts.actAs)
    if (acting !== undefined) return { link: null, facts, as: acting }
    const { actAs: _over, ...operator } = facts
    return { link: null, facts: operator, as: { kind: 'operator', viaAlias: false } }
  }

  /** Whether it is as valid as it was at its beginning, for streams that last. */
  function isValid(facts: SessionFacts): boolean {
    try {
      return facts.endsAtMs > clock.nowMs() && identify(facts).as.kind === 'key'
    } catch {
      return false
    }
  }

  function open(given: SessionFacts): OpenSession {
    const { facts, link, as } = identify(given)
    const isReadOnly = link?.readOnly === true || facts.actAs?.write === false
    const { kind, linkId, keyId = '' } = facts
    const session = {
      ...{ isReadOnly, isOperators: kind === 'operator', renewed: undefined },
      ...{ holder: linkId ?? (kind === 'operator' ? 'operator' : keyId), isValid: () => isValid(facts) },
    }
    return { facts, link, principal: { ...as, session } }
  }

  return {
    read(headers, method) {
      const facts = cookies.read(headers)
      if (facts === undefined) return undefined
      requireOwnPage(headers, method)
      const nowMs = clock.nowMs()
      if (facts === 'broken' || facts.endsAtMs <= nowMs || (idleEndsAtMs(facts) ?? nowMs + 1) <= nowMs) throw ended()
      const session = open(facts)
      if (facts.kind === 'link' || nowMs - facts.seenAtMs < RENEWED_AFTER_MS) return session
      const seen = { ...session.facts, seenAtMs: nowMs }
      const renewed = cookies.set(seen, place(headers))
      const { principal } = session
      return { ...session, facts: seen, principal: { ...principal, session: { ...principal.session!, renewed } } }
    },
    ofKey: ({ key }) => ({
      ...{ kind: 'key', organizationId: key.organizationId, keyId: key.id },
      ...begun(key.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(key.expiresAt)),
    }),
    ofOperator: () => ({ kind: 'operator', mark: keys.operatorMark, ...begun(Number.POSITIVE_INFINITY) }),
    ofLink({ id, organizationId, link }) {
      const nowMs = clock.nowMs()
      const endsAtMs = Date.parse(link!.endsAt!)
      return { kind: 'link', organizationId, linkId: id, startedAtMs: nowMs, seenAtMs: nowMs, endsAtMs }
    },
    acting: (facts, as) => ({
      ...facts,
      actAs: { ...as, endsAtMs: Math.min(clock.nowMs() + ACTING_MS, facts.endsAtMs) },
    }),
    idleEndsAtMs,
    open,
    cookie: (facts, headers) => cookies.set(facts, place(headers)),
    cleared: headers => cookies.clear(place(headers)),
  }
}

const isEndedFor = ({ sessionsAfter }: ApiKey, startedAtMs: number): boolean =>
  sessionsAfter !== undefined && startedAtMs <= Date.parse(sessionsAfter)

/** One text for all ways in which a session ends. */
const ended = () => new ClarionError('unauthorized', 'The session has ended: sign in again.')

/** The grant of a link, in the form of a key. */
function keyOfLink({ id, organizationId, createdAt, link }: Login & { link: ConsoleLink }): ApiKey {
  const { environment, scopes, endsAt } = link
  return {
    ...{ id, organizationId, revision: 1, createdAt, updatedAt: createdAt, name: 'console link' },
    ...{ environment, scopes, scopeSet: SCOPE_SET, hash: '', hint: '', expiresAt: endsAt },
  }
}

/** All scopes: what the operator may not change is refused by method. */
function operatorsKey({ id: organizationId, createdAt }: Organization, { environment, endsAtMs }: ActingAs): ApiKey {
  return {
    ...{ id: 'operator', organizationId, revision: 1, createdAt, updatedAt: createdAt, name: 'operator' },
    ...{ environment, scopes: [...SCOPES], scopeSet: SCOPE_SET, hash: '', hint: '' },
    expiresAt: new Date(endsAtMs).toISOString(),
  }
}
