import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openTestApi, type TestApi } from './api-harness.ts'

const NOTIFICATIONS = '/api/v1/notifications'
const CHANNELS = `${NOTIFICATIONS}/channels`
type Org = Awaited<ReturnType<TestApi['organization']>>
let api: TestApi
let org: Org

beforeAll(async () => {
  api = await openTestApi()
  org = await api.organization('PRO')
})
afterAll(() => api?.close())

const email = (name: string) => ({ name, type: 'email', config: { recipients: ['a@example.com'] } })
const hook = (url: string, more: object = {}) => ({ name: 'hook', type: 'generic_webhook', config: { url, ...more } })

describe('a channel', () => {
  it.each<[string, object, string, string]>([
    ['without recipients', { name: 'ops', type: 'email' }, 'validation_failed', '/config/recipients'],
    ['with a name of a person', { ...email('ops'), config: { recipients: ['A <a@b.c>'] } }, 'validation_failed', '/config/recipients/0'],
    ['with a header in an address', { ...email('ops'), config: { recipients: ['a@b.c', 'a@b.c\r\nBcc:d@e.f'] } }, 'validation_failed', '/config/recipients/1'],
    ['with a foreign setting', { name: 'in', type: 'in_app', config: { url: 'https://a.example' } }, 'validation_failed', '/config/url'],
    ['on loopback', hook('https://127.0.0.1/x'), 'invalid_webhook_url', '/config/url'],
    ['on the metadata address', hook('https://169.254.169.254/latest'), 'invalid_webhook_url', '/config/url'],
    ['on a private address in IPv6', hook('https://[::ffff:10.0.0.1]/'), 'invalid_webhook_url', '/config/url'],
    ['with a password in its URL', hook('https://u:p@example.com/'), 'invalid_webhook_url', '/config/url'],
    ['without TLS', hook('http://example.com/'), 'https_required', '/config/url'],
    ['with a signature of its own', hook('https://example.com/', { headers: { 'webhook-signature': 'x' } }), 'header_not_allowed', '/headers/webhook-signature'],
    ['with a template that is no JSON', hook('https://example.com/', { template: '{"a": {{message}}}' }), 'validation_failed', '/config/template'],
    ['with quiet hours nowhere', { ...email('ops'), quietHours: { from: '22:00', to: '07:00', timeZone: 'Mars/Base' } }, 'validation_failed', '/quietHours/timeZone'],
    ['with quiet hours of no length', { ...email('ops'), quietHours: { from: '22:00', to: '22:00', timeZone: 'UTC' } }, 'validation_failed', '/quietHours/to'],
    ['with an hour that is none', { ...email('ops'), quietHours: { from: '24:00', to: '07:00', timeZone: 'UTC' } }, 'validation_failed', '/quietHours/from'],
    ['with a bad name', email('Ops'), 'validation_failed', '/name'],
    ['without a rate', { ...email('ops'), rateLimit: { max: 0, perMinutes: 1 } }, 'validation_failed', '/rateLimit/max'],
    ['called like a built-in one', email('in-app'), 'conflict', '/name'],
  ])('%s is refused at its place', async (_, body, code, path) => {
    const reply = await org.call('POST', CHANNELS, body)
    expect([reply.code, reply.body.error?.details?.[0]?.path]).toEqual([code, path])
    expect(api.view.list('notification-channel', org.id)).toEqual([])
  }) // biome-ignore format: a table

  it('is found by name and id, changed by revision, and its name is taken', async () => {
    const own = await api.organization('PRO')
    const made = await own.call('POST', CHANNELS, email('ops'))
    expect([made.status, made.data.config, made.data.rateLimit]).toEqual([
      ...[201, { recipients: ['a@example.com'] }, { max: 30, perMinutes: 60 }],
    ])
    expect((await own.call('GET', `${CHANNELS}/ops`)).data.id).toBe(made.data.id)
    expect((await own.call('POST', CHANNELS, email('ops'))).code).toBe('conflict')
    const patch = (body: object, revision: number) =>
      own.call('PATCH', `${CHANNELS}/${made.data.id}`, body, { 'if-match': String(revision) })
    expect((await patch({ minSeverity: 'critical' }, 7)).code).toBe('revision_conflict')
    expect((await patch({ minSeverity: 'critical', name: 'night' }, 1)).data).toMatchObject({
      revision: 2,
      name: 'night',
    })
    expect((await own.call('GET', `${CHANNELS}/ops`)).code).toBe('channel_not_found')
    expect((await own.call('DELETE', `${CHANNELS}/night`)).data).toEqual({ id: made.data.id, deleted: true })
  })

  it('that is built in is there without a record, keeps name and config, and cannot be deleted', async () => {
    const own = await api.organization('PRO')
    const built = await own.call('GET', CHANNELS)
    expect(built.data.map((each: { name: string }) => each.name).sort()).toEqual(['account-owner', 'in-app'])
    expect(api.view.list('notification-channel', own.id)).toEqual([])
    const [path, { id }] = [`${CHANNELS}/account-owner`, (await own.call('GET', `${CHANNELS}/account-owner`)).data]
    expect((await own.call('DELETE', path)).code).toBe('channel_built_in')
    expect((await own.call('PATCH', path, { name: 'boss' })).code).toBe('channel_built_in')
    expect((await own.call('PATCH', path, { config: { recipients: ['x@example.com'] } })).code).toBe('channel_built_in')
    expect((await own.call('PATCH', path, { active: false })).data).toMatchObject({ id, active: false, revision: 2 })
    expect((await own.call('GET', CHANNELS)).data).toHaveLength(2)
    expect((await own.call('POST', NOTIFICATIONS, { channel: id, message: 'x' })).code).toBe('channel_inactive')
    expect((await own.call('DELETE', `${CHANNELS}/${id}`)).code).toBe('channel_built_in')
  })

  it('is one of as many as the plan has; after a downgrade the newest can only be switched off or deleted', async () => {
    const own = await api.organization('BASIC')
    for (let n = 0; n < 5; n++) expect((await own.call('POST', CHANNELS, email(`ops-${n}`))).status).toBe(201)
    expect((await own.call('POST', CHANNELS, email('ops-5'))).code).toBe('channel_quota_exceeded')
    await api.operator('PATCH', `/api/v1/organizations/${own.id}`, { plan: 'FREE' })
    const change = (n: number, body: object) => own.call('PATCH', `${CHANNELS}/ops-${n}`, body)
    expect((await change(1, { minSeverity: 'critical' })).status).toBe(200)
    expect((await change(2, { minSeverity: 'critical' })).code).toBe('channel_quota_exceeded')
    expect([(await change(2, { active: false })).status, (await change(3, { active: false })).status]).toEqual([
      200, 200,
    ])
    expect((await own.call('DELETE', `${CHANNELS}/ops-4`)).status).toBe(200)
  })

  it('of Slack never shows its URL again, and only a generic webhook has a secret to rotate', async () => {
    const own = await api.organization('PRO')
    const url = 'https://hooks.slack.example/services/T0/B0/secret'
    const made = await own.call('POST', CHANNELS, { name: 'slack', type: 'slack_webhook', config: { url } })
    expect(made.data.config).toEqual({ url: 'https://hooks.slack.example/…' })
    expect(JSON.stringify(api.view.list('notification-channel', own.id))).not.toContain('secret"')
    expect((await own.call('POST', `${CHANNELS}/slack/rotate`)).code).toBe('conflict')
    const audit = JSON.stringify((await own.call('PATCH', `${CHANNELS}/slack`, { config: { url } })).body)
    expect(audit).not.toContain('services')
  })
})

