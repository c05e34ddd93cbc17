/**
 * Access keys by which clients of AWS sign requests to Clarion: one for each API key, derived from its id and the
 * installation's secret, so nothing is stored and it ends with the key.
 */
import { type SigningKey, sign } from './signing-key.ts'

/** The key's id is the access key id. */
export interface AwsCredentials {
  /** As it is shown. */
  secretOf(keyId: string): string
  /** The secrets that a request may be signed with: during a change of the installation's secret, there are two. */
  secretsOf(keyId: string): string[]
}

const CHARACTERS = 40

/** `keys`: those of `signingKeys`. */
export function createAwsCredentials(keys: readonly [SigningKey, ...SigningKey[]]): AwsCredentials {
  const derived = (key: SigningKey, keyId: string) => sign(key, keyId).slice(0, CHARACTERS)
  return {
    secretOf: keyId => derived(keys[0], keyId),
    secretsOf: keyId => keys.map(key => derived(key, keyId)),
  }
}
