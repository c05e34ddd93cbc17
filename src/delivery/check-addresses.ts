/**
 * Whether a URL's name leads where the platform must not go, asked when it is set (C.1.6). What a name resolves to may change, so every
 * connection asks again; here the answer only has to be early, and a name that cannot be resolved in time is none to refuse.
 */
import type { Clock } from '../clock.ts'
import { ClarionError } from '../model/codes.ts'
import { type AddressGuard, portOf } from './address-guard.ts'
import { AttemptError } from './attempt-error.ts'

const TIMEOUT_MS = 1_000

/** `url` has passed `checkUrl`. Undefined: nothing speaks against it. */
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
