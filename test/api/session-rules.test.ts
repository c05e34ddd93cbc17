/** When a session ends, by the clock and by the control plane, and what its cookie gives away. */
import { describe, expect, it } from '@jest/globals'
import { createKeyLookup } from '../../src/api/http/key-lookup.ts'
import { createSessions } from '../../src/api/http/sessions.ts'
import { createSystemRandom } from '../../src/clock.ts'
import { createSecretBox } from '../../src/crypto/secret-box.ts'
import type { ApiKey } from '../../src/model/api-keys.ts'
import type { ControlView } from '../../src/model/control-view.ts'
import type { Organization } from '../../src/model/organizations.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const OWN_PAGE = { 'sec-fetch-site': 'same-origin', host: 'localhost:8080' }

function setUp({ adminKey = 'admin', secretKey = 'one' } = {}) {
  const clock = createManualClock()
  const organization = { id: 'org_1', status: 'active', createdAt: '' } as Organization
  const key = { id: 'key_1', organizationId: 'org_1', expiresAt: null, scopes: [], hash: 'h' } as unknown as ApiKey
  const stored = new Map([['key_1', key]])
  const view = {
    find: (_kind: string, _organization: string, id: string) => stored.get(id),
    organization: () => organization,
    keyByHash: () => undefined,
  } as unknown as ControlView
  const keys = createKeyLookup({ view, clock, adminKey })
  const secrets = createSecretBox({ secretKey, random: createSystemRandom() })
  const sessions = createSessions({ keys, view, clock, secrets, findLink: () => undefined })
  const cookieOf = (set: string) => ({ ...OWN_PAGE, cookie: set.split(';')[0]! })
  return { clock, key, stored, organization, sessions, cookieOf }
}

const codeOf = (read: () => unknown): string => {
  try {
    return read() === undefined ? 'nothing' : 'read'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a session of a key', () => {
  it('ends after two hours without a call, and goes on with calls until twelve hours are over', () => {
    const { clock, key, organization, sessions, cookieOf } = setUp()
    let headers = cookieOf(sessions.cookie(sessions.ofKey({ key, organization }), OWN_PAGE))
    const idle = headers
    for (let call = 1; call <= 7; call++) {
      clock.advance(1.5 * HOUR_MS)
      const { principal } = sessions.read(headers, 'GET')!
      headers = cookieOf(principal.session!.renewed!)
    }
    expect(codeOf(() => sessions.read(idle, 'GET'))).toBe('unauthorized')
    clock.advance(1.4 * HOUR_MS)
    expect(codeOf(() => sessions.read(headers, 'GET'))).toBe('read')
    clock.advance(0.2 * HOUR_MS)
    expect(codeOf(() => sessions.read(headers, 'GET'))).toBe('unauthorized')
  })

  it('is renewed at most every ten minutes', () => {
    const { clock, key, organization, sessions, cookieOf } = setUp()
    const headers = cookieOf(sessions.cookie(sessions.ofKey({ key, organization }), OWN_PAGE))
    clock.advance(9 * MINUTE_MS)
    expect(sessions.read(headers, 'GET')!.principal.session!.renewed).toBeUndefined()
    clock.advance(MINUTE_MS)
    expect(sessions.read(headers, 'GET')!.principal.session!.renewed).toMatch(/^clarion=/)
  })

  it('ends with its key, and when its sessions are ended; later ones go on', () => {
    const { clock, key, stored, organization, sessions, cookieOf } = setUp()
    const headers = cookieOf(sessions.cookie(sessions.ofKey({ key, organization }), OWN_PAGE))
    clock.advance(1)
    stored.set('key_1', { ...key, sessionsAfter: new Date(clock.nowMs()).toISOString() })
    expect(codeOf(() => sessions.read(headers, 'GET'))).toBe('unauthorized')
    clock.advance(1)
    const later = cookieOf(sessions.cookie(sessions.ofKey({ key, organization }), OWN_PAGE))
    expect(codeOf(() => sessions.read(later, 'GET'))).toBe('read')
    stored.clear()
    expect(codeOf(() => sessions.read(later, 'GET'))).toBe('unauthorized')
  })

  it('is not longer than its key', () => {
    const { clock, key, organization, sessions } = setUp()
    const expiresAt = new Date(clock.nowMs() + MINUTE_MS).toISOString()
    expect(sessions.ofKey({ key: { ...key, expiresAt }, organization }).endsAtMs).toBe(Date.parse(expiresAt))
  })
})

