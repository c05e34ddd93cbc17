/**
 * The webhooks that receive an event, as a header of its log record: 8 bytes per webhook, the key of its id. Acceptance
 * decides once, and later changes of selectors or conditions do not change the list, so readers of the log need neither
 * selectors nor payloads to know which events a webhook is owed. External peers of a federation group are webhooks here
 * too.
 */
import { hash } from 'node:crypto'
import { decode20 } from '../model/base32.ts'

/** Empty for an event without receivers. Records written before the header existed lack it. */
export const SUBSCRIBERS_HEADER = 'subscribers'

const KEY_BYTES = 8
const KEY_CHARACTERS = 12

/** 8 bytes per id, in the given order. */
export function encodeSubscribers(webhookIds: readonly string[]): Buffer {
  const buffer = Buffer.allocUnsafe(KEY_BYTES * webhookIds.length)
  let at = 0
  for (const id of webhookIds) at = writeKey(buffer, at, id)
  return buffer
}

/** The keys of a header's value, in its order. Throws on a length that is no multiple of 8. */
export function readSubscribers(buffer: Buffer): bigint[] {
  if (buffer.length % KEY_BYTES !== 0) throw new Error(`A list of subscribers has ${buffer.length} bytes`)
  const keys: bigint[] = []
  for (let at = 0; at < buffer.length; at += KEY_BYTES) keys.push(buffer.readBigUInt64BE(at))
  return keys
}

/** Keys as in a header's value. */
export function encodeKeys(keys: readonly bigint[]): Buffer {
  const buffer = Buffer.allocUnsafe(KEY_BYTES * keys.length)
  for (const [at, key] of keys.entries()) buffer.writeBigUInt64BE(key, KEY_BYTES * at)
  return buffer
}

/** The 64-bit key of one webhook; creation ensures that it is unique in its organization. */
export function subscriberKey(webhookId: string): bigint {
  return encodeSubscribers([webhookId]).readBigUInt64BE(0)
}

/**
 * The last twelve characters of base32 are 60 bits. An id of another form gets 63 bits of its SHA-256 with the highest
 * bit set, which the first kind never has.
 */
function writeKey(buffer: Buffer, at: number, id: string): number {
  const start = id.length - KEY_CHARACTERS
  const [high, middle, low] =
    start < 0 ? [-1, 0, 0] : [decode20(id, start), decode20(id, start + 4), decode20(id, start + 8)]
  if (Math.min(high, middle, low) < 0) {
    const digest = hash('sha256', id, 'buffer')
    digest.copy(buffer, at, 0, KEY_BYTES)
    buffer[at] = (digest[0] as number) | 0x80
    return at + KEY_BYTES
  }
  buffer.writeUInt32BE(high * 0x100 + (middle >>> 12), at)
  return buffer.writeUInt32BE((middle & 0xfff) * 0x10_0000 + low, at + 4)
}
