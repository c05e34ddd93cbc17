/** One key per purpose, derived from the installation's secret: what was signed for one purpose means nothing to another. */
import { createHmac, timingSafeEqual } from 'node:crypto'

export type SigningKey = Buffer

export const signingKey = (secretKey: string, purpose: string): SigningKey =>
  createHmac('sha256', secretKey).update(`clarion/${purpose}`).digest()

/** Compares two tags in a time that says nothing about where they differ. */
export function sameTag(expected: string, given: string): boolean {
  const a = Buffer.from(expected)
  const b = Buffer.from(given)
  return a.length === b.length && timingSafeEqual(a, b)
}
