/**
 * One key per purpose, derived from the installation's secret: a signature for one purpose is invalid for every other.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

/** A key object, not bytes: with bytes each HMAC costs six times as much. */
export type SigningKey = KeyObject

export const signingKey = (secretKey: string, purpose: string): SigningKey =>
  createSecretKey(createHmac('sha256', secretKey).update(`clarion/${purpose}`).digest())

/** Keys of the current secret key and, during a key change, of the previous one: a signature by either is valid. */
export const signingKeys = (
  secretKey: string,
  previous: string | undefined,
  purpose: string,
): [SigningKey, ...SigningKey[]] => [
  signingKey(secretKey, purpose),
  ...(previous === undefined ? [] : [signingKey(previous, purpose)]),
]

/** HMAC-SHA256, base64url. */
export const sign = (key: SigningKey, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url')

/** Compares two tags in constant time. */
export function sameTag(expected: string, given: string): boolean {
  const a = Buffer.from(expected)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}
