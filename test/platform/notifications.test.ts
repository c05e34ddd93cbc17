/**
 * Notifications on a whole platform: a receiver in the place of Slack and of other programs, and the development
 * mailbox. One minute of the schedule becomes 20 ms.
 */
import { createHmac } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { type Answer, createReceiver, type ReceivedRequest } from '../support/receiver.ts'

const ENV = { CLARION_TIME_SCALE: String(1 / 3_000) }
const NOTIFICATIONS = '/api/v1/notifications'
const CHANNELS = `${NOTIFICATIONS}/channels`
const closing: Array<() => Promise<unknown>> = []
let platform: TestPlatform

beforeAll(async () => {
  platform = await startPlatform({ env: ENV })
}, 120_000)
afterAll(async () => {
  for (const close of closing.splice(0)) await close()
  await platform?.stop()
}, 60_000)

async function receiver(answer?: (request: ReceivedRequest) => Answer) {
  const made = await createReceiver(answer ? { answer } : {})
  closing.push(() => made.close())
  return made
}

type Stored = Record<string, unknown> & { id: string; status: string; attempts: Array<Record<string, unknown>> }
const WITHIN_MS = 30_000

async function until<T>(read: () => Promise<T>, isIt: (found: T) => boolean): Promise<T> {
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const found = await read()
    if (isIt(found)) return found
    if (performance.now() > deadline) throw new Error(`not within ${WITHIN_MS} ms: ${JSON.stringify(found)}`)
    await pause(50)
  }
}

const ended = (organization: TestOrganization, id: string) =>
  until(
    async () => (await organization.call<Stored>('GET', `${NOTIFICATIONS}/${id}`)).data,
    found => found !== undefined && found.status !== 'queued',
  )
const list = async (organization: TestOrganization, query = '') =>
  (await organization.call<Stored[]>('GET', `${NOTIFICATIONS}?limit=100${query}`)).data
const settled = (organization: TestOrganization, count: number, query = '') =>
  until(
    () => list(organization, query),
    found => found.length >= count && found.every(({ status }) => status !== 'queued'),
  )

async function channel(
  organization: TestOrganization,
  body: Record<string, unknown>,
): Promise<Stored & { secret?: string }> {
  const made = await organization.call<Stored & { secret?: string }>('POST', CHANNELS, body)
  expect([made.status, made.code]).toEqual([201, undefined])
  return made.data
}

async function send(organization: TestOrganization, body: Record<string, unknown>): Promise<Stored> {
  const sent = await organization.call<Stored>('POST', NOTIFICATIONS, body)
  expect([sent.status, sent.code]).toEqual([202, undefined])
  return sent.data
}

const mailsTo = (address: string): string[] => {
  const mailbox = join(platform.dataDir, 'mailbox')
  if (!existsSync(mailbox)) return []
  return readdirSync(mailbox)
    .filter(name => name.endsWith('.eml'))
    .map(name => readFileSync(join(mailbox, name), 'utf8'))
    .filter(text => text.includes(address))
}
const json = ({ body }: ReceivedRequest) => JSON.parse(body.toString()) as Record<string, unknown>

