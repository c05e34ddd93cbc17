/** Records as callers see them: what is stored for the platform alone (hashes, secrets, partitions) stays out. */
import type { WebhookActivity } from '../../analytics/read/webhook-reads.ts'
import type { ApiKey, Organization, Registration, Webhook } from '../../model/records.ts'
import { shownRetryPolicy } from '../../control-plane/webhooks/retry-policy.ts'
import type { Waiting } from './waiting-webhooks.ts'

export function shownOrganization(organization: Organization) {
  const { organizationId: _id, partitions: _partitions, testEnvironment: _test, clearedAt: _cleared, ...shown } = organization
  return { strictCompatibility: false, ...shown }
}

export function shownKey(key: ApiKey) {
  const { organizationId: _id, hash: _hash, ...shown } = key
  return shown
}

/** `publicKey`: see `Webhooks.publicKeyOf`. A former secret whose time is over is not told of any more. */
export function shownWebhook(
  webhook: Webhook,
  publicKey: string | null,
  { activity, waiting }: { activity: WebhookActivity; waiting: Waiting | null },
  nowMs: number,
) {
  const { organizationId: _id, encryptedSecret: _secret, previousEncryptedSecret: _previous, encryptedHeaders: _headers, ...open } = webhook
  const { retryDelaysMs, resumeAfter: _resume, peer: _peer, ...shown } = open
  const until = shown.previousSecretExpiresAt
  const previousSecretExpiresAt = until !== null && Date.parse(until) > nowMs ? until : null
  return { ...shown, previousSecretExpiresAt, publicKey, retry: shownRetryPolicy(retryDelaysMs), ...activity, waiting }
}

export function shownRegistration(registration: Registration) {
  const { idempotencyKey: _key, ...shown } = registration
  return { ...shown, warnings: registration.warnings ?? [] }
}
