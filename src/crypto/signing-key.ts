/** One key per purpose, derived from the installation's secret: what was signed for one purpose means nothing to another. */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

/** A key object, not bytes: with bytes each HMAC costs six times as much. */
export type SigningKey = KeyObject

export const signingKey = (secretKey: string, purpose: string): SigningKey =>
  createSecretKey(createHmac('sha256', secretKey).update(`clarion/${purpose}`).digest())

/** Those of the secret key, and of the one before while it changes: what either signed counts. */
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

/** Compares two tags in a time that says nothing about where they differ. */
export function sameTag(expected: string, given: string): boolean {
  const a = Buffer.from(expected)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}
