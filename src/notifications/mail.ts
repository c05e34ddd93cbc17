/**
 * E-mail: over SMTP if `SMTP_URL` is set, else into a directory, one file per message, for a person or a test to read.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'

export interface Mail {
  /** Unique per notification: a message sent again has the same id, and replaces its file in a mailbox directory. */
  id: string
  to: string[]
  cc?: string[]
  subject: string
  /** At least one of both forms. */
  text?: string | undefined
  html?: string | undefined
}

export interface Mailer {
  /**
   * Resolves when the message is accepted for at least one recipient, with those that were refused; rejects with the
   * server's answer otherwise.
   */
  send(mail: Mail): Promise<{ rejected: string[] }>
  close(): void
}

/** One address without a display name, and nothing that could end a header or name a second recipient. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"\u0000-\u001f\u007f]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/

export const isMailAddress = (text: string): boolean => ADDRESS.test(text)

const TIMEOUT_MS = 20_000

export function createMailer(options: { smtpUrl: string | undefined; mailboxDir: string; from: string }): Mailer {
  return options.smtpUrl === undefined
    ? createMailbox(options.mailboxDir, options.from)
    : createSmtp(options.smtpUrl, options.from)
}

/** `smtp://user:password@host:port`, or `smtps:` for TLS from the first byte. */
function createSmtp(url: string, from: string): Mailer {
  const timeouts = { connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS }
  const transport = createTransport({ url, ...timeouts }, { from, ...NO_FILES })
  return {
    async send({ id, ...mail }) {
      const { rejected = [] } = await transport.sendMail({ ...mail, messageId: messageId(id, from) })
      return { rejected: rejected.map(String) }
    },
    close: () => transport.close(),
  }
}

/** `<id>.eml`, written atomically. */
function createMailbox(directory: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' }, { from, ...NO_FILES })
  return {
    async send({ id, ...mail }) {
      const { message } = await transport.sendMail({ ...mail, messageId: messageId(id, from) })
      await mkdir(directory, { recursive: true })
      const file = join(directory, `${id}.eml`)
      await writeFile(`${file}.part`, message as Buffer)
      await rename(`${file}.part`, file)
      return { rejected: [] }
    },
    close: () => transport.close(),
  }
}

/** A message must never make the mailer read a file or an address. */
const NO_FILES = { disableFileAccess: true, disableUrlAccess: true }

const messageId = (id: string, from: string) => `<${id}@${/@([^\s>]+)>?$/.exec(from)?.[1] ?? 'localhost'}>`
