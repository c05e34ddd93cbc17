/** Sessions of keys, login tokens and streams. */
import { describe, expect, it } from '@jest/globals'
import { raw } from '../session-calls.ts'
import { anonymous, api, owner, SESSIONS, signIn } from './set-up.ts'

export function describeKeys(): void {
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
      expect([left.data, left.headers.get('set-cookie')]).toEqual([
        { ended: true },
        expect.stringContaining('Max-Age=0'),
      ])
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
      const keyed = () =>
        owner.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
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
      expect(both.find(({ reply }) => reply.status === 201)!.reply.data).toMatchObject({
        organization: { id: owner.id },
      })
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
}
