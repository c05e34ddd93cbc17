/**
 * How many calls may wait: an organization may take as many places as are left free, so that one alone takes half of
 * them, and the others always find some. (Choudhury and Hahne, "Dynamic queue length thresholds", 1998.)
 */
import { ClarionError } from '../model/codes.ts'

export interface Shares {
  /** Throws `service_unavailable`. */
  check(organizationId: string): void
  /** Takes a place, which the returned function gives back. Throws as `check`. */
  take(organizationId: string): () => void
}

const RETRY_AFTER_S = 1

/** `what`: of what calls, for the message. */
export function createShares(placesMax: number, what: string): Shares {
  const taken = new Map<string, number>()
  let total = 0

  function check(organizationId: string): void {
    if ((taken.get(organizationId) ?? 0) < placesMax - total) return
    const message = `The organization has more ${what} waiting than its share. The call was not taken: repeat it after Retry-After.`
    throw new ClarionError('service_unavailable', message, { retryAfterS: RETRY_AFTER_S })
  }

  return {
    check,
    take(organizationId) {
      check(organizationId)
      total++
      taken.set(organizationId, (taken.get(organizationId) ?? 0) + 1)
      return () => {
        total--
        const left = taken.get(organizationId)! - 1
        if (left === 0) taken.delete(organizationId)
        else taken.set(organizationId, left)
      }
    },
  }
}
