/**
 * Whether a URL's name resolves to a forbidden address, checked when the URL is set. The addresses of a name may
 * change, so every connection checks again; this check only gives an early error, and a name that does not resolve in
 * time is accepted.
 */
import type { Clock } from '../clock.ts'
import { ClarionError } from '../model/codes.ts'
import { type AddressGuard, portOf } from './address-guard.ts'
import { AttemptError } from './attempt-error.ts'

const TIMEOUT_MS = 1_000

/** `url` has passed `checkUrl`. Undefined: no objection. */
export type CheckAddresses = (url: string) => Promise<ClarionError | undefined>

export function createCheckAddresses({ guard, clock }: { guard: AddressGuard; clock: Clock }): CheckAddresses {
  async function blocked(url: URL): Promise<ClarionError | undefined> {
    try {
      await guard.addressesOf(url.hostname, portOf(url))
      return undefined
    } catch (error) {
      if (!(error instanceof AttemptError) || error.kind !== 'blocked_address') return undefined
      const details = [{ path: '/url', rule: 'blocked_address', message: error.message }]
      return new ClarionError('invalid_webhook_url', `The URL cannot be a webhook: ${error.message}`, { details })
    }
  }

  return text => {
    const url = new URL(text)
    if (guard.isOwnAllowed(url)) return Promise.resolve(undefined)
    return new Promise(resolve => {
      const timer = clock.after(TIMEOUT_MS, () => resolve(undefined))
      void blocked(url).then(refusal => {
        timer.cancel()
        resolve(refusal)
      })
    })
  }
}
