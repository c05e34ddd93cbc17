/**
 * Secrets at rest, and API keys. Webhook secrets must be readable again to sign with them; API keys never, so only
 * their hash is kept.
 */
import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync } from 'node:crypto'
import type { Random } from '../clock.ts'
import type { Environment } from '../model/environments.ts'

export interface SecretBox {
  /** Id of the key that seals now. */
  readonly keyId: string
  /** AES-256-GCM: `v2.<key id>.<nonce>.<tag>.<text>`, each part base64url. */
  encrypt(text: string): string
  /** Throws when the text was changed, or was sealed by an unknown key. */
  decrypt(sealed: string): string
  /**
   * 32 bytes that only this installation can derive; the same text always gives the same bytes. With `sealed`, they
   * come from the key that first sealed that value and so survive a key change; throws then like `decrypt`.
   */
  derive(text: string, sealed?: string): Buffer
  /** Whether the current key sealed it. */
  isCurrent(sealed: string): boolean
  /** Id of the known key that opens it; undefined when none does. */
  openedBy(sealed: string): string | undefined
  /** The same secret, sealed with the current key; values derived from it do not change. Throws like `decrypt`. */
  reseal(sealed: string): string
}

export interface SecretKeys {
  /** `CLARION_SECRET_KEY`: seals and opens. */
  secretKey: string
  /** `CLARION_SECRET_KEY_PREVIOUS`: opens, while the key changes. */
  previousSecretKey?: string | undefined
}

/** A fingerprint of a secret key that reveals nothing about it: derived by HKDF, with a purpose of its own. */
export const keyIdOf = (secretKey: string): string =>
  Buffer.from(hkdfSync('sha256', secretKey, 'clarion', 'key id, v1', 9)).toString('base64url')

/** Keys that are derived from one secret key. */
interface Derived {
  id: string
  sealing: Buffer
  deriving: Buffer
}

/** A box whose keys are derived (HKDF-SHA-256) from the secret keys. */
export function createSecretBox(deps: SecretKeys & { random: Random }): SecretBox {
  const current = derivedFrom(deps.secretKey)
  const known = [current, ...(deps.previousSecretKey === undefined ? [] : [derivedFrom(deps.previousSecretKey)])]

  function seal(kind: Kind, text: string): string {
    const head = `${kind}.${current.id}`
    const nonce = deps.random.bytes(12)
    const cipher = createCipheriv('aes-256-gcm', current.sealing, nonce)
    cipher.setAAD(Buffer.from(head))
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return [head, ...[nonce, cipher.getAuthTag(), sealed].map(part => part.toString('base64url'))].join('.')
  }

  function open(sealed: string): Opened {
    for (const key of known) {
      const opened = openWith(key, sealed)
      if (opened !== undefined) return opened
    }
    throw new Error('it is not sealed with a key that is known, or was changed')
  }

  return {
    keyId: current.id,
    encrypt: text => seal('v2', text),
    decrypt: sealed => open(sealed).text,
    derive(text, sealed) {
      const { deriving } = sealed === undefined ? current : open(sealed)
      return createHmac('sha256', deriving).update(text).digest()
    },
    isCurrent: sealed => sealed.split('.', 2)[1] === current.id,
    openedBy(sealed) {
      return known.find(key => openWith(key, sealed) !== undefined)?.id
    },
    reseal(sealed) {
      const { text, deriving } = open(sealed)
      return seal('v2d', deriving.toString('base64url') + text)
    },
  }
}

function derivedFrom(secretKey: string): Derived {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', secretKey, 'clarion', purpose, 32))
  return { id: keyIdOf(secretKey), sealing: derive('secrets at rest, v1'), deriving: derive('derived keys, v1') }
}

/**
 * `v1` contains no key id. The text of `v2d` starts with the id of the key for `derive`, because another key sealed it
 * first.
 */
type Kind = 'v1' | 'v2' | 'v2d'
const DERIVING_CHARACTERS = 43

interface Opened {
  text: string
  deriving: Buffer
}

/** Undefined unless this key sealed it. */
function openWith(key: Derived, sealed: string): Opened | undefined {
  const parts = sealed.split('.')
  const kind = parts.shift()
  if (kind !== 'v1' && kind !== 'v2' && kind !== 'v2d') return undefined
  if (kind !== 'v1' && parts.shift() !== key.id) return undefined
  const [nonce, tag, text, ...more] = parts.map(part => Buffer.from(part, 'base64url'))
  if (nonce?.length !== 12 || tag?.length !== 16 || text === undefined || more.length > 0) return undefined
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.sealing, nonce, { authTagLength: 16 })
    if (kind !== 'v1') decipher.setAAD(Buffer.from(`${kind}.${key.id}`))
    decipher.setAuthTag(tag)
    const inside = Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
    if (kind !== 'v2d') return { text: inside, deriving: key.deriving }
    return {
      text: inside.slice(DERIVING_CHARACTERS),
      deriving: Buffer.from(inside.slice(0, DERIVING_CHARACTERS), 'base64url'),
    }
  } catch {
    return undefined
  }
}

export interface NewApiKey {
  /** Shown to the caller once, at creation. */
  key: string
  hash: string
  hint: string
}

/** `ck_live_…` or `ck_test_…` with 192 random bits. */
export function generateApiKey(environment: Environment, random: Random): NewApiKey {
  const key = `ck_${environment}_${random.bytes(24).toString('base64url')}`
  return { key, hash: hashApiKey(key), hint: key.slice(0, 12) }
}

/** `crt_…` with 192 random bits: opens one API route. */
export function generateRouteToken(random: Random): { token: string; hash: string; hint: string } {
  const token = `crt_${random.bytes(24).toString('base64url')}`
  return { token, hash: hashApiKey(token), hint: token.slice(0, 8) }
}

/** SHA-256 in hex. A plain hash is enough: the keys are random, not chosen. */
export const hashApiKey = (key: string): string => hash('sha256', key, 'hex')
