/** Webhook secrets, and the signing keys made from them. `profiles/` defines the signed content. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { Random } from '../clock.ts'

const PREFIX = 'whsec_'
const GENERATED_BYTES = 24

export interface SignatureHeaders {
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature': string
}

/** A new secret: `whsec_` and the base64 of 24 random bytes. */
export function generateSecret(random: Random): string {
  return PREFIX + random.bytes(GENERATED_BYTES).toString('base64')
}

/**
 * The key of the profile `standard`: the bytes after `whsec_` if they are canonical base64, else the whole secret as
 * UTF-8, because callers may bring secrets of their own.
 */
export function standardKey(secret: string): KeyObject {
  if (secret.startsWith(PREFIX)) {
    const encoded = secret.slice(PREFIX.length)
    const decoded = Buffer.from(encoded, 'base64')
    if (decoded.length > 0 && decoded.toString('base64') === encoded) return createSecretKey(decoded)
  }
  return textKey(secret)
}

/** The key of every other profile: the whole secret as shown. */
export const textKey = (secret: string): KeyObject => createSecretKey(Buffer.from(secret, 'utf8'))

/** `v1` of Standard Webhooks: HMAC-SHA256 over `<deliveryId>.<timestamp>.<body>`. */
export const standardSignature = (key: KeyObject, deliveryId: string, timestamp: string, body: Buffer): string =>
  `v1,${createHmac('sha256', key).update(`${deliveryId}.${timestamp}.`).update(body).digest('base64')}`

/** The three headers of Standard Webhooks, by one secret. `timestampS` is in seconds since 1970. */
export function signatureHeaders(
  secret: string,
  deliveryId: string,
  timestampS: number,
  body: Buffer,
): SignatureHeaders {
  const timestamp = String(timestampS)
  const signature = standardSignature(standardKey(secret), deliveryId, timestamp, body)
  return { 'webhook-id': deliveryId, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
}
