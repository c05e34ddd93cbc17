/**
 * The id of an emit is its position in the organization's ingress: 48 bits append time, 16 partition, 48 offset, 48
 * identify the ingress, in the 32 characters of Crockford's base32. So a producer can derive it from the broker's
 * answer, and poll `emits.get(emitId)`.
 */
import { createHash } from 'node:crypto'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const DIGITS = '0123456789abcdefghijklmnopqrstuv'
const CHARACTERS = 32

export interface Place {
  /** The broker's append time, ms. */
  timestampMs: number
  partition: number
  offset: bigint
  organizationId: string
}

export function emitIdOf({ timestampMs, partition, offset, organizationId }: Place): string {
  const origin = createHash('sha256').update(`emits/${organizationId}/live`).digest().readUIntBE(0, 6)
  const place = (((BigInt(timestampMs) << 16n) | BigInt(partition)) << 96n) | (offset << 48n) | BigInt(origin)
  const digits = place.toString(32).padStart(CHARACTERS, '0')
  return `cee_${[...digits].map(digit => ALPHABET.charAt(DIGITS.indexOf(digit))).join('')}`
}