describe('a notification', () => {
  it.each<[string, object, string, string | undefined]>([
    ['of 4,001 characters', { message: 'x'.repeat(4_001) }, 'validation_failed', '/message'],
    ['without a message', { message: '' }, 'validation_failed', '/message'],
    ['of another severity', { severity: 'fatal' }, 'validation_failed', '/severity'],
    ['with a list as data', { data: [1] }, 'validation_failed', '/data'],
    ['with data of 17 KB', { data: { x: 'x'.repeat(17_000) } }, 'validation_failed', '/data'],
    ['to nowhere', { channel: 'nowhere' }, 'channel_not_found', undefined],
    ['to a name that is a property of every object', { channel: '__proto__' }, 'channel_not_found', undefined],
  ])('%s is refused', async (_, changes, code, path) => {
    const reply = await org.call('POST', NOTIFICATIONS, { channel: 'in-app', message: 'x', ...changes })
    expect([reply.code, reply.body.error?.details?.[0]?.path]).toEqual([code, path])
  })

  it('to a channel of another organization finds none', async () => {
    const [own, other] = [await api.organization('PRO'), await api.organization('PRO')]
    const { id } = (await own.call('POST', CHANNELS, email('ops'))).data
    expect((await other.call('POST', NOTIFICATIONS, { channel: id, message: 'x' })).code).toBe('channel_not_found')
    const builtIn = (await own.call('GET', `${CHANNELS}/in-app`)).data.id
    expect((await other.call('POST', NOTIFICATIONS, { channel: builtIn, message: 'x' })).code).toBe('channel_not_found')
    const put = await other.call('PUT', `${NOTIFICATIONS}/preferences`, { notices: { quota: ['in-app', id] } })
    expect([put.code, put.body.error?.details?.[0]?.path]).toEqual(['channel_not_found', '/notices/quota/1'])
  })

  it('with an idempotency key has the same id each time, in its organization', async () => {
    const other = await api.organization('PRO')
    const send = async (call: Org['call'], key: string) =>
      (await call('POST', NOTIFICATIONS, { channel: 'in-app', message: 'x' }, { 'idempotency-key': key })).data.id
    const ids = [
      await send(org.call, 'a'),
      await send(org.call, 'a'),
      await send(org.call, 'b'),
      await send(other.call, 'a'),
    ]
    expect([ids[0] === ids[1], new Set(ids).size]).toEqual([true, 3])
    expect(ids[0]).toMatch(/^ntf_[0-9a-hjkmnp-tv-z]{26}$/)
  })

  it('beyond those of the day is refused, and a suspended organization sends none', async () => {
    const own = await api.organization('FREE')
    const send = () => own.call('POST', NOTIFICATIONS, { channel: 'in-app', message: 'x' })
    for (let n = 0; n < 10; n++) {
      const replies = await Promise.all(Array.from({ length: 10 }, send))
      expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(202))
    }
    expect((await send()).code).toBe('notification_quota_exceeded')
    await api.operator('POST', `/api/v1/organizations/${own.id}/suspend`)
    expect((await send()).code).toBe('organization_suspended')
    expect((await own.call('GET', CHANNELS)).status).toBe(200)
  })

  it('needs a scope, which managing includes', async () => {
    const keyWith = async (...scopes: string[]) => {
      const key = await org.call('POST', '/api/v1/keys', { name: 'k', environment: 'live', scopes })
      return api.as(key.data.apiKey)
    }
    const [sends, manages, reads] = [
      await keyWith('notifications:send'),
      await keyWith('notifications:manage'),
      await keyWith('events:read'),
    ]
    const message = { channel: 'in-app', message: 'x' }
    const statuses = async (call: Org['call']) => [
      (await call('POST', NOTIFICATIONS, message)).status,
      (await call('GET', CHANNELS)).status,
    ]
    expect([await statuses(sends), await statuses(manages), await statuses(reads)]).toEqual([
      ...[
        [202, 403],
        [202, 200],
        [403, 403],
      ],
    ])
  })
})