describe("the operator's session", () => {
  it('ends when the key of the operator is another one', () => {
    const before = setUp()
    const headers = before.cookieOf(before.sessions.cookie(before.sessions.ofOperator(), OWN_PAGE))
    expect(codeOf(() => before.sessions.read(headers, 'GET'))).toBe('read')
    expect(codeOf(() => setUp({ adminKey: 'another' }).sessions.read(headers, 'GET'))).toBe('unauthorized')
  })

  it('looks inside an organization for an hour, and is the operator again', () => {
    const { clock, sessions, cookieOf } = setUp()
    const as = { organizationId: 'org_1', environment: 'live', write: false, reason: null } as const
    const headers = cookieOf(sessions.cookie(sessions.acting(sessions.ofOperator(), as), OWN_PAGE))
    const inside = sessions.read(headers, 'GET')!
    expect(inside.principal).toMatchObject({ kind: 'key', key: { id: 'operator' }, session: { isReadOnly: true } })
    clock.advance(HOUR_MS)
    const again = sessions.read(headers, 'GET')!
    expect([again.principal.kind, again.facts.actAs, again.principal.session!.isReadOnly]).toEqual([
      ...['operator', undefined, false],
    ])
  })
})

describe('the cookie', () => {
  it('is sealed: changed, made with another key, or taken from elsewhere, it is none', () => {
    const { key, organization, sessions, cookieOf } = setUp()
    const { cookie } = cookieOf(sessions.cookie(sessions.ofKey({ key, organization }), OWN_PAGE))
    expect(cookie).not.toContain('key_1')
    const changed = cookie.slice(0, -4) + (cookie.endsWith('AAAA') ? 'BBBB' : 'AAAA')
    const secrets = createSecretBox({ secretKey: 'one', random: createSystemRandom() })
    const foreign = `clarion=${secrets.encrypt(JSON.stringify({ kind: 'operator', endsAtMs: 9e15, seenAtMs: 9e15 }))}`
    for (const text of [changed, foreign, 'clarion=x', `clarion=${'x'.repeat(10_000)}`])
      expect(codeOf(() => sessions.read({ ...OWN_PAGE, cookie: text }, 'GET'))).toBe('unauthorized')
    const other = setUp({ secretKey: 'two' }).sessions
    expect(codeOf(() => other.read({ ...OWN_PAGE, cookie }, 'GET'))).toBe('unauthorized')
    expect(codeOf(() => sessions.read(OWN_PAGE, 'GET'))).toBe('nothing')
  })

  it('is for TLS alone behind TLS, and never for scripts or other sites', () => {
    const { key, organization, sessions } = setUp()
    const facts = sessions.ofKey({ key, organization })
    const plain = sessions.cookie(facts, OWN_PAGE)
    expect(plain).toMatch(/^clarion=[^;]+; Path=\/; HttpOnly; SameSite=Strict$/)
    const secure = sessions.cookie(facts, { ...OWN_PAGE, 'x-forwarded-proto': 'https' })
    expect(secure).toMatch(/^__Host-clarion=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/)
  })

  it('counts in calls of the own page alone', () => {
    const { key, organization, sessions, cookieOf } = setUp()
    const own = cookieOf(sessions.cookie(sessions.ofKey({ key, organization }), OWN_PAGE))
    const refused = 'session_refused'
    const { 'sec-fetch-site': _site, ...without } = own
    expect(codeOf(() => sessions.read(without, 'GET'))).toBe(refused)
    for (const site of ['cross-site', 'same-site', 'none'])
      expect(codeOf(() => sessions.read({ ...own, 'sec-fetch-site': site }, 'GET'))).toBe(refused)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect(codeOf(() => sessions.read(own, method))).toBe(refused)
    const marked = { ...own, 'x-clarion-console': '1' }
    expect(codeOf(() => sessions.read(marked, 'POST'))).toBe('read')
    for (const origin of ['https://evil.example', 'null', 'http://localhost:8081'])
      expect(codeOf(() => sessions.read({ ...marked, origin }, 'POST'))).toBe(refused)
    expect(codeOf(() => sessions.read({ ...marked, origin: 'http://localhost:8080' }, 'POST'))).toBe('read')
  })
})
