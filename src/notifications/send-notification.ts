/** One try to hand a notification to a channel. */
import type { Clock } from '../clock.ts'
import type { SecretBox } from '../crypto/secret-box.ts'
import { createSigner, type Signatory } from '../delivery/profiles/index.ts'
import { judge, retryAfterMs } from '../delivery/retry-schedule.ts'
import type { Sender } from '../delivery/send.ts'
import type { ControlView } from '../model/control-view.ts'
import type { NotificationChannel } from '../model/notifications.ts'
import type { Mailer } from './mail.ts'
import { dataOf, type Message } from './message.ts'
import { notificationMail } from './notification-mail.ts'
import { slackBody } from './slack.ts'
import { renderTemplate } from './template.ts'

/** `gone`: the receiver wants no further try. `no_recipient`: there is nobody to send it to, now or later. */
export type Handed = 'sent' | 'partially_sent' | 'failed' | 'gone' | 'no_recipient'

export interface TryResult {
  handed: Handed
  durationMs: number
  /** Of an HTTP channel that answered. */
  responseStatus: number | null
  /** Never contains the channel's URL or secrets. */
  error: string | null
  /** How long the receiver wants no further try. */
  retryAfterMs: number | undefined
}

/** Never rejects. */
export type SendNotification = (channel: NotificationChannel, message: Message) => Promise<TryResult>

/** One limit for name, connection, TLS, request and answer. */
const TIMEOUT_MS = 30_000
const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8', 'User-Agent': 'Clarion-Notifications/1' }

export function createSendNotification(deps: {
  sender: Pick<Sender, 'send'>
  mailer: Mailer
  secrets: SecretBox
  view: Pick<ControlView, 'organization'>
  clock: Clock
}): SendNotification {
  const { sender, mailer, secrets, view, clock } = deps

  async function byMail(channel: NotificationChannel, message: Message): Promise<TryResult> {
    const startedMs = clock.monotonicMs()
    const took = () => Math.round(clock.monotonicMs() - startedMs)
    const to = message.mail?.to ?? recipientsOf(view, channel)
    const count = to.length + (message.mail?.cc.length ?? 0)
    if (to.length === 0) return failed('no_recipient', 'The organization has no owner e-mail.', 0)
    try {
      const { rejected } = await mailer.send(notificationMail(message, to))
      if (rejected.length === 0) return { ...NOTHING, handed: 'sent', durationMs: took() }
      const error = `The mail server took it for ${count - rejected.length} of ${count} recipients.`
      return { ...NOTHING, handed: 'partially_sent', durationMs: took(), error }
    } catch (error) {
      return failed('failed', error instanceof Error ? error.message : String(error), took())
    }
  }

  async function byHttp(channel: NotificationChannel, message: Message): Promise<TryResult> {
    let request: { url: string; body: Buffer; headers: Record<string, string> }
    try {
      request = channel.type === 'slack_webhook' ? slack(channel, message) : generic(channel, message)
    } catch {
      return failed('failed', 'The sealed settings of the channel cannot be opened: set them again.', 0)
    }
    const result = await sender.send({ ...request, timeoutMs: TIMEOUT_MS })
    const verdict = judge(result)
    return {
      handed: verdict === 'success' ? 'sent' : verdict === 'retry' ? 'failed' : 'gone',
      durationMs: result.durationMs,
      responseStatus: result.status,
      error: result.error,
      retryAfterMs: retryAfterMs(result, clock.nowMs()),
    }
  }

  function slack({ encryptedUrl }: NotificationChannel, message: Message) {
    return { url: secrets.decrypt(encryptedUrl!), body: slackBody(message), headers: { ...JSON_TYPE } }
  }

  function generic(channel: NotificationChannel, message: Message) {
    const { template, encryptedHeaders, url } = channel
    const nowMs = clock.nowMs()
    const body = template === null ? bodyOf(channel, message) : renderTemplate(template, message)
    const own = encryptedHeaders === null ? {} : (JSON.parse(secrets.decrypt(encryptedHeaders)) as object)
    const headers: Record<string, string> = { ...JSON_TYPE, ...own }
    const signatories = secretsOf(channel, nowMs).map((sealed): Signatory => unseeded(secrets.decrypt(sealed)))
    const timestamp = String(Math.floor(nowMs / 1_000))
    createSigner(['standard'], signatories)({ deliveryId: message.id, timestamp, body, eventType: '' }, headers)
    return { url: url!, body, headers }
  }

  return (channel, message) => (channel.type === 'email' ? byMail(channel, message) : byHttp(channel, message))
}

/** Of `account-owner` the organization's owner; none when there is no address. */
export function recipientsOf(view: Pick<ControlView, 'organization'>, channel: NotificationChannel): string[] {
  if (channel.builtIn !== 'account-owner') return channel.recipients
  const owner = view.organization(channel.organizationId)?.ownerEmail
  return owner ? [owner] : []
}

/** The newest first; the former one too until its overlap has ended. */
function secretsOf(channel: NotificationChannel, nowMs: number): string[] {
  const { encryptedSecret, previousEncryptedSecret, previousSecretExpiresAt: until } = channel
  const previous = until !== null && Date.parse(until) > nowMs ? previousEncryptedSecret : null
  return [encryptedSecret, previous].filter(sealed => sealed !== null)
}

/** The profile `standard` uses the secret alone. */
const unseeded = (secret: string): Signatory => ({
  secret,
  seed() {
    throw new Error('channels have no Ed25519 key')
  },
})

function bodyOf(channel: NotificationChannel, message: Message): Buffer {
  const { id, organizationId, environment, title, message: text, severity, kind, createdAtMs } = message
  const body = {
    ...{ id, organizationId, environment, channel: channel.name, title, message: text, severity, kind },
    ...{ data: dataOf(message), createdAt: new Date(createdAtMs).toISOString() },
  }
  return Buffer.from(JSON.stringify(body))
}

const NOTHING = { responseStatus: null, error: null, retryAfterMs: undefined }

const failed = (handed: Handed, error: string, durationMs: number): TryResult => ({
  ...NOTHING,
  handed,
  durationMs,
  error,
})
