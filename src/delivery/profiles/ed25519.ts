/** Ed25519 keys of webhooks: a receiver with only the public half can verify signatures, and cannot make any. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'

const PUBLIC_PREFIX = 'whpk_'
/** The bytes before the 32 bytes of a seed in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The private key of a 32-byte seed. */
export const privateKeyOf = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' })

/** `whpk_` and the base64 of the 32 bytes, as in Standard Webhooks. */
export function publicKeyText(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' })
  return PUBLIC_PREFIX + Buffer.from(x!, 'base64url').toString('base64')
}

/** `v1a` of Standard Webhooks: Ed25519 over `<deliveryId>.<timestamp>.<body>`. */
export const ed25519Signature = (key: KeyObject, deliveryId: string, timestamp: string, body: Buffer): string =>
  `v1a,${sign(null, Buffer.concat([Buffer.from(`${deliveryId}.${timestamp}.`), body]), key).toString('base64')}`
