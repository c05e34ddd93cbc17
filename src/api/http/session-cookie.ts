/**
 * The cookie of a session: its facts, sealed, so that any api process can read it and nothing is stored. Beside plain
 * loopback it has the prefix `__Host-`, which a browser takes over TLS only.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { SecretBox } from '../../crypto/secret-box.ts'
import type { Environment } from '../../model/environments.ts'

export interface ActingAs {
  organizationId: string
  environment: Environment
  write: boolean
  reason: string | null
  endsAtMs: number
}

/** Times are of the platform's clock. */
export interface SessionFacts {
  kind: 'key' | 'link' | 'operator'
  /** Of a key or a link. */
  organizationId?: string
  keyId?: string
  linkId?: string
  /** Of the operator's key at sign-in. */
  mark?: string
  actAs?: ActingAs
  startedAtMs: number
  seenAtMs: number
  endsAtMs: number
}

export interface CookiePlace {
  /** TLS, by itself or in front of the platform. */
  isSecure: boolean
}

const SECURE_NAME = '__Host-clarion'
const PLAIN_NAME = 'clarion'
const USE = 'session'
const CHARACTERS_MAX = 4_000

export interface SessionCookies {
  /** Undefined: the call has none. `broken`: it has one that was not sealed here, or was changed. */
  read(headers: IncomingHttpHeaders): SessionFacts | 'broken' | undefined
  /** The value of `Set-Cookie`. */
  set(facts: SessionFacts, place: CookiePlace): string
  clear(place: CookiePlace): string
}

export function createSessionCookies(secrets: Pick<SecretBox, 'encrypt' | 'decrypt'>): SessionCookies {
  const cookie = (value: string, { isSecure }: CookiePlace, more = '') =>
    `${isSecure ? SECURE_NAME : PLAIN_NAME}=${value}; Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}${more}`

  return {
    read({ cookie: header }) {
      const sealed = cookieOf(header ?? '', SECURE_NAME) ?? cookieOf(header ?? '', PLAIN_NAME)
      if (sealed === undefined) return undefined
      if (sealed.length > CHARACTERS_MAX) return 'broken'
      try {
        const { use, ...facts } = JSON.parse(secrets.decrypt(sealed)) as SessionFacts & { use: string }
        return use === USE ? facts : 'broken'
      } catch {
        return 'broken'
      }
    },
    set: (facts, place) => cookie(secrets.encrypt(JSON.stringify({ use: USE, ...facts })), place),
    clear: place => cookie('', place, '; Max-Age=0'),
  }
}

function cookieOf(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim() || undefined
  }
  return undefined
}
