/** E-mail: over SMTP where `SMTP_URL` says so, else into a directory, one file per message, where a person or a test can look. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'

export interface Mail {
  /** Unique to what it tells: a message that is sent again has the same id, and in a mailbox directory takes its own place. */
  id: string
  to: string
  subject: string
  text: string
  html: string
}

export interface Mailer {
  /** Resolves when the message has been taken; rejects with what the server said otherwise. */
  send(mail: Mail): Promise<void>
  close(): void
}

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
      await transport.sendMail({ ...mail, messageId: messageId(id, from) })
    },
    close: () => transport.close(),
  }
}

/** `<id>.eml`, whole or not there. */
function createMailbox(directory: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' }, { from, ...NO_FILES })
  return {
    async send({ id, ...mail }) {
      const { message } = await transport.sendMail({ ...mail, messageId: messageId(id, from) })
      await mkdir(directory, { recursive: true })
      const file = join(directory, `${id}.eml`)
      await writeFile(`${file}.part`, message as Buffer)
      await rename(`${file}.part`, file)
    },
    close: () => transport.close(),
  }
}

/** Nothing in a message may name a file or an address to be read. */
const NO_FILES = { disableFileAccess: true, disableUrlAccess: true }

const messageId = (id: string, from: string) => `<${id}@${/@([^\s>]+)>?$/.exec(from)?.[1] ?? 'localhost'}>`
