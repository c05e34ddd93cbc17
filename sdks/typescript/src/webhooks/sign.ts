/** Signs as the platform does: for the tests of a receiver, and for `clarion listen --forward-to`. */
import { hmacOf } from './keys.ts'
import type { SignatureProfile } from './profiles.ts'

export interface SignOptions {
  /** One signature per secret, as during a rotation; profiles with room for one signature use the first. */
  secrets: readonly string[]
  /** `webhook-id`: the delivery id. */
  id: string
  /** Seconds since 1970. */
  timestampS: number
  profile?: Exclude<SignatureProfile, 'ed25519'>
}

/** The signature headers of `body` in this profile (default `standard`). */
export function signatureHeaders(body: string | Uint8Array, options: SignOptions): Record<string, string> {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
  const { secrets, id, timestampS, profile = 'standard' } = options
  const timestamp = String(timestampS)
  const hex = (before: string): string => hmacOf(secrets[0] ?? '', 'text', before, bytes).toString('hex')
  switch (profile) {
    case 'standard': {
      const signatures = secrets.map(
        secret => `v1,${hmacOf(secret, 'standard', `${id}.${timestamp}.`, bytes).toString('base64')}`,
      )
      return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
    }
    case 'platforma':
      return { 'x-platforma-signature': hex('') }
    case 'platphorm':
      return { 'x-platphorm-signature': `sha256=${hex('')}` }
    case 'event':
      return { 'x-event-signature': hex(`${timestamp}.`), 'x-event-timestamp': timestamp }
    case 'relay':
      return { 'x-platformxe-signature': `sha256=${hex('')}`, 'x-caldera-signature': `sha256=${hex('')}` }
  }
}
