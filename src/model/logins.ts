/** One-time logins to the console, and what a session from a console link may do. */
import type { Environment } from './environments.ts'
import type { Scope } from './scopes.ts'
import type { Stored } from './stored.ts'

/** How the console looks for the customers of an organization. */
export interface Theme {
  /** `#rrggbb` */
  accent?: string
  name?: string
  /** A `data:` image of at most 32 KB. */
  logo?: string
  mode?: 'light' | 'dark'
}

/** A session that a console link opens. */
export interface ConsoleLink {
  environment: Environment
  scopes: Scope[]
  readOnly: boolean
  expiresInSeconds: number
  screens: string[] | null
  theme: Theme | null
  returnUrl: string | null
  /** Set by the login: when the session ends. */
  endsAt: string | null
}

/**
 * A login that works once. `organizationId` is `platform` for the operator's. It is removed with its use, except that of
 * a link, which lasts as long as the session.
 */
export interface Login extends Stored {
  /** SHA-256 of the token, in hex. */
  tokenHash: string
  /** The key whose session it opens, or that made the link; null: the operator. */
  keyId: string | null
  /** When an unused token ends. */
  expiresAt: string
  usedAt: string | null
  link: ConsoleLink | null
}

/** The organization of the operator's logins, in place of one. */
export const OPERATORS = 'platform'
