/** Idempotency keys: the first accepted emit with a key holds it (docs/specification/emit.md#idempotency). */
import { hash } from 'node:crypto'
import type { Organization } from '../../src/model/organizations.ts'
import type { HeldKey } from '../../topics/admission-keys.ts'
import type { AdmissionState } from './admission-state.ts'
import { type Duplicate, type Emit, type Rejection, reject } from './emit.ts'
import { quotaLimit } from './enforce-quota.ts'

const HASH_BYTES = 16

/** The idempotency key that an emit claims, and the content for which it claims it. */
export interface Claim {
  keyHash: Buffer
  contentHash: Buffer
}

/**
 * Looks up the holder of the emit's key. Returns undefined for an emit without a key, and for a free key the claim that
 * the emit holds once it is accepted. A held key makes the emit a duplicate, answered like the holder, if its content is
 * the same; otherwise a rejection.
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
  // A number is given by the log, so the holder never got there.
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
    keyHash: shortHash(`${environment}\0${idempotencyKey}`),
    contentHash: shortHash(Buffer.concat([Buffer.from(`${fullName}\0${version ?? ''}\0`), payload])),
  }
}

const shortHash = (content: string | Buffer) => Buffer.from(hash('sha256', content, 'buffer').subarray(0, HASH_BYTES))

export const heldKeyOf = (claim: Claim, facts: Omit<HeldKey, 'keyHash' | 'contentHash'>): HeldKey => ({
  ...claim,
  ...facts,
})
