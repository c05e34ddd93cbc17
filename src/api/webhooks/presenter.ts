/** Webhooks as callers see them, without secrets, header values and internal fields. */
import type { WebhookActivity } from '../../analytics/read/webhook-reads.ts'
import { presentRetryPolicy } from '../../control-plane/webhooks/retry-policy.ts'
import type { Webhook } from '../../model/webhooks.ts'
import type { Answer } from '../http/route.ts'
import type { Waiting } from './waiting-webhooks.ts'

/** `publicKey`: see `Webhooks.publicKeyOf`. A former secret that no longer signs is left out. */
export function presentWebhook(
  webhook: Webhook,
  publicKey: string | null,
  { activity, waiting }: { activity: WebhookActivity; waiting: Waiting | null },
  nowMs: number,
) {
  const {
    organizationId: _id,
    encryptedSecret: _secret,
    previousEncryptedSecret: _previous,
    encryptedHeaders: _headers,
    ...open
  } = webhook
  const { retryDelaysMs, resumeAfter: _resume, peer: _peer, ...visible } = open
  const until = visible.previousSecretExpiresAt
  const previousSecretExpiresAt = until !== null && Date.parse(until) > nowMs ? until : null
  return {
    ...visible,
    contracts: webhook.contracts ?? {},
    previousSecretExpiresAt,
    publicKey,
    retry: presentRetryPolicy(retryDelaysMs),
    ...activity,
    waiting,
  }
}

/** The bare answer to `POST /webhooks` by the alias header. */
export function bareWebhook(answer: Answer): unknown {
  const { id, url, events, secret, active, createdAt } = answer.data as Record<string, unknown>
  return { id, url, events, secret, active, createdAt }
}
