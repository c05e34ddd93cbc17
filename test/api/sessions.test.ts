/** Signing in to the console, over HTTP: by key, by token, by link, and as the operator inside an organization. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { auditChanges, auditChangesCodec } from '../../topics/audit-changes.ts'
import { readToEnd } from '../support/ledger.ts'
import { ADMIN_KEY, openTestApi, type TestApi } from './api-harness.ts'
import { raw } from './session-calls.ts'

let api: TestApi
let owner: Awaited<ReturnType<TestApi['organization']>>
beforeAll(async () => {
  api = await openTestApi()
  owner = await api.organization('PRO')
})
afterAll(() => api?.close())

const anonymous: ReturnType<TestApi['as']> = (...call) => api.as(undefined)(...call)
const SESSIONS = '/api/v1/sessions'
const cookieOf = (headers: Headers): string => headers.get('set-cookie')!.split(';')[0]!

/** Calls of the console itself, with the newest cookie. */
function page(cookie: string) {
  const jar = { cookie }
  const call = async (method: string, path: string, body?: unknown, more: Record<string, string> = {}) => {
    const headers = { cookie: jar.cookie, 'sec-fetch-site': 'same-origin', 'x-clarion-console': '1', ...more }
    const reply = await anonymous(method, path, body, headers)
    if (reply.headers.has('set-cookie')) jar.cookie = cookieOf(reply.headers)
    return reply
  }
  return { call, jar }
}

async function signIn(given: object) {
  const reply = await anonymous('POST', SESSIONS, given)
  return { reply, ...page(reply.status === 201 ? cookieOf(reply.headers) : '') }
}

