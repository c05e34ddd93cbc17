/**
 * The signing context of a webhook: opened secrets, imported keys, its own headers and its format. Opening costs more
 * than signing, so it is done once per webhook record; a changed webhook is a new record and gets a new context.
 */
import type { EventFacts } from '../../topics/deliveries.ts'
import type { SecretBox } from '../crypto/secret-box.ts'
import type { Logger } from '../logger.ts'
import type { ControlView } from '../model/control-view.ts'
import type { OpenedSink } from '../model/sinks.ts'
import type { Webhook } from '../model/webhooks.ts'
import { createSigner, type Signatory, type Signer } from './profiles/index.ts'
import { FORMATS, type Format } from './wire-formats/index.ts'

const USER_AGENT = 'Clarion-Webhooks/1.0'

export interface SigningContext {
  /** Headers that are the same in every request: type, user agent, the webhook's own. */
  headers: Readonly<Record<string, string>>
  render: Format['render']
  sign: Signer
  /** The event as this receiver sees it: a peer of a federation group also gets the ids of group and push. */
  eventFor(event: EventFacts): EventFacts
  /** Instead of all that, for a sink: with its password. */
  sink?: OpenedSink
}

/** Nothing signs a record: who may write into the topic is the broker's to say. */
const UNSIGNED: SigningContext = {
  headers: {},
  render: FORMATS.default.render,
  sign: () => undefined,
  eventFor: event => event,
}

export interface SigningContexts {
  /** As of `nowMs`: a former secret signs until it expires. Undefined when a sealed value cannot be opened. */
  contextFor(webhook: Webhook, nowMs: number): SigningContext | undefined
}

interface Prepared {
  context: SigningContext | undefined
  /** When the former secret expires. */
  untilMs: number
}

export function createSigningContexts(deps: {
  secrets: SecretBox
  view: Pick<ControlView, 'list'>
  logger: Logger
}): SigningContexts {
  const { secrets, view, logger } = deps
  const prepared = new WeakMap<Webhook, Prepared>()

  function prepare(webhook: Webhook, nowMs: number): Prepared {
    const endsMs = webhook.previousSecretExpiresAt === null ? 0 : Date.parse(webhook.previousSecretExpiresAt)
    const rotating = webhook.previousEncryptedSecret !== null && endsMs > nowMs
    const untilMs = rotating ? endsMs : Number.POSITIVE_INFINITY
    try {
      return { context: openContext(webhook, rotating), untilMs }
    } catch (error) {
      const facts = { webhook: webhook.id, organization: webhook.organizationId, error: String(error) }
      logger.error(
        facts,
        'the sealed values of a webhook cannot be opened; its deliveries wait until its secret and headers are set again',
      )
      return { context: undefined, untilMs }
    }
  }

  function openContext(webhook: Webhook, rotating: boolean): SigningContext {
    const { id, sink } = webhook
    if (sink !== undefined) {
      const password = secrets.decrypt(webhook.encryptedSecret)
      return { ...UNSIGNED, sink: { ...sink, id, password } }
    }
    const former = rotating && secrets.openedBy(webhook.previousEncryptedSecret!) !== undefined
    const sealed = former ? [webhook.encryptedSecret, webhook.previousEncryptedSecret!] : [webhook.encryptedSecret]
    const { contentType, render } = FORMATS[webhook.wireFormat]
    const own =
      webhook.encryptedHeaders === null
        ? {}
        : (JSON.parse(secrets.decrypt(webhook.encryptedHeaders)) as Record<string, string>)
    return {
      headers: { 'Content-Type': contentType, 'User-Agent': USER_AGENT, ...acceptsAnything(own), ...own },
      render,
      sign: createSigner(
        webhook.signatureProfiles,
        sealed.map(text => signatory(secrets, webhook.id, secrets.decrypt(text), text)),
      ),
      eventFor: webhook.peer === null ? event => event : event => asPushed(view, webhook.peer!.groupId, event),
    }
  }

  return {
    contextFor(webhook, nowMs) {
      const known = prepared.get(webhook)
      if (known !== undefined && nowMs < known.untilMs) return known.context
      const made = prepare(webhook, nowMs)
      prepared.set(webhook, made)
      return made.context
    },
  }
}

/** Some servers answer 406 to a request without `Accept`. The webhook's own header takes precedence. */
function acceptsAnything(own: Record<string, string>): Record<string, string> {
  return Object.keys(own).some(name => name.toLowerCase() === 'accept') ? {} : { Accept: '*/*' }
}

/**
 * The Ed25519 key is derived from the secret: a new secret is a new key pair, and nothing more is stored. `sealed`: the
 * same secret as stored; without it, the pair is that of a secret sealed now.
 */
export const signatory = (secrets: SecretBox, webhookId: string, secret: string, sealed?: string): Signatory => ({
  secret,
  seed: () => secrets.derive(`webhook-ed25519/1/${webhookId}/${secret}`, sealed),
})

/**
 * An external peer receives the source's own event, with the ids of the group and the push
 * (docs/specification/federation.md#external-peers).
 */
function asPushed(view: Pick<ControlView, 'list'>, groupId: string, event: EventFacts): EventFacts {
  if (event.federation !== null) return event
  const { organizationId, canonicalName, eventId } = event
  const pushes = view
    .list('federation-push', organizationId)
    .filter(each => each.groupId === groupId && each.sourceCanonicalName === canonicalName)
  // This delivery was made by the push even if it has been withdrawn since.
  const push = pushes.find(each => each.isActive) ?? pushes.at(-1)
  if (push === undefined) return event
  const federation = {
    groupId,
    pushId: push.id,
    sourceOrganizationId: organizationId,
    sourceEventId: eventId,
    hops: 1,
    path: [organizationId],
  }
  return { ...event, federation }
}
