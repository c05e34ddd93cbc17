import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { SCOPES } from '../../src/model/scopes.ts'
import { openTestApi, type TestApi } from './api-harness.ts'

let api: TestApi
beforeAll(async () => {
  api = await openTestApi()
})
afterAll(() => api?.close())

describe('organizations', () => {
  it('come with a key of every scope, their slug as namespace, the generic event and both topics', async () => {
    const slug = `acme${Date.now().toString(36)}`
    const made = await api.operator('POST', '/api/v1/organizations', {
      name: 'Acme',
      slug,
      plan: 'PRO',
      ownerEmail: 'a@example.test',
    })
    expect(made.status).toBe(201)
    expect(made.data.organization).toMatchObject({
      slug,
      name: 'Acme',
      plan: 'PRO',
      status: 'active',
      namespaceAllowlist: [slug],
      revision: 1,
    })
    expect(made.data.apiKey).toMatch(/^ck_live_/)
    const { id } = made.data.organization
    const who = await api.as(made.data.apiKey)('GET', '/api/v1/whoami')
    expect(who.data).toMatchObject({ kind: 'key', organization: { id }, key: { environment: 'live' } })
    expect(who.data.key.scopes).toEqual(SCOPES)
    expect(JSON.stringify(who.body)).not.toContain(made.data.apiKey)
    const events = await api.as(made.data.apiKey)('GET', '/api/v1/events/custom')
    expect(events.data).toMatchObject([
      { namespace: 'platformxe', name: 'generic', version: '1.0.0', status: 'published' },
    ])
    await expect(
      api.appender.append({ topic: `emits.${id}`, partition: 0, key: null, value: '{}' }),
    ).resolves.toMatchObject({ offset: 0 })
    await expect(
      api.appender.append({ topic: `events.${id}`, partition: 0, key: null, value: '{}' }),
    ).resolves.toMatchObject({ offset: 0 })
  })

  it('get a slug from their name, another one if it is taken, and a refusal if the call names a taken one', async () => {
    const name = `Ümlaut ${Date.now()}`
    const first = await api.operator('POST', '/api/v1/organizations', { name })
    const second = await api.operator('POST', '/api/v1/organizations', { name })
    expect(first.data.organization).toMatchObject({ slug: expect.stringMatching(/^umlaut-\d+$/), plan: 'FREE' })
    expect(second.data.organization.slug).toBe(`${first.data.organization.slug}-2`)
    const third = await api.operator('POST', '/api/v1/organizations', { name, slug: first.data.organization.slug })
    expect([third.status, third.code]).toEqual([409, 'slug_taken'])
  })

  it('made at the same time with one slug: exactly one is', async () => {
    const slug = `race${Date.now().toString(36)}`
    const calls = await Promise.all(
      Array.from({ length: 8 }, () => api.operator('POST', '/api/v1/organizations', { name: 'x', slug })),
    )
    expect(calls.map(call => call.status).sort()).toEqual([201, 409, 409, 409, 409, 409, 409, 409])
  })

  it('are read but not changed by their key after a suspension, and go on after it', async () => {
    const { id, call } = await api.organization()
    await api.operator('POST', `/api/v1/organizations/${id}/suspend`)
    const register = { namespace: 'x', name: 'y', version: '1.0.0', payloadSchema: {} }
    const refused = await call('POST', '/api/v1/events/custom', register)
    expect([refused.status, refused.code]).toEqual([403, 'organization_suspended'])
    expect((await call('GET', '/api/v1/webhooks')).status).toBe(200)
    await api.operator('POST', `/api/v1/organizations/${id}/activate`)
    expect((await call('POST', '/api/v1/events/custom', register)).code).not.toBe('organization_suspended')
  })

  it('are gone for their keys once deleted, with their webhooks, and their slug stays taken', async () => {
    const { id, slug, call } = await api.organization()
    await call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events: ['platformxe.generic'] })
    expect((await api.operator('DELETE', `/api/v1/organizations/${id}`)).data.status).toBe('deleted')
    expect((await call('GET', '/api/v1/whoami')).status).toBe(401)
    expect(api.view.webhooks(id)).toEqual([])
    expect(api.view.list('key', id)).toEqual([])
    expect((await api.operator('POST', '/api/v1/organizations', { name: 'x', slug })).code).toBe('slug_taken')
    expect((await api.operator('POST', `/api/v1/organizations/${id}/activate`)).status).toBe(404)
  })

  it('are changed only at the revision that the caller knows', async () => {
    const { id } = await api.organization('FREE')
    const path = `/api/v1/organizations/${id}`
    const changed = await api.operator('PATCH', path, { plan: 'BASIC' }, { 'if-match': '1' })
    expect(changed.data).toMatchObject({ plan: 'BASIC', revision: 2 })
    const stale = await api.operator('PATCH', path, { plan: 'PRO' }, { 'if-match': '"1"' })
    expect([stale.status, stale.code]).toEqual([412, 'revision_conflict'])
    expect((await api.operator('PATCH', path, { plan: 'PRO' }, { 'if-match': 'soon' })).code).toBe('validation_failed')
    expect((await api.operator('GET', path)).data.plan).toBe('BASIC')
  })

  it('are granted namespaces, and lose them again', async () => {
    const { id, slug } = await api.organization()
    const granted = await api.operator('POST', `/api/v1/organizations/${id}/namespaces`, { namespace: 'lettings' })
    expect(granted.data.namespaceAllowlist).toEqual([slug, 'lettings'])
    const again = await api.operator('POST', `/api/v1/organizations/${id}/namespaces`, { namespace: 'lettings' })
    expect(again.data.revision).toBe(granted.data.revision)
    expect(
      (await api.operator('DELETE', `/api/v1/organizations/${id}/namespaces/lettings`)).data.namespaceAllowlist,
    ).toEqual([slug])
    expect((await api.operator('DELETE', `/api/v1/organizations/${id}/namespaces/lettings`)).status).toBe(404)
  })

  it("never get a namespace of the platform's, by grant, by slug or by name", async () => {
    const { id } = await api.organization()
    for (const namespace of ['webhooks', 'generic', 'platformxe', 'order', 'usage']) {
      const granted = await api.operator('POST', `/api/v1/organizations/${id}/namespaces`, { namespace })
      expect([granted.status, granted.code]).toEqual([400, 'reserved_namespace'])
      const made = await api.operator('POST', '/api/v1/organizations', { name: 'X', slug: namespace })
      expect([made.status, made.code]).toEqual([400, 'reserved_namespace'])
    }
    const named = await api.operator('POST', '/api/v1/organizations', { name: 'Messaging' })
    expect(named.data.organization.slug).toMatch(/^messaging-\d+$/)
    expect(named.data.organization.namespaceAllowlist).toEqual([named.data.organization.slug])
  })

  it('are listed newest first, page by page, each once', async () => {
    const made = [await api.organization(), await api.organization(), await api.organization()].map(each => each.id)
    const seen: string[] = []
    let cursor = ''
    do {
      const page = await api.operator('GET', `/api/v1/organizations?limit=2${cursor}`)
      seen.push(...page.data.map((each: { id: string }) => each.id))
      cursor = page.meta.nextCursor ? `&cursor=${page.meta.nextCursor}` : ''
    } while (cursor !== '' && !made.every(id => seen.includes(id)))
    expect(seen.filter(id => made.includes(id))).toEqual(made.toReversed())
    expect(new Set(seen).size).toBe(seen.length)
    const bad = await api.operator('GET', '/api/v1/organizations?cursor=nonsense')
    expect([bad.status, bad.code]).toEqual([400, 'validation_failed'])
  })
})