describe('a session', () => {
  it('begins with a key, does what the key may do, and ends with the sign-out', async () => {
    const { reply, call } = await signIn({ apiKey: owner.apiKey })
    expect(reply.status).toBe(201)
    expect(reply.data).toMatchObject({
      ...{ kind: 'key', organization: { id: owner.id, slug: owner.slug }, environment: 'live', readOnly: false },
      ...{ actAs: null, screens: null, theme: null, returnUrl: null, keyId: expect.stringMatching(/^key_/) },
    })
    expect(reply.headers.get('set-cookie')).not.toContain(owner.apiKey)
    const current = await call('GET', `${SESSIONS}/current`)
    expect([current.status, current.data.keyId]).toEqual([200, reply.data.keyId])
    const listed = await call('GET', '/api/v1/webhooks')
    expect([listed.status, listed.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const made = await call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events: ['*'] })
    expect(made.status).toBe(201)
    const left = await call('DELETE', `${SESSIONS}/current`)
    expect([left.data, left.headers.get('set-cookie')]).toEqual([{ ended: true }, expect.stringContaining('Max-Age=0')])
  })

  it('is not there without its cookie: 404, and 401 for every other call', async () => {
    expect((await anonymous('GET', `${SESSIONS}/current`)).code).toBe('not_found')
    expect((await anonymous('GET', '/api/v1/webhooks', undefined, { cookie: 'other=1' })).code).toBe('unauthorized')
  })

  it('counts for no call from another page, and for no change without the header of the console', async () => {
    const { jar } = await signIn({ apiKey: owner.apiKey })
    const get = (headers: Record<string, string>) =>
      anonymous('GET', '/api/v1/webhooks', undefined, { cookie: jar.cookie, ...headers })
    expect((await get({})).code).toBe('session_refused')
    expect((await get({ 'sec-fetch-site': 'cross-site' })).code).toBe('session_refused')
    const forged = await anonymous(
      'POST',
      '/api/v1/webhooks',
      {},
      { cookie: jar.cookie, 'sec-fetch-site': 'same-origin' },
    )
    expect([forged.status, forged.code]).toEqual([403, 'session_refused'])
    // A key in a header counts as before, whatever cookie is beside it.
    const keyed = await owner.call('GET', '/api/v1/webhooks', undefined, { cookie: jar.cookie })
    expect(keyed.status).toBe(200)
    const emit = await anonymous(
      'POST',
      '/api/v1/events/custom/emit',
      { name: 'a.b', payload: {} },
      { cookie: jar.cookie },
    )
    expect(emit.code).toBe('session_refused')
  })

  it('ends with the next call when its key is deleted, and when the sessions of the key are ended', async () => {
    const keyed = () => owner.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
    for (const end of [
      (id: string) => owner.call('DELETE', `/api/v1/keys/${id}`),
      (id: string) => owner.call('POST', `/api/v1/keys/${id}/end-sessions`),
    ]) {
      const made = await keyed()
      const { call } = await signIn({ apiKey: made.data.apiKey })
      expect((await call('GET', '/api/v1/events/custom')).status).toBe(200)
      expect((await end(made.data.key.id)).status).toBe(200)
      expect((await call('GET', '/api/v1/events/custom')).code).toBe('unauthorized')
      expect((await call('DELETE', `${SESSIONS}/current`)).data).toEqual({ ended: true })
    }
    const stranger = await api.organization()
    const { data } = await keyed()
    expect((await stranger.call('POST', `/api/v1/keys/${data.key.id}/end-sessions`)).code).toBe('not_found')
  })

  it('begins on this machine or over TLS alone, and from no other site', async () => {
    const given = { apiKey: owner.apiKey }
    const at = (headers: Record<string, string>) => raw(api.base, 'POST', SESSIONS, given, headers)
    expect(await at({ host: 'console.example.com' })).toMatchObject({ status: 400, code: 'https_required' })
    const secure = await at({ host: 'console.example.com', 'x-forwarded-proto': 'https' })
    expect([secure.status, secure.cookie]).toEqual([201, expect.stringMatching(/^__Host-clarion=.*; Secure$/)])
    expect(await at({ 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403, code: 'session_refused' })
  })

  it('takes one of the two, and nothing else', async () => {
    for (const body of [{}, { apiKey: owner.apiKey, loginToken: 'clt_x' }, { apiKey: '' }, { password: 'x' }])
      expect((await anonymous('POST', SESSIONS, body)).code).toBe('validation_failed')
  })
})

describe('a login token', () => {
  const issue = async (call = owner.call) => (await call('POST', `${SESSIONS}/login-tokens`)).data

  it('signs in once, for the session of its key', async () => {
    const { loginToken, url, expiresAt } = await issue()
    expect(url).toBe(`${api.base}/console#login=${loginToken}`)
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now())
    const both = await Promise.all([signIn({ loginToken }), signIn({ loginToken })])
    expect(both.map(({ reply }) => reply.status).sort()).toEqual([201, 401])
    expect(both.find(({ reply }) => reply.status === 201)!.reply.data).toMatchObject({ organization: { id: owner.id } })
    expect((await signIn({ loginToken })).reply.code).toBe('unauthorized')
    expect(JSON.stringify(api.view.list('login', owner.id))).not.toContain(loginToken)
  })

  it('of a key that is gone signs nobody in, with the text of every other wrong one', async () => {
    const made = await owner.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
    const { loginToken } = await issue(api.as(made.data.apiKey))
    await owner.call('DELETE', `/api/v1/keys/${made.data.key.id}`)
    const gone = await signIn({ loginToken })
    const unknown = await signIn({ loginToken: 'clt_unknown' })
    expect([gone.reply.status, gone.reply.body.error!.message]).toEqual([401, unknown.reply.body.error!.message])
  })

  it('is not issued to a session, which would outlive itself so', async () => {
    const { call } = await signIn({ apiKey: owner.apiKey })
    expect((await call('POST', `${SESSIONS}/login-tokens`)).code).toBe('session_refused')
  })
})

describe('streams of a session', () => {
  async function openStream(headers: Record<string, string>) {
    const response = await fetch(`${api.base}/api/v1/events/stream?types=*`, { headers })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    const until = async (text: string) => {
      for (let seen = ''; !seen.includes(text); ) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`ended without ${text}: ${seen}`)
        seen += value
      }
    }
    return { status: response.status, until, cancel: () => reader.cancel() }
  }

  it('are not on the plan, and the fourth of a key ends the oldest; they end with their key', async () => {
    const free = await api.organization('FREE')
    const made = await free.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
    const { jar } = await signIn({ apiKey: made.data.apiKey })
    const headers = { cookie: jar.cookie, 'sec-fetch-site': 'same-origin' }
    const ofKey = await openStream({ authorization: `Bearer ${free.apiKey}` })
    const first = await openStream(headers)
    const others = [await openStream(headers), await openStream(headers)]
    expect([ofKey, first, ...others].map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const fourth = await openStream(headers)
    await first.until('replaced')
    await free.call('DELETE', `/api/v1/keys/${made.data.key.id}`)
    for (const each of [...others, fourth]) await each.until('revoked')
    expect((await free.call('GET', '/api/v1/events/streams')).data).toHaveLength(1)
    await ofKey.cancel()
  })
})

