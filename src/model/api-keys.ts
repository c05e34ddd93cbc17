import type { Environment } from './environments.ts'
import type { Granted } from './scopes.ts'
import type { Stored } from './stored.ts'

/** An API key; the key itself is never stored, `hash` is its SHA-256 in hex. */
export interface ApiKey extends Stored, Granted {
  name: string
  environment: Environment
  hash: string
  /** The first characters, by which a person recognises the key. */
  hint: string
  expiresAt: string | null
  /** The day of its last use in UTC, as its first moment. Absent: not used since this is recorded. */
  lastUsedAt?: string
  /** Sessions of this key that began until then have ended. Absent: none were ended. */
  sessionsAfter?: string
  /** Its organization has had the notice that it expires soon. Absent before. */
  isExpiryTold?: true
}
