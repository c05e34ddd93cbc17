/** Channels: what each kind sends, and what happens when its receiver refuses. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import type { Answer } from '../../support/receiver.ts'
import { until } from '../../support/until.ts'
import {
  CHANNELS,
  channel,
  ended,
  json,
  list,
  mailsTo,
  NOTIFICATIONS,
  platform,
  receiver,
  send,
  settled,
} from './set-up.ts'

export function describeChannels(): void {
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
      expect(json(plain!)).toMatchObject({
        id: first.id,
        title: 'T',
        message: 'say "hi"\n\u0007',
        data,
        channel: 'hook',
      })
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
        const sent = await until(
          () => list(organization),
          ({ length }) => length >= 2,
        )
        expect(sent.map(({ message }) => message)).toEqual(['y', 'x'])
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
}