describe('a channel', () => {
  it('of the type slack_webhook posts text and blocks, escaped, and shows its URL cut', async () => {
    const organization = await platform.organization()
    const slack = await receiver(() => ({ status: 200, body: 'ok' }))
    const made = await channel(organization, {
      ...{ name: 'ops-alerts', type: 'slack_webhook', config: { url: `${slack.url}/services/T0/B0/secret` } },
    })
    expect(JSON.stringify(made)).not.toContain('secret')
    const message = `<!channel> ${'&'.repeat(3_950)}`
    const { id } = await send(organization, { channel: 'ops-alerts', message, title: 'CPU', severity: 'warning' })
    const found = await ended(organization, id)
    expect(found).toMatchObject({ status: 'sent', channel: 'ops-alerts', channelId: made.id, severity: 'warning' })
    expect(found.attempts).toMatchObject([{ number: 1, responseStatus: 200, error: null }])
    const [request] = await slack.received(1)
    const { text, blocks } = json(request!) as { text: string; blocks: Array<{ text?: { text: string } }> }
    expect(text.startsWith('*CPU*\n&lt;!channel&gt; &amp;')).toBe(true)
    expect([text.length <= 3_000, blocks[0]!.text!.text === text, request!.path]).toEqual([
      ...[true, true, '/services/T0/B0/secret'],
    ])
  })

  it('of the type generic_webhook posts JSON, or its template, signed with its own secret under the id of the notification', async () => {
    const organization = await platform.organization()
    const hook = await receiver()
    const made = await channel(organization, {
      ...{ name: 'hook', type: 'generic_webhook', config: { url: hook.url, headers: { 'X-Team': 'a' } } },
    })
    const data = { sku: '47"11', n: 3 }
    const first = await send(organization, { channel: made.id, message: 'say "hi"\n\u0007', title: 'T', data })
    const [plain] = await hook.received(1)
    expect(json(plain!)).toMatchObject({ id: first.id, title: 'T', message: 'say "hi"\n\u0007', data, channel: 'hook' })
    expect(plain!.headers).toMatchObject({ 'webhook-id': first.id, 'x-team': 'a' })
    const { 'webhook-timestamp': timestamp, 'webhook-signature': signature } = plain!.headers
    const key = Buffer.from(made.secret!.slice('whsec_'.length), 'base64')
    const content = `${first.id}.${timestamp}.${plain!.body}`
    expect(signature).toBe(`v1,${createHmac('sha256', key).update(content).digest('base64')}`)

    const template = '{"t":"{{title}}|{{message}}|{{data.sku}}|{{data.a.b}}|{{severity}}"}'
    await organization.call('PATCH', `${CHANNELS}/hook`, { config: { template } })
    await send(organization, { channel: 'hook', message: 'say "hi"\n\u0007', data })
    const [, templated] = await hook.received(2)
    expect(json(templated!)).toEqual({ t: '|say "hi"\n\u0007|47"11||info' })

    const rotated = await organization.call<{ secret: string }>('POST', `${CHANNELS}/hook/rotate`)
    expect([rotated.status, rotated.data.secret === made.secret]).toEqual([200, false])
    await send(organization, { channel: 'hook', message: 'x' })
    const [, , both] = await hook.received(3)
    expect(both!.headers['webhook-signature']!.split(' ')).toHaveLength(2)
    expect((await organization.call('POST', `${CHANNELS}/hook/rotate`)).code).toBe('secret_rotation_in_progress')
    expect((await organization.call('GET', `${CHANNELS}/hook`)).data).not.toHaveProperty('secret')
  }, 60_000)

  it('of the type email reaches its recipients, and account-owner the owner', async () => {
    const organization = await platform.organization()
    const recipients = [`a-${organization.slug}@example.test`, `b-${organization.slug}@example.test`]
    await channel(organization, { name: 'team', type: 'email', config: { recipients } })
    const { id } = await send(organization, { channel: 'team', title: 'Stock\r\nBcc: x@y.z', message: '<b>low</b>' })
    const owned = await send(organization, { channel: 'account-owner', message: 'for the owner' })
    expect([(await ended(organization, id)).status, (await ended(organization, owned.id)).status]).toEqual([
      'sent',
      'sent',
    ])
    const [mail] = mailsTo(recipients[0]!)
    expect(mail).toContain(recipients[1])
    expect(mail).toMatch(new RegExp(`Message-ID: <${id}@`))
    expect(mail).toMatch(/^Subject: Stock Bcc: x@y.z$/m)
    expect(mail).not.toMatch(/^Bcc:/m)
    expect(mailsTo(`${organization.slug}@example.test`).some(text => text.includes(owned.id))).toBe(true)
  })

  it('in-app is the notification itself: unread until it is marked', async () => {
    const organization = await platform.organization()
    const sent: string[] = []
    for (let n = 0; n < 3; n++) sent.push((await send(organization, { channel: 'in-app', message: `m${n}` })).id)
    await settled(organization, 3)
    const unread = () => list(organization, '&unread=true')
    expect((await unread()).map(({ id }) => id)).toEqual(sent.toReversed())
    const read = await organization.call<{ readAt: string }>('POST', `${NOTIFICATIONS}/${sent[0]}/read`)
    expect(read.status).toBe(200)
    await until(unread, found => found.length === 2)
    expect((await organization.call('GET', `${NOTIFICATIONS}/${sent[0]}`)).data).toMatchObject({
      readAt: read.data.readAt,
    })
    expect((await organization.call('POST', `${NOTIFICATIONS}/read-all`)).data).toEqual({ read: 2, more: false })
    await until(unread, found => found.length === 0)
    expect(await list(organization, '&channel=in-app&status=sent')).toHaveLength(3)
    expect(await list(organization, '&channel=account-owner')).toEqual([])
  })
})

