/**
 * Receipts: which message of which receive, signed for one queue.
 *
 *     version 8 | varint purge | varint group | varint origin | varint partition | varint offset | MAC 80    as base64url
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { SigningKey } from '../crypto/signing-key.ts'
import type { Owner } from '../model/environments.ts'
import type { Claim } from './rules.ts'

export interface QueueName extends Owner {
  queueId: string
}

export interface Receipts {
  encode(queue: QueueName, claim: Claim): string
  /** Undefined: forged, changed, or of another queue. */
  decode(queue: QueueName, receipt: string): Claim | undefined
}

const VERSION = 1
const MAC_BYTES = 10
const CHARACTERS_MAX = 120
const NUMBERS = 5

/** `keys`: the first one signs, each of them verifies (`signingKeys`). */
export function createReceipts(keys: readonly [SigningKey, ...SigningKey[]]): Receipts {
  return {
    encode(queue, { purge, group, place: { origin, partition, offset } }) {
      const body = Buffer.concat([Buffer.of(VERSION), ...[purge, group, origin, partition, offset].map(varint)])
      return Buffer.concat([body, macOf(keys[0], queue, body)]).toString('base64url')
    },
    decode(queue, receipt) {
      if (receipt.length > CHARACTERS_MAX) return undefined
      const bytes = Buffer.from(receipt, 'base64url')
      if (bytes.length <= MAC_BYTES + NUMBERS || bytes.toString('base64url') !== receipt) return undefined
      const body = bytes.subarray(0, -MAC_BYTES)
      const mac = bytes.subarray(-MAC_BYTES)
      if (body[0] !== VERSION || !keys.some(key => timingSafeEqual(macOf(key, queue, body), mac))) return undefined
      const [purge, group, origin, partition, offset] = readVarints(body.subarray(1))
      return { purge: purge!, group: group!, place: { origin: origin!, partition: partition!, offset: offset! } }
    },
  }
}

const macOf = (key: SigningKey, { organizationId, environment, queueId }: QueueName, body: Buffer): Buffer =>
  createHmac('sha256', key)
    .update(`${organizationId}/${environment}/${queueId}/`)
    .update(body)
    .digest()
    .subarray(0, MAC_BYTES)

function varint(number: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt(number)
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

function readVarints(bytes: Buffer): number[] {
  const numbers: number[] = []
  let number = 0n
  let shift = 0n
  for (const byte of bytes) {
    number |= BigInt(byte & 0x7f) << shift
    shift += 7n
    if (byte & 0x80) continue
    numbers.push(Number(number))
    number = 0n
    shift = 0n
  }
  return numbers
}
