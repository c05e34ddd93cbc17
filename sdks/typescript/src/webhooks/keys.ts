/** Keys from webhook secrets, and the signatures made with them. */
import { createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { decodeBase64 } from './encoding.ts'

/** `standard`: the bytes after `whsec_` if they are canonical base64; `text`: the whole secret as UTF-8. */
export type KeyForm = 'standard' | 'text'

const SECRET_PREFIX = 'whsec_'
const PUBLIC_PREFIX = 'whpk_'
const PUBLIC_BYTES = 32

/** A public key must never be used as a secret, even when it is malformed: everyone who has it could sign with it. */
export const isPublicKey = (secret: string): boolean => secret.startsWith(PUBLIC_PREFIX)

export function hmacOf(secret: string, form: KeyForm, before: string, body: Uint8Array): Buffer {
  return createHmac('sha256', keyBytes(secret, form)).update(before).update(body).digest()
}

export function keyBytes(secret: string, form: KeyForm): Buffer {
  const encoded =
    form === 'standard' && secret.startsWith(SECRET_PREFIX)
      ? decodeBase64(secret.slice(SECRET_PREFIX.length))
      : undefined
  return encoded ?? Buffer.from(secret, 'utf8')
}

/** Whether the private half of `whpk_<base64 of 32 bytes>` made this Ed25519 signature. */
export function signedBy(publicKey: string, before: string, body: Uint8Array, signature: Uint8Array): boolean {
  const key = ed25519Key(publicKey)
  return key !== undefined && verify(null, Buffer.concat([Buffer.from(before, 'utf8'), body]), key, signature)
}

function ed25519Key(publicKey: string): KeyObject | undefined {
  const bytes = decodeBase64(publicKey.slice(PUBLIC_PREFIX.length))
  if (bytes?.length !== PUBLIC_BYTES) return undefined
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') }, format: 'jwk' })
}