describe('preferences', () => {
  it('name kinds that exist, are replaced as a whole and by revision, and survive a renamed channel', async () => {
    const own = await api.organization('PRO')
    const path = `${NOTIFICATIONS}/preferences`
    await own.call('POST', CHANNELS, email('ops'))
    const put = (notices: object, revision?: number) =>
      own.call('PUT', path, { notices }, revision === undefined ? {} : { 'if-match': String(revision) })
    expect((await put({ webhook_exploded: [] })).code).toBe('validation_failed')
    const first = await put({ quota: ['ops', 'ops'], replay_finished: [] })
    expect(first.data).toMatchObject({ revision: 1, notices: { quota: ['ops'], replay_finished: [] } })
    expect((await put({}, 7)).code).toBe('revision_conflict')
    await own.call('PATCH', `${CHANNELS}/ops`, { name: 'night' })
    expect((await own.call('GET', path)).data.notices.quota).toEqual(['night'])
    expect((await put({}, 1)).data.notices).toMatchObject({ quota: ['account-owner', 'in-app'] })
  })
})

describe('a deleted organization', () => {
  it('leaves no channel behind', async () => {
    const own = await api.organization('PRO')
    await own.call('POST', CHANNELS, hook('https://example.com/'))
    await api.operator('DELETE', `/api/v1/organizations/${own.id}`)
    expect(api.view.list('notification-channel', own.id)).toEqual([])
  })
})
