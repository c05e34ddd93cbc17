/** Stream tokens: what they open, for whom, and until when. */
import { describe, expect, it } from '@jest/globals'
import { EventSource } from 'eventsource'
import { emit, GENERIC, issue, ORIGIN, opened, platform, stream, type Token, urlOf } from './set-up.ts'

export function describeTokens(): void {
  describe('a stream token', () => {
    it('opens a stream of its own question alone, and resumes it by the ids of that stream', async () => {
      const organization = await platform.organization()
      const { token, openUntil, expiresAt } = await issue(organization, { types: `${GENERIC}#wanted` })
      const minutes = (Date.parse(expiresAt) - Date.parse(openUntil)) / 60_000
      expect(minutes).toBeCloseTo(59, 5)
      const client = await stream({ token })
      await client.until(({ event }) => event === 'ready')
      await emit(organization, 'other')
      await emit(organization, 'wanted')
      const [event] = await client.events(1)
      expect(event).toMatchObject({ id: expect.stringMatching(/^[\w-]+~[\w-]{14}$/), data: { sequence: 2 } })
      await emit(organization, 'wanted')
      const again = await stream({ token }, { headers: { 'last-event-id': event!.id! } })
      expect((await again.events(1))[0]!.data.sequence).toBe(3)
      // One open stream for each token.
      expect((await client.until(({ event: type }) => type === 'end')).data.reason).toBe('replaced')
      again.close()
      // A key takes the cursor without its tag, and with it.
      for (const from of [event!.id!, event!.id!.split('~')[0]!]) {
        const byKey = await stream({ types: '*', from }, { key: organization.apiKey })
        expect((await byKey.events(1))[0]).toMatchObject({
          id: expect.not.stringContaining('~'),
          data: { sequence: 3 },
        })
        byKey.close()
      }
    })

    it('cannot be widened, changed, or made up', async () => {
      const organization = await platform.organization()
      const { token } = await issue(organization, { subject: 'a' })
      for (const beside of ['types', 'subject', 'filter']) {
        const { status, error } = await stream({ token, [beside]: beside === 'filter' ? '{}' : '*' })
        expect([status, error.code, error.details[0].path]).toEqual([400, 'validation_failed', `/${beside}`])
      }
      const lifecycle = await stream({ token, includeLifecycle: 'true' })
      expect([lifecycle.status, lifecycle.error.details[0].path]).toEqual([400, '/includeLifecycle'])
      const [content, mac] = token.slice(4).split('.') as [string, string]
      const forged = [
        `cst_${content}.${mac.slice(0, -1)}${mac.endsWith('A') ? 'B' : 'A'}`,
        `cst_${content}`,
        `cst_.${mac}`,
        `cst_${mac}.${content}`,
        'x',
      ]
      for (const wrong of [...forged, `${token}.x`]) {
        const { status, error } = await stream({ token: wrong })
        expect([wrong.length, status, error.code]).toEqual([wrong.length, 401, 'unauthorized'])
      }
      const wide = await organization.call('POST', '/api/v1/events/stream-tokens', { types: ['Not A Selector'] })
      expect([wide.status, wide.code]).toEqual([400, 'invalid_event_selector'])
      const long = Array.from(
        { length: 100 },
        (_, at) =>
          `ns${at}.${Array.from({ length: 60 }, (__, i) => 'abcdefghij'[(at * 7 + i * i * 3) % 10]).join('')}@${at}.0.1`,
      )
      const tooLong = await organization.call('POST', '/api/v1/events/stream-tokens', {
        types: long,
        allowedOrigins: Array.from(
          { length: 20 },
          (_, at) => `https://${Buffer.from(`${at}`.repeat(60)).toString('hex')}.test`,
        ),
        filter: {
          all: Array.from({ length: 40 }, (_, at) => ({
            path: 'subject',
            operator: 'equals',
            value: `${Math.sin(at)}`.repeat(3),
          })),
        },
      })
      expect([400, 201]).toContain(tooLong.status)
      if (tooLong.status === 201) expect((tooLong.data as unknown as Token).token.length).toBeLessThanOrEqual(6_000)
      const key = await organization.call<{ apiKey: string }>('POST', '/api/v1/keys', {
        ...{ name: 'k', environment: 'live', scopes: ['webhooks:manage'] },
      })
      const without = await platform.call(key.data.apiKey, 'POST', '/api/v1/events/stream-tokens', { types: '*' })
      expect(without.code).toBe('insufficient_scope')
    })

    it('opens for its first moments, resumes until it expires, and its stream ends then', async () => {
      const organization = await platform.organization()
      const { token } = await issue(organization, { ttlSeconds: 4 })
      const client = await stream({ token })
      const { id } = await client.until(({ event }) => event === 'ready')
      const resumed = await stream({ token }, { headers: { 'last-event-id': id! } })
      expect((await resumed.until(({ event }) => event === 'end')).data.reason).toBe('token_expired')
      const after = await stream({ token }, { headers: { 'last-event-id': id! } })
      expect([after.status, after.error.code]).toEqual([401, 'unauthorized'])
    }, 20_000)

    it('is for the origins that it names, which get CORS headers', async () => {
      const organization = await platform.organization()
      const { token } = await issue(organization, { allowedOrigins: [ORIGIN] })
      const from = (origin: string) => stream({ token }, { headers: { origin } })
      const allowed = await from(ORIGIN)
      expect([allowed.status, allowed.headers['access-control-allow-origin']]).toEqual([200, ORIGIN])
      allowed.close()
      const other = await from('https://elsewhere.test')
      expect([other.status, other.error.code, other.headers['access-control-allow-origin']]).toEqual([
        403,
        'insufficient_scope',
        undefined,
      ])
      const preflight = (origin: string, url: string) =>
        fetch(url, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'GET',
            'access-control-request-headers': 'last-event-id',
          },
        })
      const granted = await preflight(ORIGIN, urlOf({ token }))
      expect([
        granted.status,
        granted.headers.get('access-control-allow-origin'),
        granted.headers.get('access-control-allow-headers'),
      ]).toEqual([204, ORIGIN, expect.stringContaining('last-event-id')])
      expect(
        (await preflight('https://elsewhere.test', urlOf({ token }))).headers.get('access-control-allow-origin'),
      ).toBeNull()
      expect(
        (await preflight(ORIGIN, `${platform.base}/api/v1/webhooks?token=${token}`)).headers.get(
          'access-control-allow-origin',
        ),
      ).toBeNull()
      // A key gives no page permission.
      const byKey = await stream({ types: '*' }, { key: organization.apiKey, headers: { origin: ORIGIN } })
      expect(byKey.headers['access-control-allow-origin']).toBeUndefined()
      byKey.close()
    })

    it('ends with its key', async () => {
      const organization = await platform.organization()
      const made = await organization.call<{ apiKey: string; key: { id: string } }>('POST', '/api/v1/keys', {
        ...{ name: 'k', environment: 'live', scopes: ['events:read'] },
      })
      const { token } = (
        await platform.call<Token>(made.data.apiKey, 'POST', '/api/v1/events/stream-tokens', { types: '*' })
      ).data
      const client = await stream({ token })
      await organization.call('DELETE', `/api/v1/keys/${made.data.key.id}`)
      expect((await client.until(({ event }) => event === 'end')).data.reason).toBe('revoked')
      expect((await stream({ token })).error.code).toBe('unauthorized')
    })

    it('serves an EventSource, which reconnects by itself and misses nothing', async () => {
      const organization = await platform.organization()
      const { token } = await issue(organization)
      const source = new EventSource(urlOf({ token }))
      opened.add(source)
      const seen: number[] = []
      const { promise, resolve } = Promise.withResolvers<void>()
      source.addEventListener(GENERIC, ({ data }) => {
        seen.push(JSON.parse(data).sequence)
        if (seen.length === 20) resolve()
      })
      await new Promise<void>(ready => source.addEventListener('ready', () => ready(), { once: true }))
      for (let at = 0; at < 20; at++) {
        await emit(organization)
        if (at !== 5) continue
        const [open] = (await organization.call<Array<{ id: string }>>('GET', '/api/v1/events/streams')).data
        await organization.call('DELETE', `/api/v1/events/streams/${open!.id}`)
      }
      await promise
      expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
      source.close()
    }, 30_000)
  })
}