describe("the operator's session", () => {
  const operator = async () =>
    signIn({ loginToken: (await api.operator('POST', `${SESSIONS}/login-tokens`)).data.loginToken })

  it('has no organization, looks inside one without changing it, and leaves it again', async () => {
    const { reply, call } = await operator()
    expect(reply.data).toMatchObject({ kind: 'operator', organization: null, keyId: null, scopes: [] })
    expect((await call('GET', '/api/v1/organizations')).status).toBe(200)
    expect((await call('GET', '/api/v1/webhooks')).code).toBe('insufficient_scope')
    const target = { organizationId: owner.id, environment: 'live' }
    const inside = await call('POST', `${SESSIONS}/act-as`, target)
    expect([inside.status, inside.data]).toMatchObject([
      201,
      { readOnly: true, actAs: { ...target, write: false, reason: null } },
    ])
    expect((await call('GET', '/api/v1/webhooks')).status).toBe(200)
    expect((await call('GET', '/api/v1/keys')).status).toBe(200)
    expect((await call('POST', '/api/v1/events/custom/dry-run', {})).code).toBe('validation_failed')
    for (const [method, path] of [
      ['POST', '/api/v1/webhooks'],
      ['POST', '/api/v1/events/custom/emit'],
      ['POST', '/api/v1/events/custom/emit/batch'],
      ['DELETE', '/api/v1/keys/key_x'],
      ['PUT', '/api/v1/events/lifecycle'],
      ['DELETE', `/api/v1/organizations/${owner.id}`],
    ] as const)
      expect([path, (await call(method, path, {})).code]).toEqual([path, 'session_read_only'])
    const left = await call('DELETE', `${SESSIONS}/act-as`)
    expect(left.data).toMatchObject({ kind: 'operator', organization: null, actAs: null, readOnly: false })
    expect((await call('GET', '/api/v1/webhooks')).code).toBe('insufficient_scope')
  })

  it('writes for a reason alone, as the operator', async () => {
    const { call } = await operator()
    const target = { organizationId: owner.id, environment: 'live', write: true }
    expect((await call('POST', `${SESSIONS}/act-as`, target)).code).toBe('validation_failed')
    expect((await call('POST', `${SESSIONS}/act-as`, { ...target, reason: 'ticket 12' })).status).toBe(201)
    const made = await call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events: ['*'] })
    expect(made.status).toBe(201)
    expect((await call('POST', `${SESSIONS}/act-as`, { ...target, write: false })).status).toBe(201)
    expect((await call('DELETE', `${SESSIONS}/current`)).data).toEqual({ ended: true })
    const rows = (await readToEnd(api.kafka, auditChanges.name, api.shardOf(owner.id))).flatMap(
      ({ value }) => auditChangesCodec.decode(value!).changes,
    )
    const own = rows.filter(({ organizationId, actorId }) => organizationId === owner.id && actorId === 'operator')
    const since = own.slice(own.findIndex(({ reason }) => reason === 'ticket 12'))
    expect(since.map(({ type, entityType }) => [type, entityType])).toEqual([
      ['OPERATOR_ACCESS_BEGAN', 'organization'],
      ['WEBHOOK_CREATED', 'webhook'],
      ['OPERATOR_ACCESS_ENDED', 'organization'],
      ['OPERATOR_ACCESS_BEGAN', 'organization'],
      ['OPERATOR_ACCESS_ENDED', 'organization'],
    ])
    expect(JSON.parse(since[0]!.data)).toMatchObject({ write: true, environment: 'live', reason: 'ticket 12' })
    const nowhere = { organizationId: 'org_none', environment: 'live' }
    expect((await (await operator()).call('POST', `${SESSIONS}/act-as`, nowhere)).code).toBe('not_found')
  })

  it('is what looks inside: a key does not, nor does an organization', async () => {
    const target = { organizationId: owner.id, environment: 'live' }
    expect((await api.operator('POST', `${SESSIONS}/act-as`, target)).code).toBe('session_refused')
    const { call } = await signIn({ apiKey: owner.apiKey })
    expect((await call('POST', `${SESSIONS}/act-as`, target)).code).toBe('insufficient_scope')
  })
})

