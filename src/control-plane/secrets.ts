/** Secrets at rest, and API keys. Webhook secrets must be readable again to sign with them; API keys never, so only their hash is kept. */
import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync } from 'node:crypto'
import type { Random } from '../clock.ts'
import type { Environment } from './records.ts'

export interface SecretBox {
  /** AES-256-GCM: `v1.<nonce>.<tag>.<text>`, each base64url. */
  encrypt(text: string): string
  /** Throws when the text was changed or belongs to another key. */
  decrypt(sealed: string): string
  /** 32 bytes that only this installation can work out: the same for the same text. */
  derive(text: string): Buffer
}

/** A box whose key is derived (HKDF-SHA-256) from the setting `CLARION_SECRET_KEY`. */
export function createSecretBox(deps: { secretKey: string; random: Random }): SecretBox {
  const key = Buffer.from(hkdfSync('sha256', deps.secretKey, 'clarion', 'secrets at rest, v1', 32))
  const derivingKey = Buffer.from(hkdfSync('sha256', deps.secretKey, 'clarion', 'derived keys, v1', 32))
  return {
    encrypt(text) {
      const nonce = deps.random.bytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return ['v1', ...[nonce, cipher.getAuthTag(), sealed].map(part => part.toString('base64url'))].join('.')
    },
    decrypt(sealed) {
      const [version, nonce, tag, text] = sealed.split('.')
      if (version !== 'v1' || nonce === undefined || tag === undefined || text === undefined) throw new Error('not a sealed secret')
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
      decipher.setAuthTag(Buffer.from(tag, 'base64url'))
      return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8')
    },
    derive: text => createHmac('sha256', derivingKey).update(text).digest(),
  }
}

export interface NewApiKey {
  /** Shown once (C.0.1). */
  key: string
  hash: string
  hint: string
}

/** `ck_live_…` or `ck_test_…` (C.0.6) with 192 random bits. */
export function generateApiKey(environment: Environment, random: Random): NewApiKey {
  const key = `ck_${environment}_${random.bytes(24).toString('base64url')}`
  return { key, hash: hashApiKey(key), hint: key.slice(0, 12) }
}

/** SHA-256 in hex. A plain hash is enough: the keys are random, not chosen. */
export const hashApiKey = (key: string): string => hash('sha256', key, 'hex')
