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
const REMEMBERED_MAX = 10_000
/** Eight bytes hold every number that is exact. */
const BYTES_MAX = 1 + NUMBERS * 8 + MAC_BYTES

/** `keys`: the first one signs, each of them verifies (`signingKeys`). */
export function createReceipts(keys: readonly [SigningKey, ...SigningKey[]]): Receipts {
  /** Signed here lately: most come back to this process soon, and a look is a tenth of a MAC. */
  const own = new Map<string, Claim>()

  function remember(text: string, claim: Claim): void {
    own.set(text, claim)
    if (own.size <= REMEMBERED_MAX) return
    const [oldest] = own.keys()
    own.delete(oldest!)
  }

  return {
    encode(queue, claim) {
      const { purge, group, place } = claim
      const { origin, partition, offset } = place
      const owner = ownerOf(queue)
      const bytes = Buffer.allocUnsafe(owner.length + BYTES_MAX)
      const start = bytes.write(owner, 'latin1')
      let at = bytes.writeUInt8(VERSION, start)
      for (const number of [purge, group, origin, partition, offset]) at = writeVarint(bytes, at, number)
      at += macOf(keys[0], bytes.subarray(0, at)).copy(bytes, at)
      const receipt = bytes.toString('base64url', start, at)
      remember(owner + receipt, { purge, group, place: { origin, partition, offset } })
      return receipt
    },
    decode(queue, receipt) {
      if (receipt.length > CHARACTERS_MAX) return undefined
      const known = own.get(ownerOf(queue) + receipt)
      if (known !== undefined) return known
      const bytes = Buffer.from(receipt, 'base64url')
      if (bytes.length <= MAC_BYTES + NUMBERS || bytes.toString('base64url') !== receipt) return undefined
      const body = bytes.subarray(0, -MAC_BYTES)
      const mac = bytes.subarray(-MAC_BYTES)
      const signed = Buffer.concat([Buffer.from(ownerOf(queue), 'latin1'), body])
      if (body[0] !== VERSION || !keys.some(key => timingSafeEqual(macOf(key, signed), mac))) return undefined
      const [purge, group, origin, partition, offset] = readVarints(body.subarray(1))
      return { purge: purge!, group: group!, place: { origin: origin!, partition: partition!, offset: offset! } }
    },
  }
}

/** Ids and environments are ASCII. */
const ownerOf = ({ organizationId, environment, queueId }: QueueName): string =>
  `${organizationId}/${environment}/${queueId}/`

const macOf = (key: SigningKey, signed: Buffer): Buffer =>
  createHmac('sha256', key).update(signed).digest().subarray(0, MAC_BYTES)

/** The place behind it. Offsets have more bits than operators on bits take. */
function writeVarint(bytes: Buffer, start: number, number: number): number {
  let at = start
  let rest = number
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80
  bytes[at++] = rest
  return at
}

function readVarints(bytes: Buffer): number[] {
  const numbers: number[] = []
  let number = 0
  let factor = 1
  for (const byte of bytes) {
    number += (byte & 0x7f) * factor
    factor *= 128
    if (byte & 0x80) continue
    numbers.push(number)
    number = 0
    factor = 1
  }
  return numbers
}