describe('a console link', () => {
  const PATH = (id: string) => `/api/v1/organizations/${id}/console-links`
  const look = {
    screens: ['webhooks'],
    theme: { accent: '#00aa00', name: 'Acme' },
    returnUrl: 'https://app.example.com/',
  }
  const wanted = { environment: 'live', scopes: ['webhooks:read'], ...look }

  it('opens a session of its scopes once, which reads alone where it says so', async () => {
    const link = await owner.call('POST', PATH(owner.id), { ...wanted, scopes: ['webhooks:manage'], readOnly: true })
    expect(link.status).toBe(201)
    const { reply, call } = await signIn({ loginToken: link.data.loginToken })
    expect(reply.data).toMatchObject({
      kind: 'key',
      scopes: ['webhooks:manage'],
      readOnly: true,
      ...look,
      idleEndsAt: null,
    })
    expect(Date.parse(reply.data.endsAt) - Date.now()).toBeGreaterThan(86_000_000)
    expect((await call('GET', '/api/v1/webhooks')).status).toBe(200)
    expect((await call('GET', '/api/v1/events/custom')).code).toBe('insufficient_scope')
    expect((await call('POST', '/api/v1/webhooks', {})).code).toBe('session_read_only')
    expect((await signIn({ loginToken: link.data.loginToken })).reply.code).toBe('unauthorized')
  })

  it('ends with the key that made it', async () => {
    const made = await owner.call('POST', '/api/v1/keys', {
      ...{ name: 'portal', environment: 'live', scopes: ['keys:manage', 'webhooks:read'] },
    })
    const link = await api.as(made.data.apiKey)('POST', PATH(owner.id), wanted)
    const { call } = await signIn({ loginToken: link.data.loginToken })
    expect((await call('GET', '/api/v1/webhooks')).status).toBe(200)
    await owner.call('DELETE', `/api/v1/keys/${made.data.key.id}`)
    expect((await call('GET', '/api/v1/webhooks')).code).toBe('unauthorized')
  })

  it('grants no more than its maker holds, in no other organization, and not without keys:manage', async () => {
    const keyWith = async (scopes: string[]) =>
      api.as((await owner.call('POST', '/api/v1/keys', { name: 'k', environment: 'test', scopes })).data.apiKey)
    const maker = await keyWith(['keys:manage', 'webhooks:read'])
    expect(
      (await maker('POST', PATH(owner.id), { ...wanted, environment: 'test', scopes: ['events:read'] })).code,
    ).toBe('insufficient_scope')
    expect((await maker('POST', PATH(owner.id), wanted)).code).toBe('insufficient_scope')
    const stranger = await api.organization()
    expect((await owner.call('POST', PATH(stranger.id), wanted)).code).toBe('not_found')
    const reader = await keyWith(['webhooks:read'])
    expect((await reader('POST', PATH(owner.id), { ...wanted, environment: 'test' })).code).toBe('insufficient_scope')
    expect((await api.operator('POST', PATH(owner.id), wanted)).status).toBe(201)
  })

  it('has a look within bounds', async () => {
    for (const wrong of [
      { theme: { accent: 'red' } },
      { theme: { logo: 'https://example.com/a.png' } },
      { theme: { logo: `data:image/png;base64,${'A'.repeat(50_000)}` } },
      { returnUrl: 'javascript:alert(1)' },
      { expiresInSeconds: 604_801 },
      { scopes: [] },
    ])
      expect((await owner.call('POST', PATH(owner.id), { ...wanted, ...wrong })).code).toBe('validation_failed')
  })
})

it('an address that is wrong more than ten times waits; keys of organizations go on working from it', async () => {
  const other = await openTestApi()
  try {
    const post = (body: object) => other.as(undefined)('POST', SESSIONS, body)
    const wrong = (n: number) => (n % 2 === 0 ? { apiKey: `ck_live_${n}` } : { loginToken: `clt_${n}` })
    for (let tried = 0; tried < 10; tried++) expect((await post(wrong(tried))).code).toBe('unauthorized')
    const limited = await post(wrong(10))
    expect([limited.status, limited.code]).toEqual([429, 'rate_limited'])
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await post({ apiKey: ADMIN_KEY })).code).toBe('rate_limited')
    const { apiKey } = await other.organization()
    expect((await post({ apiKey })).status).toBe(201)
  } finally {
    await other.close()
  }
})
