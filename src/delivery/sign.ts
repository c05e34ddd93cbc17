/**
 * The signature that a receiver checks: profile `standard` of C.10, which is Standard Webhooks (`v1`).
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { Random } from '../clock.ts'

const PREFIX = 'whsec_'
const GENERATED_BYTES = 24
/** Imported keys are kept: an import costs as much as signing a small body. */
const KEYS_MAX = 10_000

export interface SignatureHeaders {
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature': string
}

/** HMAC-SHA256 over `<deliveryId>.<timestampS>.<body>`. `timestampS` is in seconds since 1970. */
export function signatureHeaders(secret: string, deliveryId: string, timestampS: number, body: Buffer): SignatureHeaders {
  const timestamp = String(timestampS)
  const signature = createHmac('sha256', keyOf(secret)).update(`${deliveryId}.${timestamp}.`).update(body).digest('base64')
  return { 'webhook-id': deliveryId, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}

/** A new secret: `whsec_` and the base64 of 24 random bytes. */
export function generateSecret(random: Random): string {
  return PREFIX + random.bytes(GENERATED_BYTES).toString('base64')
}

const keys = new Map<string, KeyObject>()

function keyOf(secret: string): KeyObject {
  const known = keys.get(secret)
  if (known) return known
  if (keys.size >= KEYS_MAX) keys.delete(keys.keys().next().value!)
  const key = createSecretKey(keyBytes(secret))
  keys.set(secret, key)
  return key
}

/** C.10: the bytes after `whsec_` if they are canonical base64, else the whole secret as UTF-8 (callers may bring their own, K-6). */
function keyBytes(secret: string): Buffer {
  if (secret.startsWith(PREFIX)) {
    const encoded = secret.slice(PREFIX.length)
    const decoded = Buffer.from(encoded, 'base64')
    if (decoded.length > 0 && decoded.toString('base64') === encoded) return decoded
  }
  return Buffer.from(secret, 'utf8')
}