describe('a receiver that', () => {
  it.each<[string, Answer, RegExp]>([
    ['redirects', { redirect: 'https://example.test/elsewhere' }, /redirect|302|301|307/i],
    ['cuts the connection', 'reset', /./],
    ['fails', { status: 500 }, /500/],
  ])(
    '%s is tried five times; then the channel is failing and no notification is sent about it',
    async (_, answer, error) => {
      const organization = await platform.organization()
      const hook = await receiver(() => answer)
      await channel(organization, { name: 'hook', type: 'generic_webhook', config: { url: hook.url } })
      const { id } = await send(organization, { channel: 'hook', message: 'x' })
      const found = await ended(organization, id)
      expect([found.status, found.attempts.length, hook.requests.length]).toEqual(['failed', 5, 5])
      expect(String(found.attempts.at(-1)!.error)).toMatch(error)
      const health = async () => (await organization.call<{ health: string }>('GET', `${CHANNELS}/hook`)).data.health
      await until(health, now => now === 'failing')
      hook.answerWith(() => ({ status: 204 }))
      await send(organization, { channel: 'hook', message: 'y' })
      await until(health, now => now === 'healthy')
      const changes = await until(
        async () =>
          (await organization.call<Array<{ type: string }>>('GET', '/api/v1/audit?limit=100')).data.map(
            each => each.type,
          ),
        types => types.includes('NOTIFICATION_CHANNEL_RECOVERED'),
      )
      expect(changes.filter(type => type === 'NOTIFICATION_CHANNEL_FAILING')).toHaveLength(1)
      expect((await list(organization)).map(({ message }) => message)).toEqual(['y', 'x'])
    },
    60_000,
  )

  it('hangs, or answers without end, holds up no other channel', async () => {
    const organization = await platform.organization()
    const [hanging, flooding, good] = [await receiver(() => 'hang'), await receiver(() => 'flood'), await receiver()]
    for (const [name, { url }] of Object.entries({ hanging, flooding, good }))
      await channel(organization, { name, type: 'generic_webhook', config: { url } })
    for (let n = 0; n < 5; n++) await send(organization, { channel: 'hanging', message: `${n}` })
    const flooded = await send(organization, { channel: 'flooding', message: 'x' })
    const { id } = await send(organization, { channel: 'good', message: 'x' })
    expect([(await ended(organization, id)).status, (await ended(organization, flooded.id)).status]).toEqual([
      ...['sent', 'sent'],
    ])
  }, 60_000)
})

