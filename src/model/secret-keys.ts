import type { Stored } from './stored.ts'

/** One record per installation, under the organization `-`. */
export interface SecretKeyRecord extends Stored {
  /** Fingerprints of the secret keys that sealed values may depend on: one, or two during a key change. */
  keyIds: string[]
}