describe('keys', () => {
  it('with webhooks:read see webhooks, deliveries, dead letters and replays, and change none of them', async () => {
    const { call } = await api.organization()
    const made = await call('POST', '/api/v1/keys', { name: 'support', environment: 'live', scopes: ['webhooks:read'] })
    const support = api.as(made.data.apiKey)
    const webhook = await call('POST', '/api/v1/webhooks', { url: 'https://hooks.example.com/a', events: ['*'] })
    const path = `/api/v1/webhooks/${webhook.data.id}`
    for (const read of [
      path,
      `${path}/deliveries`,
      '/api/v1/webhooks',
      '/api/v1/webhooks/dead-letters',
      '/api/v1/replays',
    ])
      expect([read, (await support('GET', read)).status]).toEqual([read, 200])
    for (const [method, to] of [
      ['PATCH', path],
      ['DELETE', path],
      ['POST', `${path}/test`],
      ['POST', `${path}/rotate`],
      ['POST', '/api/v1/replays'],
      ['POST', '/api/v1/webhooks/dead-letters/redrive'],
    ] as const)
      expect([to, (await support(method, to, {})).code]).toEqual([to, 'insufficient_scope'])
  })

  it('read usage with usage:read alone, and no event; those made since do not with events:read', async () => {
    const { call } = await api.organization()
    const keyFor = async (scope: string) =>
      api.as((await call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: [scope] })).data.apiKey)
    const analyst = await keyFor('usage:read')
    expect((await analyst('GET', '/api/v1/usage/summary')).status).toBe(200)
    expect((await analyst('GET', '/api/v1/events/custom/emits')).code).toBe('insufficient_scope')
    expect((await (await keyFor('events:read'))('GET', '/api/v1/usage/summary')).code).toBe('insufficient_scope')
  })

  it('show the day on which they were last used', async () => {
    const { id, call } = await api.organization()
    const made = await call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes: ['events:read'] })
    expect(made.data.key.lastUsedAt).toBeNull()
    const written = new Promise<void>(resolve => {
      const stop = api.view.onChange((kind, _organization, changed) => {
        if (kind !== 'key' || changed !== made.data.key.id) return
        stop()
        resolve()
      })
    })
    await api.as(made.data.apiKey)('GET', '/api/v1/events/custom')
    await written
    const listed = await call('GET', '/api/v1/keys')
    const used = listed.data.find((key: { id: string }) => key.id === made.data.key.id)
    expect(used).toMatchObject({ lastUsedAt: expect.stringMatching(/T00:00:00.000Z$/), revision: 1 })
    expect(Math.abs(Date.now() - Date.parse(used.lastUsedAt))).toBeLessThan(2 * 86_400_000)
    expect(api.view.find('key', id, used.id)).toMatchObject({ hash: expect.any(String) })
  })

  it('have the rights of their scopes and no more', async () => {
    const { call } = await api.organization()
    const made = await call('POST', '/api/v1/keys', { name: 'reader', environment: 'live', scopes: ['events:read'] })
    expect(made.status).toBe(201)
    const reader = api.as(made.data.apiKey)
    expect((await reader('GET', '/api/v1/events/custom')).status).toBe(200)
    const refused = await reader('GET', '/api/v1/keys')
    expect([refused.status, refused.code]).toEqual([403, 'insufficient_scope'])
    expect((await reader('POST', '/api/v1/events/custom/emit', { name: 'a.b', payload: {} })).code).toBe(
      'insufficient_scope',
    )
  })

  it('hand on no scope that they do not hold, and nothing live from the test environment', async () => {
    const { call } = await api.organization()
    const make = async (by: typeof call, environment: string, scopes: string[]) =>
      by('POST', '/api/v1/keys', { name: 'k', environment, scopes })
    const clerk = api.as((await make(call, 'live', ['keys:manage', 'events:read'])).data.apiKey)
    for (const scopes of [['events:emit'], ['events:read', 'audit:read']]) {
      const refused = await make(clerk, 'live', scopes)
      expect([refused.status, refused.code]).toEqual([403, 'insufficient_scope'])
    }
    expect((await make(clerk, 'live', ['keys:manage', 'events:read'])).status).toBe(201)
    const trial = api.as((await make(call, 'test', ['keys:manage', 'events:read'])).data.apiKey)
    expect((await make(trial, 'live', ['events:read'])).code).toBe('insufficient_scope')
    expect((await make(trial, 'test', ['events:read'])).status).toBe(201)
  })

  it('are worth nothing once deleted or expired', async () => {
    const { call } = await api.organization()
    const made = await call('POST', '/api/v1/keys', { name: 'short', environment: 'live', scopes: ['events:read'] })
    expect((await call('DELETE', `/api/v1/keys/${made.data.key.id}`)).status).toBe(200)
    expect((await api.as(made.data.apiKey)('GET', '/api/v1/whoami')).code).toBe('unauthorized')
    const past = await call('POST', '/api/v1/keys', {
      name: 'late',
      environment: 'live',
      scopes: ['events:read'],
      expiresAt: '2020-01-01T00:00:00Z',
    })
    expect([past.status, past.body.error?.details?.[0]?.path]).toEqual([400, '/expiresAt'])
  })

  it('of the test environment bring its topics with them', async () => {
    const { id, call } = await api.organization()
    const made = await call('POST', '/api/v1/keys', { name: 'trial', environment: 'test', scopes: ['events:emit'] })
    expect(made.data.apiKey).toMatch(/^ck_test_/)
    expect(api.view.organization(id)?.testEnvironment).toBe(true)
    await expect(
      api.appender.append({ topic: `emits.${id}.test`, partition: 0, key: null, value: '{}' }),
    ).resolves.toMatchObject({
      offset: 0,
    })
  })

  it('are taken from either header, and refused alike when unknown', async () => {
    const { apiKey } = await api.organization()
    const anonymous = api.as(undefined)
    for (const headers of [
      { authorization: `bearer ${apiKey}` },
      { 'x-api-key': apiKey },
      { 'x-platphorm-api-key': apiKey },
    ]) {
      expect((await anonymous('GET', '/api/v1/whoami', undefined, headers as Record<string, string>)).status).toBe(200)
    }
    for (const headers of [
      {},
      { authorization: apiKey },
      { 'x-api-key': `${apiKey}x` },
      { authorization: 'Bearer ' },
    ]) {
      const refused = await anonymous('GET', '/api/v1/whoami', undefined, headers as Record<string, string>)
      expect([refused.status, refused.code, refused.headers.get('www-authenticate')]).toEqual([
        401,
        'unauthorized',
        'Bearer',
      ])
    }
  })
})