describe('system notices', () => {
  it('go to the owner and in-app without any settings, and where the preferences say with them', async () => {
    const organization = await platform.organization()
    const dead = await receiver(() => ({ status: 410 }))
    const webhook = async () =>
      (await organization.call<{ id: string }>('POST', '/api/v1/webhooks', { url: dead.url, events: ['*'] })).data.id
    const first = await webhook()
    const emit = () =>
      organization.call('POST', '/api/v1/events/custom/emit', { name: 'platformxe.generic', payload: { kind: 'x' } })
    await emit()
    const notices = await settled(organization, 2)
    expect(notices.map(({ channel: name, kind, severity, source }) => [name, kind, severity, source]).sort()).toEqual([
      ['account-owner', 'webhook_disabled', 'critical', { kind: 'system', id: first }],
      ['in-app', 'webhook_disabled', 'critical', { kind: 'system', id: first }],
    ])
    expect(mailsTo(`${organization.slug}@example.test`)).toHaveLength(1)

    const slack = await receiver()
    await channel(organization, { name: 'ops', type: 'slack_webhook', config: { url: slack.url } })
    const put = await organization.call<{ notices: Record<string, string[]> }>('PUT', `${NOTIFICATIONS}/preferences`, {
      notices: { webhook_disabled: ['ops'], quota: [] },
    })
    expect(put.data.notices).toMatchObject({
      ...{ webhook_disabled: ['ops'], quota: [], key_expiring: ['account-owner', 'in-app'] },
    })
    const second = await webhook()
    await emit()
    const [request] = await slack.received(1)
    expect(String(json(request!).text)).toContain(second)
    expect((await settled(organization, 3)).map(({ channel: name }) => name)[0]).toBe('ops')

    expect((await organization.call('DELETE', `${CHANNELS}/ops`)).status).toBe(200)
    const after = await organization.call<{ notices: Record<string, string[]> }>('GET', `${NOTIFICATIONS}/preferences`)
    expect(after.data.notices.webhook_disabled).toEqual(['account-owner', 'in-app'])
    expect(after.data.notices.quota).toEqual([])
  }, 60_000)

  it('tell of invitations, of quotas and of replays that have ended', async () => {
    const [owner, invited] = [await platform.organization(), await platform.organization()]
    const groups = '/api/v1/events/custom/federation/groups'
    const group = await owner.call<{ id: string }>('POST', groups, { name: 'Partners' })
    const invite = await owner.call('POST', `${groups}/${group.data.id}/invite`, {
      memberOrganizationId: invited.org.id,
    })
    expect([invite.status, invite.body]).toEqual([201, expect.anything()])
    const kinds = async (organization: TestOrganization) =>
      (await list(organization, '&channel=in-app')).map(({ kind }) => kind)
    await until(
      () => kinds(invited),
      found => found.includes('federation_invite'),
    )
    expect(await kinds(owner)).toEqual([])

    const basic = await platform.organization('BASIC')
    for (let n = 0; n < 4; n++) {
      const name = `thing${n}`
      await basic.call('POST', '/api/v1/events/custom', {
        ...{ namespace: basic.slug, name, version: '1.0.0', payloadSchema: { type: 'object' } },
      })
    }
    await until(
      () => kinds(basic),
      found => found.includes('quota'),
    )
  }, 60_000)
})

describe('a process', () => {
  it('that is killed in the middle loses no notification, and may repeat it under its id; dedupe and rates hold', async () => {
    const own = await startPlatform({ env: ENV })
    const organization = await own.organization()
    const hook = await receiver(() => 'hang')
    const config = { url: hook.url }
    const rateLimit = { max: 3, perMinutes: 60 }
    await channel(organization, { name: 'hook', type: 'generic_webhook', config, rateLimit })
    const ids = [
      (await send(organization, { channel: 'hook', message: 'a', dedupeKey: 'k' })).id,
      (await send(organization, { channel: 'hook', message: 'b' })).id,
    ]
    await hook.received(2)
    await own.kill()
    hook.answerWith(() => ({ status: 204 }))
    const again = await startPlatform({ env: ENV, dataDir: own.dataDir })
    closing.push(() => again.stop())
    const back: TestOrganization = { ...organization, call: (...args) => again.call(organization.apiKey, ...args) }
    for (const id of ids) expect((await ended(back, id)).status).toBe('sent')
    expect(new Set(hook.requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(ids))
    const duplicate = await send(back, { channel: 'hook', message: 'a', dedupeKey: 'k' })
    const last = await send(back, { channel: 'hook', message: 'c' })
    const over = await send(back, { channel: 'hook', message: 'd' })
    expect([await ended(back, duplicate.id), await ended(back, last.id), await ended(back, over.id)]).toMatchObject([
      { status: 'suppressed', suppressedReason: 'dedupe' },
      { status: 'sent' },
      { status: 'suppressed', suppressedReason: 'rate_limit' },
    ])
  }, 180_000)

  it('that joins with the role deliver takes its share, and everything is sent once', async () => {
    const organizations = await Promise.all(Array.from({ length: 8 }, () => platform.organization()))
    const hook = await receiver()
    const other = await startPlatform({ env: ENV, dataDir: platform.dataDir, roles: 'deliver' })
    for (const organization of organizations)
      await channel(organization, { name: 'hook', type: 'generic_webhook', config: { url: hook.url } })
    const sent = await Promise.all(
      organizations.flatMap(organization =>
        Array.from({ length: 5 }, (_, n) => send(organization, { channel: 'hook', message: `${n}` })),
      ),
    )
    await hook.received(40)
    for (const organization of organizations) await settled(organization, 5)
    const ids = hook.requests.map(({ headers }) => headers['webhook-id'])
    expect([ids.length, new Set(ids)]).toEqual([40, new Set(sent.map(({ id }) => id))])
    await other.stop()
  }, 120_000)
})
