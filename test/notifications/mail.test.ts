import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { SMTPServer } from 'smtp-server'
import { createMailer } from '../../src/notifications/mail.ts'
import { notificationMail } from '../../src/notifications/notification-mail.ts'
import { webhookNotice } from '../../src/notifications/webhook-notices.ts'

const cleanups: Array<() => unknown> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const FROM = 'Clarion <notices@example.test>'
const mail = {
  id: 'ntc_1',
  to: ['owner@example.test'],
  subject: 'Webhook wh_1 is failing',
  text: 'text',
  html: '<p>html</p>',
}

/** A mail server that takes messages, or refuses recipients of the domain `refused.test`. */
async function smtp() {
  const taken: Array<{ from: string; to: string[]; message: string }> = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, callback) =>
      username === 'user' && password === 'word'
        ? callback(null, { user: username })
        : callback(new Error('no such user')),
    onRcptTo: ({ address }, _session, callback) =>
      callback(address.endsWith('@refused.test') ? new Error('no such mailbox') : null),
    onData(stream, { envelope }, callback) {
      const chunks: Buffer[] = []
      stream.on('data', chunk => chunks.push(chunk))
      stream.on('end', () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : ''
        taken.push({
          from,
          to: envelope.rcptTo.map(({ address }) => address),
          message: Buffer.concat(chunks).toString(),
        })
        callback()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise<void>(resolve => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  return { taken, port }
}

function mailer(smtpUrl: string | undefined, mailboxDir = '/nowhere') {
  const made = createMailer({ smtpUrl, mailboxDir, from: FROM })
  cleanups.push(() => made.close())
  return made
}

describe('mail over SMTP', () => {
  it('reaches the recipient with subject, both bodies and a message id of its own', async () => {
    const { taken, port } = await smtp()
    await mailer(`smtp://user:word@127.0.0.1:${port}`).send(mail)
    expect(taken).toHaveLength(1)
    expect(taken[0]).toMatchObject({ from: 'notices@example.test', to: ['owner@example.test'] })
    for (const part of [
      'Subject: Webhook wh_1 is failing',
      'Message-ID: <ntc_1@example.test>',
      'text/plain',
      '<p>html</p>',
    ])
      expect(taken[0]!.message).toContain(part)
  })

  it('fails when the server is away, refuses the recipient or the password', async () => {
    const { taken, port } = await smtp()
    await expect(mailer(`smtp://127.0.0.1:${port}`).send({ ...mail, to: ['a@refused.test'] })).rejects.toThrow(
      'no such mailbox',
    )
    await expect(mailer(`smtp://user:wrong@127.0.0.1:${port}`).send(mail)).rejects.toThrow()
    await expect(mailer('smtp://127.0.0.1:1').send(mail)).rejects.toThrow()
    expect(taken).toEqual([])
  })
})

describe('the mailbox directory', () => {
  it('holds one file per message, and the same message sent again takes its own place', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mailbox-'))
    cleanups.push(() => rmSync(directory, { recursive: true }))
    const { send } = mailer(undefined, join(directory, 'mailbox'))
    await send(mail)
    await send(mail)
    await send({ ...mail, id: 'ntc_2' })
    expect(readdirSync(join(directory, 'mailbox')).sort()).toEqual(['ntc_1.eml', 'ntc_2.eml'])
    const text = readFileSync(join(directory, 'mailbox', 'ntc_1.eml'), 'utf8')
    expect(text).toContain('To: owner@example.test')
    expect(text).toContain('From: Clarion <notices@example.test>')
  })
})

it('is taken for some recipients, and says which were refused', async () => {
  const { taken, port } = await smtp()
  const to = ['a@example.test', 'b@refused.test']
  expect(await mailer(`smtp://127.0.0.1:${port}`).send({ ...mail, to })).toEqual({ rejected: ['b@refused.test'] })
  expect(taken[0]!.to).toEqual(['a@example.test'])
})

describe('the text of a notice', () => {
  const facts = {
    organizationId: 'org_1',
    organization: { name: 'Acme <b>&</b> "sons"' } as never,
    webhookId: 'wh_1',
    webhook: {
      ...{ name: "<script>alert('x')</script>", url: 'https://example.test/?a=1&b=<2>' },
      ...{ environment: 'live', peer: null },
    } as never,
    deliveryId: 'dlv_1',
    error: 'The receiver answered 500.\r\nBcc: everybody@example.test',
    occurredAtMs: Date.parse('2026-07-25T17:20:00.000Z'),
  }
  const mailOf = ({ title, message }: { title: string; message: string }) =>
    notificationMail(
      {
        ...{ id: 'ntf_1', organizationId: 'org_1', environment: 'live', severity: 'info', data: null, kind: null },
        ...{ title, message, createdAtMs: 0 },
      },
      ['owner@example.test'],
    )

  it('lets nothing from outside become markup, a header or a line of its own', () => {
    const notice = webhookNotice('failing', facts)
    const { text, html } = mailOf(notice)
    expect(text).toContain('Last error: The receiver answered 500. Bcc: everybody@example.test\n')
    expect(html).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; (wh_1)')
    expect(html).toContain('Acme &lt;b&gt;&amp;&lt;/b&gt; &quot;sons&quot;')
    expect(html).not.toMatch(/<(?!\/?(p|br)>)/)
    const { subject } = mailOf({ title: 'orders\r\nBcc: a@example.test', message: 'x' })
    expect(subject).toBe('orders Bcc: a@example.test')
  })

  it('has a text for each kind', () => {
    const titles = (['failing', 'gone', 'disabled', 'recovered'] as const).map(
      story => webhookNotice(story, { ...facts, webhook: undefined }).title,
    )
    expect(new Set(titles).size).toBe(4)
    for (const title of titles) expect(title).toMatch(/^Webhook wh_1 (is|was|has) /)
  })
})
