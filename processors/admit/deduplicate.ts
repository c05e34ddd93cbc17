import { hash } from 'node:crypto'
import type { Organization } from '../../src/model/organizations.ts'
import type { HeldKey } from '../../topics/admission-keys.ts'
import type { AdmissionState } from './admission-state.ts'
import { type Duplicate, type Emit, type Rejection, reject } from './emit.ts'
import { quotaLimit } from './enforce-quota.ts'

const HASH_BYTES = 16

export interface Claim {
  keyHash: Buffer
  contentHash: Buffer
}

/**
 * The first accepted emit with a key holds it (docs/specification/emit.md#idempotency). A later emit with the same
 * content gets that emit's answer; other content is a conflict. Returns the claim to hold if this emit is accepted, or
 * nothing when it has no key.
 */
export function deduplicate(
  emit: Emit,
  organization: Organization,
  state: AdmissionState,
): Claim | undefined | Duplicate | Rejection {
  const claim = claimOf(emit)
  if (!claim) return undefined
  const original = state.heldKey(emit.organizationId, claim.keyHash, emit.recordedAtMs)
  if (!original) return claim
  if (!original.contentHash.equals(claim.contentHash)) {
    return reject(
      'idempotency_key_conflict',
      `The idempotency key was used by ${original.emitId} with another name, version or payload.`,
    )
  }
  if (original.sequence === 0) {
    const message = `The emit ${original.emitId} holds this key and could not be written to the log; redrive it.`
    return { ...reject('bus_relay_failed', message), repeats: original.emitId }
  }
  const { used } = state.peek(emit.organizationId, emit.environment, emit.recordedAtMs)
  return { verdict: 'duplicate', original, quota: { used, limit: quotaLimit(organization, emit.environment) } }
}

/** The claim that the emit would hold; undefined: it has no idempotency key. */
export function claimOf({
  request: { idempotencyKey, fullName, version },
  environment,
  payload,
}: Emit): Claim | undefined {
  if (idempotencyKey === undefined) return undefined
  return {
    keyHash: first(hash('sha256', `${environment}\0${idempotencyKey}`, 'buffer')),
    contentHash: first(
      hash('sha256', Buffer.concat([Buffer.from(`${fullName}\0${version ?? ''}\0`), payload]), 'buffer'),
    ),
  }
}

const first = (digest: Buffer) => Buffer.from(digest.subarray(0, HASH_BYTES))

export const heldBy = (claim: Claim, facts: Omit<HeldKey, 'keyHash' | 'contentHash'>): HeldKey => ({
  ...claim,
  ...facts,
})
