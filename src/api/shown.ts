/** Records as callers see them: what is stored for the platform alone (hashes, secrets, partitions) stays out. */
import type { ApiKey, Organization, Registration, Webhook } from '../control-plane/records.ts'
import { shownRetryPolicy } from '../control-plane/retry-policy.ts'

export function shownOrganization(organization: Organization) {
  const { organizationId: _id, partitions: _partitions, testEnvironment: _test, ...shown } = organization
  return { strictCompatibility: false, ...shown }
}

export function shownKey(key: ApiKey) {
  const { organizationId: _id, hash: _hash, ...shown } = key
  return shown
}

export function shownWebhook(webhook: Webhook) {
  const { organizationId: _id, encryptedSecret: _secret, retryDelaysMs, ...shown } = webhook
  return { ...shown, retry: shownRetryPolicy(retryDelaysMs) }
}

export function shownRegistration(registration: Registration) {
  const { idempotencyKey: _key, ...shown } = registration
  return { ...shown, warnings: registration.warnings ?? [] }
}
