/**
 * Cursors of the log: one offset per partition of one environment's log, signed. A cursor contains no selectors, so
 * streams, pulls, queues and replays can all start at it.
 *
 *     version 8 | origin 48 | varint sequence | one varint offset per partition | MAC 80        as base64url
 *
 * `sequence` is the number of the last event before the offsets, 0 where it is not known: with it, a reader that
 * retention has passed learns how many events it has lost. The MAC also covers the organization and the environment in
 * full, and it is checked before anything is read with the offsets.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { SigningKey } from '../crypto/signing-key.ts'
import { ClarionError } from '../model/codes.ts'
import type { Owner } from '../model/environments.ts'
import { originOf } from '../model/ids.ts'

export type Origin = Owner

export interface Position {
  /** The next offset to read, by partition. */
  offsets: bigint[]
  /** Of the last event before them; 0: not known. */
  sequence: number
}

export interface Cursors {
  encode(origin: Origin, offsets: readonly bigint[], sequence?: number): string
  /**
   * Throws `invalid_cursor`, with the same answer whether the text was changed, cut off, or comes from another
   * organization or environment.
   */
  read(origin: Origin, text: string): Position
  /** The offsets of `read`. */
  decode(origin: Origin, text: string): bigint[]
}

const VERSION = 1
const HEAD_BYTES = 7
const MAC_BYTES = 10
const CURSOR_CHARACTERS_MAX = 500
const NUMBER_MAX = BigInt(Number.MAX_SAFE_INTEGER)

/** `keys`: the first one signs, each of them verifies (`signingKeys`). */
export function createCursors(keys: readonly [SigningKey, ...SigningKey[]]): Cursors {
  function read(origin: Origin, text: string): Position {
    const bytes = canonicalBytes(text)
    if (bytes === undefined) throw invalid()
    const body = bytes.subarray(0, -MAC_BYTES)
    const mac = bytes.subarray(-MAC_BYTES)
    const isOurs = keys.some(key => timingSafeEqual(macOf(key, origin, body), mac))
    if (!isOurs || !body.subarray(0, HEAD_BYTES).equals(headOf(origin))) throw invalid()
    const [sequence, ...offsets] = readVarints(body.subarray(HEAD_BYTES))
    return { offsets, sequence: Number(sequence) }
  }

  return {
    encode(origin, offsets, sequence = 0) {
      const body = Buffer.concat([headOf(origin), varint(BigInt(sequence)), ...offsets.map(varint)])
      return Buffer.concat([body, macOf(keys[0], origin, body)]).toString('base64url')
    },
    read,
    decode: (origin, text) => read(origin, text).offsets,
  }
}

/** Undefined for text that no cursor has: base64url in another spelling decodes to the same bytes. */
function canonicalBytes(text: string): Buffer | undefined {
  if (text.length > CURSOR_CHARACTERS_MAX) return undefined
  const bytes = Buffer.from(text, 'base64url')
  const isCursor = bytes.length > HEAD_BYTES + MAC_BYTES && bytes.toString('base64url') === text
  return isCursor ? bytes : undefined
}

function headOf({ organizationId, environment }: Origin): Buffer {
  const head = Buffer.allocUnsafe(HEAD_BYTES)
  head[0] = VERSION
  head.writeUIntBE(originOf('emits', organizationId, environment), 1, 6)
  return head
}

const macOf = (key: SigningKey, { organizationId, environment }: Origin, body: Buffer): Buffer =>
  createHmac('sha256', key).update(`${organizationId}/${environment}/`).update(body).digest().subarray(0, MAC_BYTES)

function varint(number: bigint): Buffer {
  if (number < 0n || number > NUMBER_MAX) throw new Error(`${number} cannot be in a cursor`)
  const bytes: number[] = []
  let rest = number
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

function readVarints(bytes: Buffer): bigint[] {
  const numbers: bigint[] = []
  let number = 0n
  let shift = 0n
  for (const byte of bytes) {
    number |= BigInt(byte & 0x7f) << shift
    shift += 7n
    if (byte & 0x80) continue
    numbers.push(number)
    number = 0n
    shift = 0n
  }
  // The MAC is right, so a release with another format wrote it.
  if (shift > 0n || numbers.length < 2 || numbers.some(each => each > NUMBER_MAX)) throw invalid()
  return numbers
}

const HINT = 'use a cursor of this organization and environment unchanged, as an answer or a stream contained it'

const invalid = () =>
  new ClarionError('invalid_cursor', `The cursor is not valid here: ${HINT}.`, {
    details: [{ path: '/cursor', rule: 'cursor', message: `is not valid here: ${HINT}` }],
  })
