/** A new secret for a webhook. The former one signs too for a day, so that a receiver can change at its own time. */
import { ClarionError } from '../../model/codes.ts'
import type { Webhook } from '../../model/webhooks.ts'

/** Times `CLARION_TIME_SCALE`. */
export const ROTATION_OVERLAP_MS = 24 * 3_600_000

/** Throws `secret_rotation_in_progress` while two secrets sign; `immediate` ends that too. */
export function rotated(
  before: Pick<Webhook, 'encryptedSecret' | 'previousSecretExpiresAt'>,
  encryptedSecret: string,
  immediate: boolean,
  nowMs: number,
  timeScale: number,
): Pick<Webhook, 'encryptedSecret' | 'previousEncryptedSecret' | 'previousSecretExpiresAt'> {
  if (immediate) return { encryptedSecret, previousEncryptedSecret: null, previousSecretExpiresAt: null }
  const { previousSecretExpiresAt: until } = before
  if (until !== null && Date.parse(until) > nowMs)
    throw new ClarionError(
      'secret_rotation_in_progress',
      `The secret before signs until ${until}; immediate: true ends both and puts the new one in their place.`,
    )
  return {
    encryptedSecret,
    previousEncryptedSecret: before.encryptedSecret,
    previousSecretExpiresAt: new Date(nowMs + ROTATION_OVERLAP_MS * timeScale).toISOString(),
  }
}
